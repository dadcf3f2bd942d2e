"""Roles, and the authenticated clients that have them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a client may do: a viewer only watches, an owner also changes things."""

    VIEWER = "viewer"
    OWNER = "owner"


@dataclass(frozen=True)
class Client:
    """
    An authenticated client: a browser, a program, or a player with a stream key.

    *stamp* is the stamp of its role at the login; once that has changed, the client
    is revoked (see :class:`.credentials.Credentials`). *session* is the id of a
    browser's session, empty for programs. A client *by_stream_key* opened one
    address with a key that was made by a client of *role*: it may only watch. So may
    one *by_basic*, as browsers send user name and password with the requests of other
    sites' pages too.
    """

    role: Role
    stamp: str
    session: str = ""
    by_stream_key: bool = False
    by_basic: bool = False

    def may(self, required: Role) -> bool:
        """Return whether this client has the rights of *required*."""
        watches = self.by_stream_key or self.by_basic
        role = Role.VIEWER if watches else self.role
        return role is Role.OWNER or required is Role.VIEWER

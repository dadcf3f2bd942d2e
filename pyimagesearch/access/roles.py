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
    is revoked (see :class:`.credentials.Credentials`). It is empty without a login.
    *session* is the id of a browser's session, empty for programs; *device_key* that
    of a program's key. A client *by_stream_key* opened one address with a key that was
    made by a client of *role*; one *by_basic* sent a user name and a password, which
    browsers would send with the requests of other sites' pages too.
    """

    role: Role
    stamp: str
    session: str = ""
    device_key: str = ""
    by_stream_key: bool = False
    by_basic: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Whether this client has not logged in, where that is not required."""
        return not self.stamp

    @property
    def only_watches(self) -> bool:
        """Whether this client, whatever its role, changes nothing."""
        return self.by_stream_key or self.by_basic or bool(self.device_key)

    def may(self, required: Role) -> bool:
        """Return whether this client has the rights of *required*."""
        role = Role.VIEWER if self.only_watches else self.role
        return role is Role.OWNER or required is Role.VIEWER

"""Who asks, and what that one may do."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do: a viewer looks; an owner records, deletes and sets too."""

    VIEWER = "viewer"
    OWNER = "owner"

    def covers(self, wanted: "Role") -> bool:
        """Return whether this role may do what *wanted* may."""
        return self is Role.OWNER or wanted is Role.VIEWER


@dataclass(frozen=True)
class Client:
    """
    Somebody whom the authenticator let in.

    *stamp* is that of the role's secrets at the time (see
    :class:`.credentials.Credentials`); a client whose stamp is no longer the
    current one has been shut out. *session* is the id of the browser's session,
    empty for programs. *keyed* visitors hold the key to a single address, which
    somebody of that role gave them: they only look.
    """

    role: Role
    stamp: str
    session: str = ""
    keyed: bool = False

    def may(self, wanted: Role) -> bool:
        """Return whether this client may do what *wanted* may."""
        return (Role.VIEWER if self.keyed else self.role).covers(wanted)

"""Invitations: links that log one person in, until they end."""

import io
from typing import NamedTuple

import segno

from .roles import Role
from .signing import sign, verify

MAX_NAME_LENGTH = 40
PURPOSE = "invitation"


class Invitation(NamedTuple):
    """
    What a link grants: a session of *role*, called *name*.

    The link works until *until* [s since the epoch], the session lasts *days*. Both
    end earlier if the login links are renewed, which changes the *stamp* of the role.
    """

    role: Role
    name: str
    until: float
    days: float
    stamp: str

    def signed(self, key: str) -> str:
        """Return it as text that only the holder of *key* can make."""
        return sign(key, PURPOSE, list(self))


def invitation_in(text: str, key: str, stamps: dict[Role, str], now: float
                  ) -> Invitation | None:
    """Return the invitation in *text*, or ``None`` if it is none or has ended."""
    content = verify(key, PURPOSE, text)
    if not (isinstance(content, list) and len(content) == len(Invitation._fields)):
        return None
    found = Invitation(Role(content[0]), *content[1:])
    is_valid = now <= found.until and found.stamp == stamps.get(found.role)
    return found if is_valid else None


def qr_svg(text: str) -> bytes:
    """Return *text* as a QR code: an SVG document."""
    picture = io.BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", border=3, scale=4)
    return picture.getvalue()

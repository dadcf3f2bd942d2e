"""What a search for cameras finds, and what the trial of a source shows."""

from typing import NamedTuple


class FoundCamera(NamedTuple):
    """A camera that can be added; *source* takes a login first if *needs_login*."""

    source: str
    words: str
    needs_login: bool = False


class TriedCamera(NamedTuple):
    """A picture of a source that works, as JPEG, and its size [pixels]."""

    jpeg: bytes
    width: int
    height: int

"""What a recorder reports of its files, and in which words."""

from pathlib import Path
from typing import Protocol

RETRY = 5.0         # seconds until a disk that refused is tried again
CLIP, THUMBNAIL, STILL = "clip", "thumbnail", "still"       # media
OPEN, COMPLETE, BROKEN, UNFINISHED = "open", "complete", "broken", "unfinished"


class Ledger(Protocol):
    """Where is told what was kept."""

    def file(self, event: int, path: Path, media: str, begin: float, end: float,
             size: int, state: str) -> None:
        """Note a file of an event; again, as its state changes. Must not wait."""

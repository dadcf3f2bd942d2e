"""What happened, and the files that show it."""

import re
from dataclasses import dataclass
from typing import NamedTuple, Self

from pyimagesearch.frames import Box

MOTION, MANUAL, SNAPSHOT = "motion", "manual", "snapshot"
LOST, RETURNED, ARMED, DISARMED = "lost", "returned", "armed", "disarmed"
SWITCHED_OFF, SWITCHED_ON = "switched off", "switched on"
LOGIN_REFUSED = "login refused"
KINDS = (MOTION, MANUAL, SNAPSHOT, LOST, RETURNED, ARMED, DISARMED, SWITCHED_OFF,
         SWITCHED_ON, LOGIN_REFUSED)

CLIP, THUMBNAIL, STILL = "clip", "thumbnail", "still"

OPEN = "open"           # being written
COMPLETE = "complete"
GONE = "gone"           # removed to make room
MISSING = "missing"     # moved away by hand
BROKEN = "broken"       # there, but cannot be played
UNFINISHED = "unfinished"   # cut off; the next start makes a clip of what is there

CURSOR = r"[0-9]{1,18}"      # as text


class KeptFile(NamedTuple):
    """A file of an event; times in seconds since the epoch."""

    path: str       # relative to the clips folder: "front/2026-11-20/14-03-22.mp4"
    media: str      # CLIP, THUMBNAIL or STILL
    begin: float
    end: float
    bytes: int
    state: str      # OPEN, COMPLETE, UNFINISHED, GONE, MISSING or BROKEN


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    Something that happened; times in seconds since the epoch.

    *kind* is one of ``KINDS``, or any other text. A long event has several
    clips, in the order of their begin.
    """

    id: int
    camera: str
    kind: str
    begin: float
    end: float | None           # None while it lasts
    peak_area: float = 0.0      # what moved at most [per mille of the frame]
    peak_box: Box | None = None     # where, in pixels of the streamed picture
    note: str = ""
    starred: bool = False
    files: tuple[KeptFile, ...] = ()

    @property
    def clips(self) -> tuple[KeptFile, ...]:
        """Its videos, in the order in which they were taken."""
        return tuple(file for file in self.files if file.media == CLIP)

    @property
    def stills(self) -> tuple[KeptFile, ...]:
        """Its stills, in the order in which they were taken."""
        return tuple(file for file in self.files if file.media == STILL)

    @property
    def picture(self) -> KeptFile | None:
        """What it looked like: the frame of peak motion, or else the first still."""
        for media in (THUMBNAIL, STILL):
            for file in self.files:
                if file.media == media:
                    return file
        return None


class Cursor(NamedTuple):
    """
    A place in the list of events: older than event *id*.

    Events stand in the order in which they were told, which is that of their ids:
    a clock that is set back does not mix them up.
    """

    id: int

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor that was written as *text*; raises :exc:`ValueError`."""
        if not re.fullmatch(CURSOR, text):
            raise ValueError(f"{text!r} is no cursor")
        return cls(int(text))

"""Events and their files."""

from dataclasses import dataclass
from typing import NamedTuple

from pyimagesearch.frames import Box

MOTION, MANUAL, SNAPSHOT = "motion", "manual", "snapshot"
LOST, RETURNED, UNSTEADY = "lost", "returned", "unsteady"
ARMED, DISARMED = "armed", "disarmed"
SWITCHED_OFF, SWITCHED_ON = "switched off", "switched on"
LOGIN_REFUSED = "login refused"
OBJECT_GROUPS = "person", "vehicle", "animal"   # of labels; others name themselves
LIGHT, DAY_NIGHT = "light", "day/night"
MOVED, COVERED, UNFOCUSED = "moved", "covered", "out of focus"
SCENE_KINDS = (LIGHT, DAY_NIGHT, MOVED, COVERED, UNFOCUSED)     # what a picture shows
EVENT_KINDS = (MOTION, MANUAL, SNAPSHOT, *SCENE_KINDS, LOST, RETURNED, UNSTEADY,
               ARMED, DISARMED, SWITCHED_OFF, SWITCHED_ON, LOGIN_REFUSED)

CLIP, THUMBNAIL, STILL = "clip", "thumbnail", "still"
ZONE = "zone"           # a kind of label

OPEN = "open"           # being written
COMPLETE = "complete"
GONE = "gone"           # removed to make room
EXPIRED = "expired"     # removed because of its age (--keep-days)
MISSING = "missing"     # moved or deleted by hand
BROKEN = "broken"       # cannot be played
UNFINISHED = "unfinished"   # cut off, or not to be played; the next start tries again
FILE_STATES = (OPEN, COMPLETE, GONE, EXPIRED, MISSING, BROKEN, UNFINISHED)
ON_DISK = (OPEN, COMPLETE, UNFINISHED)
REMOVED = (GONE, EXPIRED)
MAX_PREROLL_SECONDS = 120.0     # by which a clip may begin before its event
MAX_GAP_SECONDS = 4 * 3600.0    # between two clips, while their camera is lost


class KeptFile(NamedTuple):
    """
    A clip or picture of an event; times in seconds since the epoch.

    *sequence* grows with each file that is recorded, whatever the clock shows. It comes
    from the same counter as the ids of events; 0 stands for that of the event.
    """

    path: str       # relative to the clips folder: "front/2026-11-20/14-03-22.mp4"
    media: str      # CLIP, THUMBNAIL or STILL
    begin: float
    end: float
    bytes: int
    state: str      # one of FILE_STATES
    sequence: int = 0


class Sighting(NamedTuple):
    """What was recognised in a picture of an event."""

    name: str       # person, vehicle or animal; or as the owner's detector calls it
    label: str      # as the model calls it, such as "dog"
    score: float    # 0 to 1
    at: float       # when the picture was taken [seconds since the epoch]
    box: Box        # [pixels of the streamed picture]


@dataclass(frozen=True, kw_only=True)
class Event:
    """
    One entry in the list of events; times in seconds since the epoch.

    *kind* is one of ``EVENT_KINDS``, or any other text. A long event has several
    clips, in the order in which they were recorded.
    """

    id: int
    camera: str
    kind: str
    begin: float
    end: float | None           # None while it lasts
    peak_area: float = 0.0      # largest area of motion [per mille of the frame]
    peak_box: Box | None = None     # its box [pixels of the streamed picture]
    note: str = ""
    starred: bool = False
    not_event: bool = False     # marked so by an owner: a false alarm
    files: tuple[KeptFile, ...] = ()
    zones: tuple[str, ...] = ()     # in which something moved
    sightings: tuple[Sighting, ...] = ()    # the best of each name, the best first

    @property
    def objects(self) -> tuple[str, ...]:
        """The names of what was recognised, such as "person"."""
        return tuple(each.name for each in self.sightings)

    @property
    def clips(self) -> tuple[KeptFile, ...]:
        """Its videos, the first recorded first."""
        return tuple(file for file in self.files if file.media == CLIP)

    @property
    def stills(self) -> tuple[KeptFile, ...]:
        """Its stills, the first recorded first."""
        return tuple(file for file in self.files if file.media == STILL)

    @property
    def picture(self) -> KeptFile | None:
        """What was recognised best or the peak of motion, or else the last still."""
        last = {file.media: file for file in self.files}
        return last.get(THUMBNAIL) or last.get(STILL)

    @property
    def recorded_until(self) -> float:
        """
        When its last clip ends, or other file; without any, when it began.

        By the clock that it began with: a clip that begins before the last one ended,
        or hours later, shows that the clock was set between them.
        """
        until, shift = self.begin, 0.0
        clips = [each for each in self.clips if each.end > each.begin]
        for file in clips or self.files:
            gap = file.begin + shift - until
            if not -MAX_PREROLL_SECONDS <= gap <= MAX_GAP_SECONDS:
                shift -= gap
            until = max(until, file.end + shift)
        return until

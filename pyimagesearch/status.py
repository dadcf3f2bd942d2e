"""The state of cameras and archive at one moment, as pages and API report it."""

from dataclasses import asdict, dataclass
from typing import Any

STARTING, LEARNING, LIVE, NO_SIGNAL, ENDED, OFF = (
    "starting", "learning", "live", "no signal", "ended", "off")
LATE = 10.0         # seconds without a frame after which a camera is not ready


@dataclass(frozen=True, kw_only=True)
class CameraStatus:
    """One camera at one moment, as the page and ``/api/status`` tell it."""

    name: str
    source: str             # where it comes from, without credentials
    granted: str            # what was opened: format, size and rate, in words
    state: str              # STARTING, LEARNING, LIVE, NO_SIGNAL, ENDED or OFF
    since: float            # when the state began [seconds since the epoch]
    reason: str             # why there are no pictures; else empty
    learnt: int             # frames learnt so far, up to frame_count + 1
    frame_count: int
    motion: bool            # whether the newest frame had a box
    width: int              # size of the camera's own frames [pixels]; 0 = unknown
    height: int
    fps: float              # frames processed a second
    frames: int             # processed since the start
    skipped: int            # given by the camera, but too many to be processed
    losses: int             # times the signal was lost
    garbled: int            # pictures that could not be decoded
    stuck_reads: int        # abandoned threads that a camera still holds
    encoded: int            # JPEGs made
    viewers: int
    recording: bool = False     # a clip is being written
    recording_since: float | None = None    # by hand [seconds since the epoch]
    recording_trouble: str = ""     # why not everything is kept; else empty
    fps_in: float = 0.0     # frames that the camera gives a second
    age: float | None = None    # of the last good frame [s]; None before the first
    given: int = 0          # frames that the camera gave
    left_out: int = 0       # of these, as there would be more than are wanted a second
    detect_seconds: float = 0.0     # spent on looking for motion, since the start
    encode_seconds: float = 0.0     # and on making JPEGs
    recordings: int = 0     # of events, begun since the start

    @property
    def is_live(self) -> bool:
        """Whether pictures come, even if the background is still learnt."""
        return self.state in (LIVE, LEARNING)

    @property
    def words(self) -> str:
        """The state as a person would say it."""
        if self.state == LEARNING:
            done = min(self.learnt, self.frame_count)
            return f"learning the background, {done} of {self.frame_count}"
        return "switched off" if self.state == OFF else self.state

    @property
    def lateness(self) -> str:
        """
        Why the camera is not ready, as one sentence; empty if it is.

        Of a camera that is switched off, or whose file has ended, nothing is
        expected.
        """
        if self.state in (ENDED, OFF) or (self.age is not None and self.age < LATE):
            return ""
        if self.age is None:
            return f"Camera {self.name} has given no frame yet."
        return f"The last frame of camera {self.name} is {self.age:.0f} seconds old."

    def as_json(self) -> dict[str, Any]:
        """Return the fields and the words, ready for JSON."""
        told = asdict(self)
        for name in ("fps", "fps_in", "age", "detect_seconds", "encode_seconds"):
            told[name] = told[name] and round(told[name], 3)
        return {**told, "words": self.words}


@dataclass(frozen=True, kw_only=True)
class ArchiveStatus:
    """What is kept at one moment, and what may be."""

    folder: str
    used: int               # bytes of clips and stills
    cap: int                # bytes they may take; 0 = not known yet
    free: int               # bytes free on the disk
    days: float | None      # that are kept, at the present rate; None = not known yet
    trouble: str            # why nothing can be kept; else empty
    armed: bool             # whether motion makes events

    def as_json(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return asdict(self)

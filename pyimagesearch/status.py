"""The status of cameras, archive and objects, as pages and API report it."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple

from pyimagesearch.clock import short_time

STARTING, LEARNING, LIVE, NO_SIGNAL, ENDED, OFF = (
    "starting", "learning", "live", "no signal", "ended", "off")
MODE_AWAY, MODE_HOME, MODE_OFF = "away", "home", "off"
ARMING_MODES = (MODE_AWAY, MODE_HOME, MODE_OFF)
MAX_MODE_SECONDS = 366 * 86_400.0   # for which a mode may hold, unless for good
LATE_SECONDS = 10.0     # without a frame, after which most cameras are not ready


class ModeStatus(NamedTuple):
    """
    Which cameras are armed: in mode *away* all, *home* those for it, *off* none.

    It holds until *until* [s since the epoch], and *then* is the next mode; without
    *until*, for good.
    """

    mode: str
    until: float | None
    then: str

    def words(self, now: float) -> str:
        """Return it in words, as of *now*: ``off until 18:00, then away``."""
        until = self.until and f" until {short_time(self.until, now)}, then {self.then}"
        return f"{self.mode}{until or ''}"


class CameraArmed(NamedTuple):
    """Whether motion of a camera starts events, why, and until when [s]."""

    armed: bool
    reason: str             # in words
    until: float | None     # None: for good, or for more than a week

    def words(self, now: float) -> str:
        """Return it in words, as of *now*: ``not armed until 18:00: mode off``."""
        armed = "armed" if self.armed else "not armed"
        until = self.until and f" until {short_time(self.until, now)}"
        return f"{armed}{until or ''}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class CameraStatus:
    """The status of one camera, as the page and ``/api/status`` report it."""

    name: str
    source: str             # where it comes from, without credentials
    granted: str            # what the camera granted: format, size and rate, in words
    state: str              # STARTING, LEARNING, LIVE, NO_SIGNAL, ENDED or OFF
    since: float            # when the state began [seconds since the epoch]
    reason: str             # why there is no picture; else empty
    learnt: int             # frames learnt so far, up to frame_count + 1
    frame_count: int
    motion: bool            # whether the newest frame had a box
    width: int              # size of the camera's own frames [pixels]; 0 = unknown
    height: int
    fps: float              # frames processed a second
    frames: int             # processed since the start
    skipped: int            # replaced by a newer one before they were processed
    losses: int             # times the signal was lost
    unsteady_since: float | None = None     # comes and goes [seconds since the epoch]
    garbled: int            # pictures that could not be decoded
    reconnects: int = 0     # times the connection ended, and was back in time
    failed_polls: int = 0   # requests for a single picture that failed
    patience: float = 2.5   # seconds without a frame, after which the signal is lost
    stuck_reads: int        # abandoned reader threads, blocked by a camera
    encoded: int            # JPEGs made
    viewers: int
    video_viewers: int = 0      # of the H.264 videos
    video_encoded: int = 0      # pictures of them made, of all rates
    video_encode_seconds: float = 0.0   # spent on these since the start
    recording: bool = False     # a clip is being written
    recording_since: float | None = None    # manually [seconds since the epoch]
    recording_trouble: str = ""     # why some are missing or incomplete; else empty
    fps_in: float = 0.0     # frames a second from the camera
    age: float | None = None    # of the last good frame [s]; None before the first
    given: int = 0          # frames from the camera
    left_out: int = 0       # of these, beyond the maximum frame rate
    detect_seconds: float = 0.0     # spent on detection since the start
    looks: int = 0          # frames that detection looked at
    detect_fps: float = 0.0     # of these a second, now
    busy: float = 0.0       # share of the time that its frames need now; 1 = all
    shedding: bool = False  # whether less is done, as the machine cannot keep up
    encode_seconds: float = 0.0     # spent on encoding JPEGs since the start
    recordings: int = 0     # of events, since the start
    stage_seconds: dict[str, float] = field(default_factory=dict)   # CPU time, as above

    @property
    def is_live(self) -> bool:
        """Whether frames come, even if the background is still learnt."""
        return self.state in (LIVE, LEARNING)

    @property
    def words(self) -> str:
        """The state in words."""
        words = "switched off" if self.state == OFF else self.state
        if self.state == LEARNING:
            done = min(self.learnt, self.frame_count)
            words = f"learning the background, {done} of {self.frame_count}"
        return f"{words}, unsteady" if self.unsteady_since else words

    @property
    def lateness(self) -> str:
        """
        Why the camera is not ready, as one sentence; empty if it is.

        A camera that is switched off, or whose file has ended, counts as ready.
        """
        if self.state in (ENDED, OFF):
            return ""
        if self.age is None:
            return f"Camera {self.name} has given no frame yet."
        if self.age < max(LATE_SECONDS, self.patience if self.is_live else 0.0):
            return ""
        return f"The last frame of camera {self.name} is {self.age:.0f} seconds old."

    def as_json(self) -> dict[str, Any]:
        """Return the fields and the words, ready for JSON."""
        fields = asdict(self)
        for name in ("fps", "fps_in", "age", "patience", "detect_seconds", "detect_fps",
                     "busy", "encode_seconds", "video_encode_seconds"):
            fields[name] = fields[name] and round(fields[name], 3)
        stages = {stage: round(seconds, 3)
                  for stage, seconds in self.stage_seconds.items()}
        return {**fields, "stage_seconds": stages, "words": self.words}


@dataclass(frozen=True, kw_only=True)
class ArchiveStatus:
    """The status of the archive, as the page and ``/api/status`` report it."""

    folder: str
    used: int               # bytes of clips and stills
    cap: int                # bytes they may use; 0 = not known yet
    free: int               # bytes free on the disk
    days: float | None      # of clips that fit, at the current rate; None = unknown
    trouble: str            # why nothing can be written; else empty
    deleted_for_room: int = 0   # files, since the start
    deleted_by_age: int = 0     # files, since the start (--keep-days)


@dataclass(frozen=True, kw_only=True)
class ObjectsStatus:
    """
    Whether objects are recognised, as the page and ``/api/status`` report it.

    The model is loaded at the first look; "not loaded" is no trouble.
    """

    model: str              # its file; empty if objects are off
    off_reason: str = ""    # why they are off, as a sentence; empty if on
    command: str = ""       # that helps, at the end of the sentence; empty without
    loaded: bool = False    # the model is in memory
    looks: int = 0          # at what moved, that succeeded, since the start
    failed: int = 0         # looks that failed, since the start
    seconds: float = 0.0    # spent on looks since the start
    trouble: str = ""       # why the last look failed; else empty

    @property
    def words(self) -> str:
        """The state in words."""
        if self.off_reason:
            return f"Objects are not recognised: {self.off_reason}"
        if self.trouble:
            return f"Objects are not recognised now: {self.trouble}"
        return ""

    @property
    def for_viewers(self) -> "ObjectsStatus":
        """The same without folders of this machine, and commands for its owner."""
        return replace(self, off_reason=self.off_reason and "no model is in use",
                       command="",
                       trouble=self.trouble and "the last look failed")

    def as_json(self) -> dict[str, Any]:
        """Return the fields and the words, ready for JSON."""
        return {**asdict(self), "seconds": round(self.seconds, 3), "words": self.words}

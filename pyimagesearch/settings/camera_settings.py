"""The settings that may differ from camera to camera."""

from dataclasses import dataclass
from functools import partial

from pyimagesearch.orientation import Orientation
from pyimagesearch.overlay import BOTTOM_LEFT, CLOCK_PLACES, ISO_FORMAT, ClockStyle

from .option import option, options_of, parse_bytes
from .polygons import MAX_POLYGONS, POLYGON_SYNTAX, POLYGONS_PATTERN
from .schedule import HoursOption
from .zone import SENSITIVITIES, Zone, ZonesOption

# Kinds of events that may raise alerts; disk: clips or events cannot be written
DEFAULT_ALERT_KINDS = ("motion", "moved", "covered", "out of focus", "lost", "unsteady",
                       "disk", "login refused")
ALERT_KINDS = (*DEFAULT_ALERT_KINDS, "manual", "snapshot", "light", "day/night")
KIND_CHOICE = f"(?:{'|'.join(ALERT_KINDS)})"
ALERT_KINDS_PATTERN = f"{KIND_CHOICE}(?:,{KIND_CHOICE})*"

TUTORIAL_OPTIONS = ("threshold", "accum_weight")
DETECTOR_OPTIONS = {    # by detector, those that only it uses
    "adaptive": ("sensitivity",), "single": TUTORIAL_OPTIONS, "mog2": (), "knn": (),
    "cnt": ()}
DETECTORS = tuple(DETECTOR_OPTIONS)
# As openssl, browsers and our own messages write the SHA-256 of a certificate
FINGERPRINT_PATTERN = (r"(?i:(?:sha-?256(?: fingerprint)?[:=] ?)?"
                       r"[0-9a-f]{2}(?:[: ]?[0-9a-f]{2}){31})")
PROXY_PATTERN = r"(?i:http)://\S+"
ANY_MOTION = "any"
LIST_PATTERN = r"[\w/ -]+(?:,[\w/ -]+)*"
MEMORY_PATTERN = r"[1-9][0-9]{0,3}(?:\.[0-9]{1,3})? ?[MG]B?"
CLOCK_PATTERN = r"[ -~]{1,60}"
HOURS_OPTIONS = ("armed_hours", "alert_hours")

camera, detection, recording, alerting = (
    partial(option, group=group)
    for group in ("cameras", "detection", "recording", "alerts"))


@dataclass(frozen=True, kw_only=True)
class CameraOptions:
    """Settings that may differ from camera to camera."""

    resolution: str | None = camera(
        None, "resolution to request; default: the camera's own",
        pattern=r"\d{2,4}x\d{2,4}", metavar="1280x720")
    fps: float | None = camera(
        None, "maximum frames per second; default: the camera's", kind=float,
        low=0.1, high=240)
    verify: bool = camera(
        True, "check the certificate of an https:// or rtsps:// camera", advanced=True)
    fingerprint: str | None = camera(
        None, "SHA-256 of the only certificate to accept from the camera, whoever "
        "issued it", advanced=True, pattern=FINGERPRINT_PATTERN, metavar="sha256:HEX",
        allowed="written like sha256: and 64 hexadecimal digits")
    proxy: str | None = camera(
        None, "HTTP proxy to reach an http:// or https:// camera by; the environment's "
        "is never used", advanced=True, secret=True, pattern=PROXY_PATTERN,
        metavar="http://HOST:PORT")
    rtsp_transport: str = camera(
        "auto", "how an rtsp:// camera is to send; auto: by TCP, or by UDP if it "
        "refuses that", advanced=True, choices=("auto", "tcp", "udp"))
    loop: bool = camera(False, "restart a video file when it ends", advanced=True)
    rotate: str = camera(
        "0", "degrees to turn the picture clockwise, before all else sees it",
        advanced=True, choices=("0", "90", "180", "270"))
    flip: str | None = camera(
        None, "then mirror the picture: h horizontally, v vertically", advanced=True,
        choices=("h", "v"))
    width: int = camera(
        640, "width of the streamed picture in pixels; it is never enlarged",
        advanced=True, low=16, high=7680)
    quality: int = camera(75, "JPEG quality of the streamed picture", advanced=True,
                          low=1, high=100)
    overlay: str = camera(
        "server", "what draws time and boxes onto the live picture: the server, the "
        "page in the browser, or nothing", advanced=True,
        choices=("server", "browser", "none"))
    clock: str = camera(
        BOTTOM_LEFT, "where the time is drawn onto the picture; tutorial: in red, as "
        "the tutorial does", advanced=True, choices=CLOCK_PLACES)
    clock_format: str = camera(
        ISO_FORMAT, "how the time is written, by strftime", advanced=True,
        pattern=CLOCK_PATTERN, metavar="FORMAT",
        allowed="up to 60 printable ASCII characters, such as %d.%m.%Y %H:%M")
    live_rate: int = camera(
        500, "kbit/s of the live H.264 video for slow links; a second one has three "
        "times as much", advanced=True, low=100, high=10_000)
    mask: str | None = camera(
        None, "regions to black out before anything else sees them, in addition to "
        "those drawn on the page: polygons separated by ;, with corners in per mille "
        "of width and height", advanced=True, pattern=POLYGONS_PATTERN,
        metavar="'0,0 300,0 300,250; ...'", allowed=f"{POLYGON_SYNTAX}; as in "
        "'0,0 300,0 300,250; 700,0 1000,0 1000,200'")
    frame_count: int = detection(32, "frames to learn the background from", "-f",
                                 low=1, high=100_000)
    detector: str = detection(
        "adaptive", "motion detector; single is the tutorial's", advanced=True,
        words=DETECTORS, pattern=r"[\w.]+:\w+",
        metavar="|".join([*DETECTORS, "MODULE:CLASS"]), allowed="one of "
        f"{', '.join(DETECTORS)}, or a class, written like package.module:Class")
    detect_fps: float = detection(
        10.0, "frames per second that are looked at while nothing moves; from the "
        "first motion on, all are", advanced=True, low=1, high=240)
    sensitivity: str = detection(
        "normal", "how readily --detector adaptive reports small, faint or slow things",
        choices=SENSITIVITIES, adjustable=True)
    threshold: int = detection(
        25, "grey-level change taken for motion by --detector single", advanced=True,
        high=255, adjustable=True)
    accum_weight: float = detection(
        0.1, "weight of a new frame in the background of --detector single",
        advanced=True, high=1)
    min_area: float = detection(1.0, "per mille of the frame that must move", high=1000,
                                adjustable=True)
    min_frames: int = detection(
        3, "frames out of five that must show motion to start an event",
        advanced=True, low=1, high=5, adjustable=True)
    zones: tuple[Zone, ...] = detection(
        (), "parts of the picture in which motion counts, or is ignored; in the "
        "settings file, or drawn on the page", make=ZonesOption, file_only=True,
        adjustable=True,
        allowed=f"a list of up to {MAX_POLYGONS} zones, each with name and polygon")
    count_blinking: str | None = detection(
        None, "regions in which something that blinks regularly counts as motion, "
        "written as for --mask", advanced=True, adjustable=True,
        pattern=POLYGONS_PATTERN, metavar="'0,0 300,0 300,250; ...'",
        allowed=f"{POLYGON_SYNTAX}; as in '0,0 300,0 300,250; 700,0 1000,0 1000,200'")
    object_score: float = detection(
        0.4, "least score of an object that counts, from 0 to 1", advanced=True,
        adjustable=True, low=0.05, high=1)
    scene_changes: bool = detection(
        True, "report when the light changes and when the camera is moved, covered or "
        "out of focus", advanced=True)
    record: bool = recording(True, "record a clip of each motion event")
    record_from: str | None = recording(
        None, "video to record: the camera's own (rtsp:// only, and the default "
        "there, if it is H.264 or H.265) or the streamed pictures", advanced=True,
        choices=("camera", "stream"))
    pre_roll: float = recording(
        5.0, "seconds kept before an event, as far as --pre-roll-memory holds them",
        high=60)
    pre_roll_memory: str = recording(
        "16MB", "memory for the seconds before an event", advanced=True,
        pattern=MEMORY_PATTERN, metavar="16MB",
        allowed="from 1MB to 9999GB, written like 16MB")
    post_roll: float = recording(5.0, "seconds kept after the last motion",
                                 low=0.5, high=600, adjustable=True)
    max_clip: int = recording(300, "seconds after which a clip continues in a new file",
                              advanced=True, low=5, high=3600)
    armed_hours: str | None = alerting(
        None, "when the camera is armed; default: always", adjustable=True, kind=str,
        metavar="HOURS", make=HoursOption)
    armed_home: bool = alerting(
        True, "also arm the camera in mode home, while people are at home",
        advanced=True, adjustable=True)
    alerts: bool = alerting(True, "send alerts for events of the camera", advanced=True,
                            adjustable=True)
    alert_kinds: str = alerting(
        ",".join(DEFAULT_ALERT_KINDS), "kinds of events that raise alerts, separated "
        "by commas", advanced=True, adjustable=True, pattern=ALERT_KINDS_PATTERN,
        metavar="KIND,...", allowed="one or several of "
        f"{', '.join(ALERT_KINDS)}, separated by commas")
    alert_only: str = alerting(
        ANY_MOTION, "objects without which motion raises no alert, separated by "
        "commas; any: with or without objects",
        advanced=True, adjustable=True, pattern=LIST_PATTERN, metavar="person,vehicle")
    alert_hours: str | None = alerting(
        None, "when events raise alerts; default: always", advanced=True,
        adjustable=True, kind=str, metavar="HOURS", make=HoursOption)

    @property
    def alert_objects(self) -> frozenset[str]:
        """What must be recognised in motion that raises an alert; empty for nothing."""
        words = {word.strip().lower() for word in self.alert_only.split(",")} - {""}
        return frozenset() if ANY_MOTION in words else frozenset(words)

    @property
    def has_own_detector(self) -> bool:
        """Whether the detector is a class of the owner, which may name what moves."""
        return ":" in self.detector

    @property
    def pre_roll_bytes(self) -> int:
        """The memory of the pre-roll [bytes]."""
        return parse_bytes(self.pre_roll_memory)

    @property
    def size(self) -> tuple[int, int] | None:
        """The requested resolution as ``(width, height)`` [pixels]."""
        if self.resolution is None:
            return None
        width, height = self.resolution.split("x")
        return int(width), int(height)

    @property
    def clock_style(self) -> ClockStyle:
        """How the time is drawn."""
        return ClockStyle(self.clock, self.clock_format)

    @property
    def orientation(self) -> Orientation:
        """How the picture is turned."""
        return Orientation(int(self.rotate), self.flip)

    def raises_alerts(self, kind: str) -> bool:
        """Return whether events of *kind* raise alerts."""
        return self.alerts and kind in self.alert_kinds.split(",")

    @property
    def detector_options(self) -> tuple[str, ...]:
        """Names of the options of its detector; a class has those of the tutorial's."""
        return DETECTOR_OPTIONS.get(self.detector, TUTORIAL_OPTIONS)


@dataclass(frozen=True, kw_only=True)
class CameraSettings(CameraOptions):
    """The settings in force for one camera."""

    name: str
    source: str


CAMERA_OPTIONS = options_of(CameraOptions)
ADJUSTABLE_OPTIONS = {name: item for name, item in CAMERA_OPTIONS.items()
                      if item.adjustable}

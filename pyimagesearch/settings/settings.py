"""The settings: each is declared once, as a field of a dataclass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError

from .option import (
    CAMERA_NAME_PATTERN,
    GROUPS,
    HOST_PATTERN,
    PATH_PATTERN,
    SIZE_PATTERN,
    Option,
    check,
    flag,
    format_default,
    option,
    parse_bytes,
    variable,
)
from .polygons import (
    POLYGON_SYNTAX,
    POLYGONS_PATTERN,
    has_no_area,
    split_polygons,
)

MAX_VIEWERS = 400       # pyimagesearch/serving/connections.py has the reason
MIN_KEEP_BYTES = 100_000    # less is a forgotten unit
# A name before = in a source, unless that is part of a file's path or of a URL
CAMERA_NAME = r"([^:/?.=]*)=|([^:/?=]*)=(?=(?:auto|demo|picamera|/dev/|[a-z+]+://))"


class Row(NamedTuple):
    """One row of the documented table of settings."""

    group: str
    flags: str
    variable: str
    default: str
    help: str


@dataclass(frozen=True, kw_only=True)
class CameraOptions:
    """Settings that may differ from camera to camera."""

    resolution: str | None = option(
        None, "resolution to request; default: the camera's own",
        group="cameras", kind=str, pattern=r"\d{2,4}x\d{2,4}", metavar="1280x720")
    fps: float | None = option(
        None, "maximum frames per second; default: the camera's",
        group="cameras", kind=float, low=0.1, high=240)
    loop: bool = option(False, "restart a video file when it ends", group="cameras",
                        advanced=True)
    width: int = option(
        640, "width of the streamed picture in pixels; it is never enlarged",
        group="cameras", advanced=True, low=16, high=7680)
    quality: int = option(75, "JPEG quality of the streamed picture", group="cameras",
                          advanced=True, low=1, high=100)
    mask: str | None = option(
        None, "regions to black out before anything else sees them, in addition to "
        "those drawn on the page: polygons separated by ;, with corners in per mille "
        "of width and height", group="cameras", advanced=True,
        kind=str, pattern=POLYGONS_PATTERN, metavar="'0,0 300,0 300,250; ...'",
        allowed=f"{POLYGON_SYNTAX}, with ; between, such as 0,0 300,0 300,250; "
        "700,0 1000,0 1000,200")
    frame_count: int = option(
        32, "frames to learn the background from", "-f",
        group="detection", low=1, high=100_000)
    detector: str = option(
        "single", "motion detector, or the class to use in its place",
        group="detection", advanced=True, pattern=r"single|[\w.]+:\w+",
        metavar="single|MODULE:CLASS")
    threshold: int = option(25, "grey-level change taken for motion",
                            group="detection", low=0, high=255)
    accum_weight: float = option(
        0.1, "weight of a new frame in the background", group="detection",
        advanced=True, low=0, high=1)
    min_area: float = option(
        1.0, "per mille of the frame that must move", group="detection",
        low=0, high=1000)
    min_frames: int = option(
        3, "frames out of five that must show motion to start an event",
        group="detection", advanced=True, low=1, high=5)
    record: bool = option(True, "record a clip of each motion event", group="recording")
    record_from: str | None = option(
        None, "video to record: the camera's own (rtsp:// only, and the default "
        "there) or the streamed pictures", group="recording", advanced=True, kind=str,
        choices=("camera", "stream"))
    pre_roll: float = option(
        5.0, "seconds kept before an event, as far as 16 MB hold them",
        group="recording", low=0, high=60)
    post_roll: float = option(
        5.0, "seconds kept after the last motion",
        group="recording", low=0.5, high=600)
    max_clip: int = option(300, "seconds after which a clip continues in a new file",
                           group="recording", advanced=True, low=5, high=3600)

    @property
    def size(self) -> tuple[int, int] | None:
        """The requested resolution as ``(width, height)`` [pixels]."""
        if self.resolution is None:
            return None
        width, height = self.resolution.split("x")
        return int(width), int(height)


@dataclass(frozen=True, kw_only=True)
class CameraSettings(CameraOptions):
    """The settings in force for one camera."""

    name: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Settings(CameraOptions):
    """
    The settings of the program.

    A field ``max_viewers`` is ``--max-viewers`` on the command line,
    ``SURVEILLANCE_MAX_VIEWERS`` in the environment and ``max_viewers`` in the TOML
    file. The command line takes precedence over the environment, that over the file,
    and that over the default; a camera's own table in the file takes precedence for
    that camera. Raises :exc:`SettingsError` for a value that is not allowed.
    """

    ip: str = option("127.0.0.1", "address to listen on; 0.0.0.0 for all", "-i",
                     group="server", metavar="IP")
    port: int = option(8000, "TCP port; 0 for any free one", "-o", group="server",
                       low=0, high=65535)
    host: tuple[str, ...] | None = option(
        None, "additional host name under which browsers may request this server; "
        "repeat for several", group="server", advanced=True, kind=tuple,
        pattern=HOST_PATTERN, metavar="cam.example.org")
    base_path: str | None = option(
        None, "path under which a reverse proxy publishes this server, such as /cam",
        group="server", advanced=True, kind=str, pattern=PATH_PATTERN, metavar="/PATH")
    trusted_proxies: int = option(
        0, "number of reverse proxies in front of the server whose X-Forwarded-For "
        "and X-Forwarded-Proto are trusted", group="server", advanced=True,
        low=0, high=10)
    max_viewers: int = option(100, "maximum number of live streams", group="server",
                              advanced=True, low=1, high=MAX_VIEWERS)
    max_viewers_per_address: int = option(
        20, "maximum number of live streams to one address", group="server",
        advanced=True, low=1, high=MAX_VIEWERS)
    tls: str = option("off", "https with a generated certificate", group="server",
                      choices=("off", "self-signed"))
    cert: str | None = option(
        None, "certificate for https, with its chain (PEM)", group="server",
        advanced=True, kind=str, metavar="FILE")
    key: str | None = option(
        None, "private key of the certificate (PEM)", group="server", advanced=True,
        kind=str, metavar="FILE")
    config: str | None = option(None, "TOML file with any of these settings",
                                group="server", kind=str, metavar="FILE")
    log_level: str = option("info", "debug, info, warning or error", group="server",
                            choices=("debug", "info", "warning", "error"),
                            metavar="LEVEL")
    log_format: str = option("text", "json: one object a line", group="server",
                             advanced=True, choices=("text", "json"))
    source: tuple[str, ...] = option(
        ("auto",), "camera, or NAME=camera; repeat for several. One of auto, 0 or "
        "/dev/video0 (USB), picamera, a video file, an http:// or rtsp:// URL, "
        "imagezmq://0.0.0.0:5555/NAME, demo", group="cameras", metavar="[NAME=]SPEC")
    data: str | None = option(
        None, "folder for clips and events; default: the platform's", group="storage",
        kind=str, metavar="DIR")
    config_dir: str | None = option(
        None, "folder for logins, privacy settings and the self-signed certificate; "
        "default: the platform's for configuration", group="storage", advanced=True,
        kind=str, metavar="DIR")
    keep: str | None = option(
        None, "space for clips; default: half of the free space", group="storage",
        kind=str, pattern=SIZE_PATTERN, metavar="10GB")
    reserve: str = option("1GB", "free disk space that is never used",
                          group="storage", advanced=True, pattern=SIZE_PATTERN,
                          metavar="1GB")
    keep_days: float | None = option(
        None, "days to keep clips; default: until space is needed", group="storage",
        kind=float, low=0.01, high=36_500)
    auth: bool = option(
        True, "require a login, unless only this machine can reach the server; "
        "--no-auth lets anyone watch, record and delete", group="access")
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def keep_bytes(self) -> int | None:
        """Space that clips may use [bytes]; ``None`` if not set."""
        return None if self.keep is None else parse_bytes(self.keep)

    @property
    def reserve_bytes(self) -> int:
        """Space that must stay free on the disk [bytes]."""
        return parse_bytes(self.reserve)

    def __post_init__(self) -> None:
        for item in options():
            check(item, getattr(self, item.name), flag(item))
        if self.keep_bytes is not None and self.keep_bytes < MIN_KEEP_BYTES:
            raise SettingsError(f"--keep is {self.keep!r}, but must be 100kB or more, "
                                "written like 10GB")
        for camera in self.cameras():       # also checks their names
            for polygon in filter(has_no_area, split_polygons(camera.mask)):
                raise SettingsError(f"--mask of {camera.name} is {polygon!r}, which is "
                                    "flat and hides nothing, but must have an area")

    def cameras(self) -> list[CameraSettings]:
        """
        Return the settings of each camera, in the order of the sources.

        A camera without a name is called ``camera`` if it is the only one, else by
        its number, from 1.
        """
        common = {item.name: getattr(self, item.name) for item in fields(CameraOptions)}
        found: dict[str, CameraSettings] = {}
        for number, text in enumerate(self.source, 1):
            match = re.fullmatch(f"({CAMERA_NAME_PATTERN})=(.+)", text)
            if not match and (odd := re.match(CAMERA_NAME, text)):
                raise SettingsError(
                    f"--source names a camera {odd[0][:-1]!r}, but a name must be up "
                    "to 32 of the letters A to Z, digits, - and _")
            unnamed = "camera" if len(self.source) == 1 else str(number)
            name = match[1] if match else unnamed
            if name in found:
                raise SettingsError(
                    f"--source names two cameras {name!r}, but each needs its own name")
            found[name] = CameraSettings(
                name=name, source=match[2] if match else text,
                **(common | dict(self.tables.get(name, {}))))
        return list(found.values())

    @classmethod
    def table(cls) -> list[Row]:
        """Return the documented settings, group by group."""
        return [Row(item.metadata["group"],
                    ", ".join((*item.metadata["flags"], flag(item))),
                    variable(item), format_default(item),
                    item.metadata["help"]) for item in options()]


def options() -> list[Option]:
    """Return the fields of :class:`Settings` that can be set, group by group."""
    found = [item for item in fields(Settings) if item.metadata]
    shared = {item.name for item in fields(CameraOptions)}
    return sorted(found, key=lambda item: (GROUPS.index(item.metadata["group"]),
                                           item.name in shared))

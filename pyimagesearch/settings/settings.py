"""Everything a user may set, each thing written down exactly once."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError

from .loading import CAMERA_NAME_PATTERN, ENV_PREFIX, build_parser, merged, unknown
from .option import (
    HOST,
    PATH,
    SIZE,
    Option,
    check,
    flag,
    format_default,
    option,
    parse_bytes,
)
from .polygons import POLYGON_SYNTAX, POLYGONS_PATTERN, has_no_area, split_polygons

MOST_VIEWERS = 400      # limits.py says why
LEAST_KEPT = 100_000    # bytes: less is a unit that was forgotten
# what stands before = in a source, unless it is the path of a file or part of a URL
MEANT_AS_NAME = r"([^:/?.=]*)=|([^:/?=]*)=(?=(?:auto|demo|picamera|/dev/|[a-z+]+://))"


class Row(NamedTuple):
    """One line of the table of settings, as the README prints it."""

    flags: str
    variable: str
    default: str
    help: str


@dataclass(frozen=True, kw_only=True)
class CameraSettings:
    """What one camera is set to; each field is a setting of :class:`Settings`."""

    name: str
    source: str
    resolution: str | None
    fps: float | None
    loop: bool
    frame_count: int
    width: int
    quality: int
    threshold: int
    accum_weight: float
    min_area: float
    min_frames: int
    record: bool
    record_from: str | None
    pre_roll: float
    post_roll: float
    max_clip: int
    mask: str | None

    @property
    def size(self) -> tuple[int, int] | None:
        """The wanted resolution as ``(width, height)`` [pixels]."""
        if self.resolution is None:
            return None
        width, height = self.resolution.split("x")
        return int(width), int(height)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    One line here is one option everywhere: ``frame_count`` is
    ``--frame-count`` on the command line, ``SURVEILLANCE_FRAME_COUNT`` in the
    environment and ``frame_count`` in the TOML file. The command line wins
    over the environment, that over the file, that over the default; what the
    file says of one camera counts for that camera, whatever is said of all. A
    value out of range never gets past construction.
    """

    ip: str = option("127.0.0.1", "address to listen on; 0.0.0.0 = every one", "-i")
    port: int = option(8000, "TCP port to listen on; 0 = any free one", "-o",
                       low=0, high=65535)
    auth: bool = option(
        True, "who looks must log in, unless only this machine can; --no-auth lets all "
        "who reach the port look, record and delete")
    host: tuple[str, ...] | None = option(
        None, "name under which browsers may come, beside this machine's own and its "
        "addresses; again for several", kind=tuple, pattern=HOST,
        metavar="cam.example.org")
    base_path: str | None = option(
        None, "path under which a reverse proxy shows this server, such as /cam",
        kind=str, pattern=PATH, metavar="/PATH")
    trusted_proxies: int = option(
        0, "reverse proxies in front, whose X-Forwarded-For and -Proto are believed",
        low=0, high=10)
    frame_count: int = option(
        32, "frames that teach the background before detection", "-f",
        low=1, high=100_000, per_camera=True)
    source: tuple[str, ...] = option(
        ("auto",), "camera, also NAME=camera, and again for several: auto, 0 or "
        "/dev/video0 (USB), picamera, a video file, an http:// or rtsp:// URL, "
        "imagezmq://0.0.0.0:5555/NAME, or demo", metavar="[NAME=]SPEC")
    resolution: str | None = option(
        None, "what to ask the camera for; default: what it likes",
        kind=str, pattern=r"\d{2,4}x\d{2,4}", metavar="WIDTHxHEIGHT", per_camera=True)
    fps: float | None = option(
        None, "frames a second at most; default: as many as the camera gives",
        kind=float, low=0.1, high=240, per_camera=True)
    loop: bool = option(False, "start a video file again at its end", per_camera=True)
    width: int = option(640, "width of the streamed picture [pixels], never enlarged",
                        low=16, high=7680, per_camera=True)
    quality: int = option(75, "JPEG quality of the streamed picture", low=1, high=100,
                          per_camera=True)
    threshold: int = option(25, "grey-level change that counts as motion",
                            low=0, high=255, per_camera=True)
    accum_weight: float = option(
        0.1, "weight of a new frame in the learnt background", low=0, high=1,
        per_camera=True)
    min_area: float = option(
        1.0, "moved pixels that count as motion [per mille of the frame]",
        low=0, high=1000, per_camera=True)
    min_frames: int = option(
        3, "of five frames, how many must show motion to begin an event",
        low=1, high=5, per_camera=True)
    record: bool = option(True, "keep a clip of each motion event", per_camera=True)
    record_from: str | None = option(
        None, "what clips are made of: the camera's own video (rtsp:// only, and "
        "the default there) or the streamed pictures",
        kind=str, choices=("camera", "stream"), per_camera=True)
    pre_roll: float = option(
        5.0, "seconds kept from before an event, as far as 16 MB hold them",
        low=0, high=60, per_camera=True)
    post_roll: float = option(
        5.0, "seconds without motion that end an event, and are kept",
        low=0.5, high=600, per_camera=True)
    max_clip: int = option(300, "seconds after which a clip goes on in a new file",
                           low=5, high=3600, per_camera=True)
    mask: str | None = option(
        None, "what is burnt black before anybody sees it, beside what is drawn on "
        "the page: corners of polygons [per mille of width and height], with ; between",
        kind=str, pattern=POLYGONS_PATTERN, metavar="'0,0 300,0 300,250; ...'",
        allowed=f"{POLYGON_SYNTAX}, with ; between, such as 0,0 300,0 300,250; "
        "700,0 1000,0 1000,200", per_camera=True)
    data: str | None = option(
        None, "folder for all that is kept; default: the platform's for user data",
        kind=str, metavar="DIR")
    keep: str | None = option(
        None, "what clips may take; default: half of what is free at the first start",
        kind=str, pattern=SIZE, metavar="10GB")
    reserve: str = option("1GB", "space on the disk that is never used", pattern=SIZE,
                          metavar="1GB")
    keep_days: float | None = option(
        None, "days after which clips go; default: when their space is needed",
        kind=float, low=0.01, high=36_500)
    max_viewers: int = option(100, "live streams at most", low=1, high=MOST_VIEWERS)
    max_viewers_per_address: int = option(
        20, "live streams at most to one address", low=1, high=MOST_VIEWERS)
    cert: str | None = option(
        None, "certificate for https, with all that leads to its root (PEM)",
        kind=str, metavar="FILE")
    key: str | None = option(None, "private key of the certificate (PEM)",
                             kind=str, metavar="FILE")
    tls: str = option("off", "self-signed = https with a certificate made here",
                      choices=("off", "self-signed"))
    log_level: str = option("info", "how much is logged",
                            choices=("debug", "info", "warning", "error"))
    config: str | None = option(None, "TOML file with any of these settings",
                                kind=str, metavar="FILE")
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def keep_bytes(self) -> int | None:
        """What clips may take [bytes]; ``None`` if that was not set."""
        return None if self.keep is None else parse_bytes(self.keep)

    @property
    def reserve_bytes(self) -> int:
        """What must stay free on the disk [bytes]."""
        return parse_bytes(self.reserve)

    def __post_init__(self) -> None:
        for item in options():
            check(item, getattr(self, item.name), flag(item))
        if self.keep_bytes is not None and self.keep_bytes < LEAST_KEPT:
            raise SettingsError(f"--keep is {self.keep!r}, but must be 100kB or more, "
                                "written like 10GB")
        for camera in self.cameras():       # their names are checked with them
            for polygon in filter(has_no_area, split_polygons(camera.mask)):
                raise SettingsError(f"--mask of {camera.name} is {polygon!r}, which is "
                                    "flat and hides nothing, but must have an area")

    def cameras(self) -> list[CameraSettings]:
        """
        Return what each camera is set to, in the order in which they were given.

        A camera without a name is called ``camera`` if it is the only one, else
        by its number, from 1.
        """
        found: dict[str, CameraSettings] = {}
        for number, text in enumerate(self.source, 1):
            match = re.fullmatch(f"({CAMERA_NAME_PATTERN})=(.+)", text)
            if not match and (odd := re.match(MEANT_AS_NAME, text)):
                raise SettingsError(
                    f"--source names a camera {odd[0][:-1]!r}, but a name must be up "
                    "to 32 of the letters A to Z, digits, - and _")
            unnamed = "camera" if len(self.source) == 1 else str(number)
            name = match[1] if match else unnamed
            if name in found:
                raise SettingsError(
                    f"--source names two cameras {name!r}, but each needs its own name")
            common = {item.name: getattr(self, item.name)
                      for item in options() if item.metadata["per_camera"]}
            found[name] = CameraSettings(
                name=name, source=match[2] if match else text,
                **(common | dict(self.tables.get(name, {}))))
        return list(found.values())

    @classmethod
    def from_command_line(cls, argv: Sequence[str] | None = None,
                          environ: Mapping[str, str] = os.environ) -> "Settings":
        """Parse *argv*; say what is wrong and exit with 2 if something is."""
        table = {item.name: item for item in options()}
        parser = build_parser(table)
        typed = vars(parser.parse_args(argv))
        try:
            return cls(**merged(table, typed, environ))
        except SettingsError as error:
            parser.error(str(error))

    @classmethod
    def unknown(cls, environ: Mapping[str, str] = os.environ) -> list[str]:
        """Return a sentence for each variable in *environ* that was meant for us."""
        return unknown({item.name: item for item in options()}, environ)

    @classmethod
    def for_doctor(cls, argv: Sequence[str]) -> "Settings":
        """Parse the words behind ``doctor``: sources as they are, and options."""
        sources = [word for word in argv[:1] if not word.startswith("-")]
        return cls.from_command_line(
            [*(f"--source={source}" for source in sources), *argv[len(sources):]])

    @classmethod
    def table(cls) -> list[Row]:
        """Return what there is to set, for people."""
        return [Row(", ".join((*item.metadata["flags"], flag(item))),
                    ENV_PREFIX + item.name.upper(), format_default(item),
                    item.metadata["help"]) for item in options()]


def options() -> list[Option]:
    """Return the fields of :class:`Settings` that can be set."""
    return [item for item in fields(Settings) if item.metadata]

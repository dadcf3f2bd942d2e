"""The settings of the program: each is declared once, as a field of a dataclass."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any

from pyimagesearch.errors import SettingsError

from .camera_settings import (
    CAMERA_OPTIONS,
    HOURS_OPTIONS,
    CameraOptions,
    CameraSettings,
)
from .option import (
    CAMERA_NAME_PATTERN,
    GROUPS,
    SIZE_PATTERN,
    option,
    options_of,
    parse_bytes,
)
from .polygons import has_no_area, split_polygons
from .schedule import check_place
from .sun import parse_place

MAX_VIEWERS = 400       # pyimagesearch/serving/connections.py has the reason
MIN_KEEP_BYTES = 100_000    # less is a forgotten unit
# A DNS name or an address; a bare number is neither
HOST_PATTERN = r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
# Without a path, which browsers ignore here; they know no IPv6 address here, either
PORT_PATTERN = (r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}"
                r"|655[0-2][0-9]|6553[0-5])")
ORIGIN_PATTERN = (r"(?i:https?://[A-Z0-9](?:[A-Z0-9._-]{0,251}[A-Z0-9])?"
                  rf"(?::{PORT_PATTERN})?/?)")
PATH_PATTERN = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.~-]+)+"     # of a URL, no . or ..
# A name before = in a source, unless that is part of a file's path or of a URL
CAMERA_NAME_PREFIX_PATTERN = (
    r"([^:/?.=]*)=|([^:/?=]*)=(?=(?:auto|demo|picamera|/dev/|[a-z+]+://))")

URL_PATTERN = r"(?i:https?)://[^\s/]+(?:/\S*)?"
PUBLIC_URL_PATTERN = r"(?i:https?)://[^\s/@?#]+(?:/[^\s?#]*)?"
NTFY_PATTERN = r"(?i:https?)://[^\s/]+(?:/[^\s/]+)*/[-_A-Za-z0-9]{1,64}"
MQTT_PATTERN = r"(?i:mqtts?)://[^\s/]+/?"     # broker_of() looks closer
MQTT_ALLOWED = ("written like mqtt://USER:PASSWORD@HOST:PORT, or mqtts://… for TLS; "
                "write a slash or a space in the password as %2F or %20")
TOPIC_PATTERN = r"[^\s/+#$][^\s+#]{0,63}"      # without wildcards
TOPIC_ALLOWED = "a topic of up to 64 characters, without blanks, + and #"
PLACE_PATTERN = r"-?[0-9]{1,2}(?:\.[0-9]+)?, ?-?[0-9]{1,3}(?:\.[0-9]+)?"

server, camera, detection, alerting, storage, access = (
    partial(option, group=group)
    for group in ("server", "cameras", "detection", "alerts", "storage", "access"))


@dataclass(frozen=True, kw_only=True)
class Settings(CameraOptions):
    """
    The settings of the program.

    A field ``max_viewers`` is ``--max-viewers`` on the command line,
    ``SURVEILLANCE_MAX_VIEWERS`` in the environment and ``max_viewers`` in the TOML
    file. The command line takes precedence over the environment, that over the file,
    and that over the default; a camera's own table in the file takes precedence for
    that camera. *fixed* names the flag or variable of each setting that is given by
    one. Raises :exc:`SettingsError` for a value that is not allowed.
    """

    ip: str = server("127.0.0.1", "listen address; 0.0.0.0 for all", "-i",
                     metavar="IP")
    port: int = server(8000, "TCP port; 0 for any free one", "-o", high=65535)
    host: tuple[str, ...] | None = server(
        None, "additional host name under which browsers may request this server; "
        "repeat for several", advanced=True, kind=tuple, pattern=HOST_PATTERN,
        metavar="cam.example.org")
    base_path: str | None = server(
        None, "path under which a reverse proxy publishes this server, such as /cam",
        advanced=True, pattern=PATH_PATTERN, metavar="/PATH")
    trusted_proxies: int = server(
        0, "number of reverse proxies in front of the server whose X-Forwarded-For "
        "and X-Forwarded-Proto are trusted", advanced=True, high=10)
    max_viewers: int = server(100, "maximum number of live streams", advanced=True,
                              low=1, high=MAX_VIEWERS)
    max_viewers_per_address: int = server(
        20, "maximum number of live streams to one address", advanced=True,
        low=1, high=MAX_VIEWERS)
    tls: str = server("off", "https with a generated certificate",
                      choices=("off", "self-signed"))
    cert: str | None = server(None, "certificate for https, with its chain (PEM)",
                              advanced=True, metavar="FILE")
    key: str | None = server(None, "private key of the certificate (PEM)",
                             advanced=True, metavar="FILE")
    config: str | None = server(
        None, "TOML file with any of these settings", metavar="FILE", local=True)
    log_level: str = server("info", "debug, info, warning or error", metavar="LEVEL",
                            choices=("debug", "info", "warning", "error"), live=True)
    log_format: str = server("text", "json: one object a line", advanced=True,
                             choices=("text", "json"))
    source: tuple[str, ...] = camera(
        ("auto",), "camera, or NAME=camera; repeat for several. One of auto, 0 or "
        "/dev/video0 (USB), picamera, a video file, an http:// or rtsp:// URL, "
        "imagezmq://0.0.0.0:5555/NAME, demo", secret=True, optional=True,
        metavar="[NAME=]SPEC")
    objects: str | None = detection(
        None, "name what moves: off, on or FILE.onnx; default: on, once the model "
        "is fetched",
        words=("off", "on"), pattern=r".+\.onnx", metavar="MODEL",
        allowed="off, on, or the path of an .onnx file")
    labels: str | None = detection(
        None, "names of the model's classes, a line each; default: those in the model, "
        "or COCO's", advanced=True, metavar="FILE")
    data: str | None = storage(None, "folder for clips and events; default: the "
                               "platform's", metavar="DIR", local=True)
    config_dir: str | None = storage(
        None, "folder for logins, privacy settings and the self-signed certificate; "
        "default: the platform's for configuration", advanced=True, metavar="DIR",
        local=True)
    keep: str | None = storage(None, "space for clips; default: half of the free space",
                               pattern=SIZE_PATTERN, metavar="10GB", live=True)
    reserve: str = storage("1GB", "free disk space that is never used", advanced=True,
                           pattern=SIZE_PATTERN, metavar="1GB", live=True)
    keep_days: float | None = storage(
        None, "days to keep clips; default: until space is needed", kind=float,
        low=0.01, high=36_500, live=True)
    unnamed_first: bool = storage(
        False, "when space is needed, delete clips of motion without a named object "
        "first", advanced=True, live=True)
    auth: str = access(
        "on", "what takes a login: on everything, unless only this machine can reach "
        "the server; changes all but watching; off (or --no-auth) nothing",
        choices=("on", "changes", "off"))
    allow_frame: tuple[str, ...] | None = access(
        None, "site that may show the pages in a frame; repeatable", advanced=True,
        kind=tuple,
        pattern=ORIGIN_PATTERN, metavar="ORIGIN", allowed="the scheme, host and port "
        "of a page, such as http://homeassistant.local:8123")
    alert_quiet: float = alerting(
        60.0, "seconds after an event in which its camera raises no other alert",
        advanced=True, high=86_400, live=True)
    alert_most: int = alerting(
        12, "maximum number of alerts in an hour by each channel", advanced=True,
        low=1, high=3600, live=True)
    alert_stills: bool = alerting(
        True, "attach a still to alerts; services that forward them can see it",
        advanced=True, live=True)
    public_url: str | None = alerting(
        None, "address of this server in alerts; default: the one it prints",
        advanced=True, pattern=PUBLIC_URL_PATTERN, metavar="https://cam.example.org/",
        allowed="written like https://cam.example.org/, without a login, ? and #",
        live=True)
    place: str | None = alerting(
        None, "latitude and longitude in degrees, for sunrise and sunset in schedules",
        advanced=True, pattern=PLACE_PATTERN, metavar="52.52,13.40",
        allowed="written like 52.52,13.40: latitude from -90 to 90 and longitude from "
        "-180 to 180", live=True)
    webhook: tuple[str, ...] | None = alerting(
        None, "URL to which alerts are posted as JSON; repeatable", kind=tuple,
        secret=True, private=True, pattern=URL_PATTERN, metavar="https://HOST/PATH",
        live=True)
    webhook_secret: str | None = alerting(
        None, "key with which webhooks are signed", advanced=True, secret=True,
        private=True, live=True)
    webhook_stills: bool = alerting(
        False, "post webhooks with their still, as multipart/form-data", advanced=True,
        live=True)
    alert_command: str | None = alerting(
        None, "program to run for each alert, with its fields in the environment",
        advanced=True, file_only=True, local=True, pattern=r"/.*", metavar="/PATH",
        allowed="the absolute path of a program")
    ntfy: tuple[str, ...] | None = alerting(
        None, "URL of a topic of ntfy; repeatable", kind=tuple, secret=True,
        private=True, pattern=NTFY_PATTERN, metavar="https://ntfy.sh/TOPIC", live=True)
    ntfy_token: str | None = alerting(
        None, "access token of the ntfy server", advanced=True, secret=True,
        private=True, pattern=r"[!-~]+", metavar="TOKEN",
        allowed="ASCII characters without blanks", live=True)
    apprise: tuple[str, ...] | None = alerting(
        None, "Apprise URL of a service, such as mailto:// or tgram://; repeatable",
        kind=tuple, secret=True, private=True, pattern=r"[a-z][a-z0-9+.-]*://.+",
        metavar="SCHEME://...", live=True)
    mqtt: str | None = alerting(
        None, "broker for events and states, with discovery for Home Assistant",
        secret=True, private=True, pattern=MQTT_PATTERN,
        metavar="mqtt://USER:PASSWORD@HOST", allowed=MQTT_ALLOWED)
    mqtt_prefix: str = alerting("webstreaming", "first part of all MQTT topics",
                              advanced=True, pattern=TOPIC_PATTERN, metavar="TOPIC",
                              allowed=TOPIC_ALLOWED)
    mqtt_discovery: str = alerting(
        "homeassistant", "prefix of Home Assistant's discovery topics; off: none",
        advanced=True, pattern=TOPIC_PATTERN, metavar="TOPIC|off",
        allowed=f"off, or {TOPIC_ALLOWED}")
    mqtt_stills: bool = alerting(True, "publish the still of the last event by MQTT",
                               advanced=True)
    mqtt_control: bool = alerting(
        False, "accept commands by MQTT: anyone who may publish to the broker can then "
        "arm, disarm, record and switch cameras off", advanced=True)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def behind_proxy(self) -> bool:
        """Whether other machines may reach this server through a reverse proxy."""
        return bool(self.trusted_proxies or self.host or self.base_path)

    @property
    def keep_bytes(self) -> int | None:
        """Space that clips may use [bytes]; ``None`` if not set."""
        return None if self.keep is None else parse_bytes(self.keep)

    @property
    def reserve_bytes(self) -> int:
        """Space that must stay free on the disk [bytes]."""
        return parse_bytes(self.reserve)

    def __post_init__(self) -> None:
        for item in ALL_OPTIONS.values():
            item.check(getattr(self, item.name), item.flag)
        if self.keep_bytes is not None and self.keep_bytes < MIN_KEEP_BYTES:
            raise SettingsError(f"--keep is {self.keep!r}, but must be 100kB or more, "
                                "written like 10GB")
        if self.place is not None:
            parse_place(self.place)
        for each in self.cameras():     # also checks their names
            for name in HOURS_OPTIONS:
                check_place(getattr(each, name), self.place,
                            f"{CAMERA_OPTIONS[name].flag} of camera {each.name!r}")
            for polygon in filter(has_no_area, split_polygons(each.mask)):
                raise SettingsError(
                    f"--mask of camera {each.name!r} is {polygon!r}, which is flat and "
                    "hides nothing, but must have an area")

    def cameras(self) -> list[CameraSettings]:
        """
        Return the settings of each camera, in the order of the sources.

        A camera without a name is called ``camera``, or by its number, from 1, if
        there are several.
        """
        found: dict[str, CameraSettings] = {}
        for number, text in enumerate(self.source, 1):
            match = re.fullmatch(f"({CAMERA_NAME_PATTERN})=(.+)", text)
            if not match and (odd := re.match(CAMERA_NAME_PREFIX_PATTERN, text)):
                raise SettingsError(
                    f"--source names a camera {odd[0][:-1]!r}, but a name must be up "
                    "to 32 of the letters A to Z, digits, - and _")
            unnamed = "camera" if len(self.source) == 1 else str(number)
            name = match[1] if match else unnamed
            if name in found:
                raise SettingsError(
                    f"--source names two cameras {name!r}, but each needs its own name")
            found[name] = replace(
                self.common(name), source=match[2] if match else text,
                **self.tables.get(name, {}))
        return list(found.values())

    @property
    def names_cameras(self) -> bool:
        """Whether cameras are given: the default only looks for one."""
        return "source" in self.fixed or self.source != ALL_OPTIONS["source"].default

    def unwatched(self) -> list[str]:
        """Return a sentence for each camera of the file that the sources leave out."""
        if "source" not in self.fixed:
            return []
        watched = {each.name for each in self.cameras()}
        return [f"[cameras.{name}] of {self.config} is not watched, as "
                f"{self.fixed['source']} names the cameras"
                for name in self.tables if name not in watched]

    def common(self, name: str) -> CameraSettings:
        """Return the settings that all cameras share, for one called *name*."""
        return CameraSettings(name=name, source=name, **{
            item.name: getattr(self, item.name) for item in fields(CameraOptions)})


ALL_OPTIONS = dict(sorted(options_of(Settings).items(), key=lambda item: (
    GROUPS.index(item[1].group), item[0] in CAMERA_OPTIONS)))
FLAG_OPTIONS = {name: item for name, item in ALL_OPTIONS.items() if item.has_flag}


def needs_restart(name: str) -> bool:
    """Return whether setting *name* of the server takes effect after a restart only."""
    return name not in CAMERA_OPTIONS and name != "source" and (
        not ALL_OPTIONS[name].live)

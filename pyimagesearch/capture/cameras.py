"""Turn a ``--source`` into a camera that can be opened."""

import contextlib
import logging
import re
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import Size
from pyimagesearch.settings.camera_settings import CameraSettings

from .auto import FirstCamera
from .certificates import Trust
from .demo import DemoSource
from .http_camera import open_http
from .http_client import HttpClient
from .imagezmq import ImageHubs
from .limits import Allowance, MemoryBudget
from .patience import UNKNOWN_RATE_SECONDS
from .picamera import open_picamera
from .source import OPEN_SECONDS, CaptureRequest, Opener, PacketSink
from .url import CameraUrl, encoding_advice, parse_url, redact_url, split_login
from .usb import open_usb
from .videofile import PROBE_SECONDS, VideoFileSource

log = logging.getLogger(__name__)

RTSP_SCHEMES = ("rtsp", "rtsps", "rtmp", "srt", "udp", "rtp")
# FFmpeg opens in several steps with a timeout each, then waits for a key frame
RTSP_OPEN_SECONDS = 90.0
SOURCE_FORMS = ("auto, 0 or /dev/video0 (a USB camera), picamera, a video file, an "
                "http:// or rtsp:// URL, imagezmq://0.0.0.0:5555/NAME, or demo, "
                "demo:1280x720@15")


class Camera(NamedTuple):
    """A camera that can be opened, and reopened after each loss."""

    label: str          # for logs and pages, without a password
    open: Opener
    open_timeout: float = OPEN_SECONDS    # seconds until the first frame
    rate_known: bool = True     # else the camera alone decides how often it sends
    allowance: Allowance = Allowance()      # of memory


def has_own_video(settings: CameraSettings) -> bool:
    """Return whether the camera sends a video of which packets can be handed on."""
    return settings.source.partition("://")[0].lower() in RTSP_SCHEMES


def gives_packets(settings: CameraSettings) -> bool:
    """Return whether to record its own video if possible; raises SettingsError."""
    by_rtsp = has_own_video(settings)
    if settings.record_from == "camera" and not by_rtsp:
        raise SettingsError(
            f"--record-from of camera {settings.name!r} is 'camera', but that takes an "
            "rtsp:// camera; leave it out, or set it to stream")
    if settings.record_from == "camera" and settings.mask:
        raise SettingsError(
            f"--record-from of camera {settings.name!r} is 'camera', but its --mask "
            "cannot be burnt into the camera's own video; leave one of them out")
    return by_rtsp and settings.record_from != "stream"


def find_camera(settings: CameraSettings, clock: Clock, hubs: ImageHubs,
                packets: PacketSink | None = None,
                budget: MemoryBudget | None = None) -> Camera:
    """
    Return the camera of these *settings*, which is not opened yet.

    *packets* receives its own video, if it :func:`has_own_video`; its pictures take
    memory of the *budget*. Raises :exc:`SettingsError` for a source that can never
    work.
    """
    request = request_of(settings, budget)
    found = find_by_source(settings, request, clock, hubs, packets)
    return found._replace(allowance=request.allowance)


def find_by_source(settings: CameraSettings, request: CaptureRequest, clock: Clock,
                   hubs: ImageHubs, packets: PacketSink | None) -> Camera:
    """Return the camera of these *settings*; raises :exc:`SettingsError`."""
    spec = settings.source
    if spec.lower().startswith("file://"):      # as Motion writes files
        _, slash, path = spec[len("file://"):].partition("/")
        spec = unquote(slash + path)
    if spec == "auto":
        return Camera(spec, FirstCamera(request, clock))
    if spec == "demo" or spec.startswith("demo:"):
        size, rate = parse_demo(spec, request)
        return Camera(spec, lambda closing: DemoSource(size, rate, closing, clock))
    if spec == "picamera":
        return Camera(spec, partial(open_picamera, request, clock))
    if re.fullmatch(r"\d{1,3}|/dev/.+", spec):
        device = int(spec) if spec.isdigit() else spec
        return Camera(spec, partial(open_usb, device, request, clock))
    if "://" in spec:
        return find_by_url(spec, request, clock, hubs, packets)
    if is_file_name(spec):
        return Camera(Path(spec).name, lambda closing: VideoFileSource(
            spec, settings.loop, request.allowance, closing, clock),
            PROBE_SECONDS + OPEN_SECONDS)
    raise unknown_source(spec)


def request_of(settings: CameraSettings, budget: MemoryBudget | None = None
               ) -> CaptureRequest:
    """Return what the *settings* say about the format and the connection."""
    pinned = settings.fingerprint       # with or without a prefix, colons, upper case
    trust = Trust(settings.verify,
                  re.sub("[^0-9a-f]", "", pinned.lower())[-64:] if pinned else None)
    proxy = parse_url(settings.proxy, "--proxy") if settings.proxy else None
    return CaptureRequest(settings.size, settings.fps, trust, proxy,
                          settings.rtsp_transport, Allowance(budget, settings.name))


def is_file_name(spec: str) -> bool:
    """Return whether *spec* names a video file, which need not exist yet."""
    with contextlib.suppress(OSError, ValueError):
        if Path(spec).is_file():
            return True
    misspelt_url = re.match(r"(?s)\w+:/|.*:.*@", spec)     # whose login is not shown
    return bool(Path(spec).suffix) and not misspelt_url


def find_by_url(spec: str, request: CaptureRequest, clock: Clock, hubs: ImageHubs,
                packets: PacketSink | None) -> Camera:
    """Return the camera at URL *spec*; raises :exc:`SettingsError`."""
    scheme, _, rest = spec.partition("://")
    scheme = scheme.lower()
    if scheme in ("imagezmq", "imagezmq+sub"):
        login, place = split_login(rest)
        found = re.fullmatch(
            r"((?:[\w.*-]+|\[[\da-fA-F:]+\]):\d{1,5})(?:/(.*))?", place)
        if login or not found or not 1 <= int(found[1].rpartition(":")[2]) <= 65535:
            raise SettingsError(
                f"--source is {redact_url(spec)!r}, but must be written "
                "imagezmq://0.0.0.0:5555/NAME, with a port from 1 to 65535")
        pattern = "sub" if scheme.endswith("+sub") else "rep"
        return Camera(spec, hubs.opener(
            pattern, found[1], found[2] or "", request.allowance), rate_known=False)
    if scheme in ("http", "https"):
        client = HttpClient(parse_camera_url(spec), request.trust, request.proxy,
                            request.fps)
        return Camera(str(client.url), lambda closing: open_http(
            client, request, closing, clock),
                      UNKNOWN_RATE_SECONDS, rate_known=False)
    if scheme in RTSP_SCHEMES:
        from .rtsp import open_rtsp  # PyAV takes 16 MB and 50 ms
        url = parse_camera_url(spec)
        return Camera(str(url), lambda closing: open_rtsp(
            url, request, closing, clock, packets),
                      RTSP_OPEN_SECONDS, rate_known=False)
    raise unknown_source(spec)


def parse_camera_url(spec: str) -> CameraUrl:
    """Return the URL in *spec*; warn of a login that other programs read otherwise."""
    url = parse_url(spec)
    if advice := encoding_advice(spec):
        log.warning("%s: the login is taken to end at the last @ before this host; its "
                    "signs are better percent-encoded: %s", url, advice)
    return url


def unknown_source(spec: str) -> SettingsError:
    """Return the error for a *spec* that names no kind of camera."""
    return SettingsError(
        f"--source is {redact_url(spec)!r}, but must be {SOURCE_FORMS}")


def parse_demo(spec: str, request: CaptureRequest) -> tuple[Size, float]:
    """
    Return size ``(width, height)`` [pixels] and rate of a demo camera.

    *spec* takes precedence over *request*, and that over 640x480 at 30.
    """
    found = re.fullmatch(
        r"demo(?::(\d{2,4})x(\d{2,4}))?(?:@(\d{1,3}(?:\.\d+)?))?", spec)
    if found is None:
        raise unknown_source(spec)
    width, height = (int(found[1]), int(found[2])) if found[1] else (
        request.resolution or (640, 480))
    rate = float(found[3] or request.fps or 30)
    if not (32 <= width <= 7680 and 24 <= height <= 4320 and 0.1 <= rate <= 240):
        raise SettingsError(f"--source is {spec!r}, but a demo camera has 32x24 to "
                            "7680x4320 pixels and 0.1 to 240 frames a second")
    return (width, height), rate

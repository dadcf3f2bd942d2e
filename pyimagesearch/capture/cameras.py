"""From what a user wrote to what can be opened."""

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import Size
from pyimagesearch.settings.settings import CameraSettings

from .auto import FirstCamera
from .demo import DemoSource
from .http_camera import open_http
from .imagezmq import ImageHubs
from .picamera import open_picamera
from .source import OPEN_SECONDS, CaptureRequest, Opener, PacketSink
from .url import parse_url, redact_url
from .usb import is_device, open_usb
from .videofile import PROBE_SECONDS, VideoFileSource

FFMPEG = ("rtsp", "rtsps", "rtmp", "srt", "udp", "rtp")
RTSP_OPEN_SECONDS = 20.0    # for its several attempts, which end by themselves
KINDS = ("auto, 0 or /dev/video0 (a USB camera), picamera, a video file, an http:// or "
         "rtsp:// URL, imagezmq://0.0.0.0:5555/NAME, or demo, demo:1280x720@15")


class Camera(NamedTuple):
    """A camera that can be opened, and opened again after each loss."""

    label: str          # for logs and pages: never holds a password
    open: Opener
    open_timeout: float = OPEN_SECONDS    # seconds until the first frame


def gives_packets(wanted: CameraSettings) -> bool:
    """Return whether clips are to be made of the camera's own video."""
    by_ffmpeg = "://" in wanted.source and wanted.source.partition("://")[0] in FFMPEG
    if wanted.record_from == "camera" and not by_ffmpeg:
        raise SettingsError(f"--record-from is 'camera', but {wanted.name} is no "
                            "rtsp:// camera; only their own video can be recorded")
    if wanted.record_from == "camera" and wanted.mask:
        raise SettingsError(
            f"--record-from is 'camera', but {wanted.name} has a --mask, which cannot "
            "be burnt into the camera's own video; leave one of them out")
    return by_ffmpeg and wanted.record_from != "stream"


def find_camera(wanted: CameraSettings, clock: Clock, hubs: ImageHubs,
                tap: PacketSink | None = None) -> Camera:
    """
    Return the camera that *wanted* means; nothing is opened yet.

    *tap* gets its own video, if it :func:`gives_packets`.
    Raises :exc:`SettingsError` for a source that can never work.
    """
    spec, wish = wanted.source, CaptureRequest(wanted.size, wanted.fps)
    if spec == "auto":
        return Camera(spec, FirstCamera(wish, clock))
    if spec == "demo" or spec.startswith("demo:"):
        size, rate = parse_demo(spec, wish)
        return Camera(spec, lambda closing: DemoSource(size, rate, closing, clock))
    if spec == "picamera":
        return Camera(spec, partial(open_picamera, wish, clock))
    if is_device(spec):
        device = int(spec) if spec.isdigit() else spec
        return Camera(spec, partial(open_usb, device, wish, clock))
    if "://" in spec:
        return find_by_url(spec, wanted.fps, clock, hubs, tap)
    if re.match(r"\w+:/|.*:.*@", spec):     # a URL, misspelt: not to be shown as a file
        raise wrong(spec)
    if is_video_file(spec):
        return Camera(Path(spec).name, lambda closing: VideoFileSource(
            spec, wanted.loop, closing, clock), PROBE_SECONDS + OPEN_SECONDS)
    raise wrong(spec)


def is_video_file(spec: str) -> bool:
    """Return whether *spec* is the path of a file, as its ending shows."""
    return ("://" not in spec and not spec.startswith("demo:") and not is_device(spec)
            and bool(Path(spec).suffix))


def find_by_url(spec: str, fps: float | None, clock: Clock, hubs: ImageHubs,
                tap: PacketSink | None) -> Camera:
    """Return the camera at URL *spec*; raises :exc:`SettingsError`."""
    scheme, _, rest = spec.partition("://")
    if scheme in ("imagezmq", "imagezmq+sub"):
        found = re.fullmatch(r"((?:[\w.*-]+|\[[\da-fA-F:]+\]):\d{1,5})(?:/(.*))?", rest)
        if not found or not 1 <= int(found[1].rpartition(":")[2]) <= 65535:
            raise SettingsError(f"--source is {spec!r}, but is written "
                                "imagezmq://0.0.0.0:5555/NAME, with a port from 1 to "
                                "65535")
        pattern = "sub" if scheme.endswith("+sub") else "rep"
        return Camera(spec, lambda closing: hubs.open(
            pattern, found[1], found[2] or "", closing, clock))
    if scheme in ("http", "https"):
        url = parse_url(spec)
        return Camera(url.shown, lambda closing: open_http(url, fps, closing, clock))
    if scheme in FFMPEG:
        from .rtsp import open_rtsp  # PyAV takes 16 MB and 50 ms
        url = parse_url(spec)
        return Camera(url.shown, lambda closing: open_rtsp(url, clock, tap),
                      RTSP_OPEN_SECONDS)
    raise wrong(spec)


def wrong(spec: str) -> SettingsError:
    """Return what to raise for a *spec* that means no camera."""
    return SettingsError(f"--source is {redact_url(spec)!r}, but must be {KINDS}")


def parse_demo(spec: str, wish: CaptureRequest) -> tuple[Size, float]:
    """
    Return size ``(width, height)`` [pixels] and rate of a demo camera.

    What *spec* says goes before *wish*, that before 640x480 at 30.
    Raises :exc:`SettingsError` for a size outside 32x24 to 7680x4320 or a rate
    outside 0.1 to 240.
    """
    found = re.fullmatch(
        r"demo(?::(\d{2,4})x(\d{2,4}))?(?:@(\d{1,3}(?:\.\d+)?))?", spec)
    if found is None:
        raise wrong(spec)
    width, height = (int(found[1]), int(found[2])) if found[1] else (
        wish.resolution or (640, 480))
    rate = float(found[3] or wish.fps or 30)
    if not (32 <= width <= 7680 and 24 <= height <= 4320 and 0.1 <= rate <= 240):
        raise SettingsError(f"--source is {spec!r}, but a demo camera has 32x24 to "
                            "7680x4320 pixels and 0.1 to 240 frames a second")
    return (width, height), rate

"""From what a user wrote to what can be opened."""

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SettingsError

from .demo import DemoSource
from .network import NetworkSource, without_password
from .source import Opener
from .videofile import VideoFileSource
from .videostream import is_device, open_picamera, open_usb

KINDS = ("0 or /dev/video0 (a USB camera), picamera, a video file, an http:// or "
         "rtsp:// URL, or demo, demo:1280x720, demo:1280x720@15")


class Camera(NamedTuple):
    """A camera that can be opened, and opened again after each loss."""

    label: str          # for logs and pages: never holds a password
    open: Opener


def find_camera(spec: str, *, loop: bool, fps: float | None, clock: Clock) -> Camera:
    """
    Return the camera that *spec* means; nothing is opened yet.

    Raises :exc:`SettingsError` for a spec that can never work.
    """
    if spec == "demo" or spec.startswith("demo:"):
        size, rate = parse_demo(spec, fps)
        return Camera(spec, lambda closing: DemoSource(size, rate, closing, clock))
    if spec == "picamera":
        return Camera(spec, partial(open_picamera, clock=clock))
    if re.match(r"(http|rtsp)s?://[^/]", spec):
        return Camera(without_password(spec),
                      lambda closing: NetworkSource(spec, clock))
    if is_device(spec):
        device = int(spec) if spec.isdigit() else spec
        return Camera(spec, partial(open_usb, device, clock=clock))
    if "://" not in spec and Path(spec).suffix:
        return Camera(Path(spec).name, lambda closing: VideoFileSource(
            spec, loop, closing, clock))
    raise SettingsError(f"--source is {without_password(spec)!r}, but must be {KINDS}")


def parse_demo(spec: str, fps: float | None) -> tuple[tuple[int, int], float]:
    """
    Return size ``(width, height)`` [pixels] and rate of a demo camera.

    The rate is that of the spec, else *fps*, else 30. Raises
    :exc:`SettingsError` for a size outside 32x24 to 7680x4320 or a rate
    outside 0.1 to 240.
    """
    found = re.fullmatch(
        r"demo(?::(\d{2,4})x(\d{2,4}))?(?:@(\d{1,3}(?:\.\d+)?))?", spec)
    if found is None:
        raise SettingsError(f"--source is {spec!r}, but must be {KINDS}")
    size = (int(found[1] or 640), int(found[2] or 480))
    rate = float(found[3] or fps or 30)
    if not (32 <= size[0] <= 7680 and 24 <= size[1] <= 4320 and 0.1 <= rate <= 240):
        raise SettingsError(f"--source is {spec!r}, but a demo camera has 32x24 to "
                            "7680x4320 pixels and 0.1 to 240 frames a second")
    return size, rate

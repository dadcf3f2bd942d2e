"""``--source auto``: find a camera."""

import logging
import threading
from collections.abc import Callable
from functools import partial

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost

from .picamera import open_legacy, open_picamera2
from .source import CaptureRequest, Source
from .usb import open_usb
from .v4l2 import Device, capture_devices

log = logging.getLogger(__name__)


class FirstCamera:
    """
    Open the first camera that gives frames.

    The order is Picamera2, the V4L2 capture devices by number, the legacy picamera
    library. The choice, and why not the others, is logged whenever it changes.
    """

    def __init__(self, request: CaptureRequest, clock: Clock,
                 devices: Callable[[], list[Device]] = capture_devices) -> None:
        self._request = request
        self._clock = clock
        self._devices = devices
        self._logged: list[str] = []

    def __call__(self, closing: threading.Event) -> Source:
        reasons = []
        for name, open_it in self._candidates():
            try:
                source = open_it(closing)
            except CameraLost as lost:
                reasons.append(f"not {name}: {lost}")
                continue
            self._log([*reasons, f"using {name}"])
            return source
        self._log(reasons)
        raise CameraLost("no camera was found; is it plugged in?")

    def _candidates(self) -> list[tuple[str, Callable[[threading.Event], Source]]]:
        usb = [(f"{device.path} ({device.name})",
                partial(open_usb, str(device.path), self._request, self._clock))
               for device in self._devices()]
        return [("Picamera2", partial(open_picamera2, self._request)), *usb,
                ("picamera", partial(open_legacy, self._request, self._clock))]

    def _log(self, lines: list[str]) -> None:
        if lines != self._logged:
            for line in lines:
                log.info("auto: %s", line)
        self._logged = lines

"""Find a camera, so that nobody needs to know what theirs is called."""

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

    Picamera2's comes first, then the capture devices of V4L2 in their order,
    then the legacy picamera library's. Which one it is, and why not the others,
    is logged; the same again only once something changed.
    """

    def __init__(self, wish: CaptureRequest, clock: Clock,
                 devices: Callable[[], list[Device]] = capture_devices) -> None:
        self._wish = wish
        self._clock = clock
        self._devices = devices
        self._told: list[str] = []

    def __call__(self, closing: threading.Event) -> Source:
        reasons = []
        for name, open_it in self._candidates():
            try:
                source = open_it(closing)
            except CameraLost as lost:
                reasons.append(f"not {name}: {lost}")
                continue
            self._tell([*reasons, f"using {name}"])
            return source
        self._tell(reasons)
        raise CameraLost("no camera was found; is it plugged in?")

    def _candidates(self) -> list[tuple[str, Callable[[threading.Event], Source]]]:
        usb = [(f"{device.path} ({device.name})",
                partial(open_usb, str(device.path), self._wish, self._clock))
               for device in self._devices()]
        return [("Picamera2", partial(open_picamera2, self._wish)), *usb,
                ("picamera", partial(open_legacy, self._wish, self._clock))]

    def _tell(self, lines: list[str]) -> None:
        if lines != self._told:
            for line in lines:
                log.info("auto: %s", line)
        self._told = lines

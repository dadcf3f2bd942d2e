"""Pictures of what a detector sees, for an owner who tunes it."""

from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import (
    DETECTION_WIDTH,
    Frame,
    Grey,
    Image,
    Size,
    for_stream,
    scaled,
    scaled_size,
    size_of,
)
from pyimagesearch.jpeg import encode
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.overlay import RED, Annotation, card
from pyimagesearch.rates import RateLimit
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster

VIEW_NAMES = ("boxes", "mask", "difference", "background")
MAX_VIEW_FPS = 10.0         # each is encoded beside the live picture
BLUE, GREY = (255, 150, 50), (150, 150, 150)    # BGR
DIFFERENCE_GAIN = 4         # so that what counts can be seen on a phone
GAP = 3                     # pixels between the boxes of settings in force and on trial


class Look(NamedTuple):
    """What one detection saw in a frame, and with which settings."""

    seen: Detection
    detection: MotionDetection
    settings: CameraSettings

    @property
    def thickness(self) -> int:
        """Width of the lines [pixels]: thin for what is too small for an event."""
        return 3 if self.seen.is_motion(self.settings.min_area) else 1


class DetectorViews:
    """
    Draw and publish the views of one camera's detector, each while it is looked at.

    The camera loop calls all methods except :meth:`hide`. Pictures are at most *width*
    [pixels] wide and of JPEG *quality* 1 to 100.
    """

    def __init__(self, *, width: int, quality: int) -> None:
        self.broadcasters = {name: LatestFrameBroadcaster() for name in VIEW_NAMES}
        self._width = width
        self._quality = quality
        self._limit = RateLimit(MAX_VIEW_FPS)
        self._size: Size = (width, width * 3 // 4)
        self._last: tuple[Frame, Look, Look | None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether an owner looks at any of them."""
        return any(each.viewers for each in self.broadcasters.values())

    def show(self, frame: Frame, now: Look, trial: Look | None) -> None:
        """Publish what detection with the settings *now*, and on *trial*, have seen."""
        self._last, self._size = (frame, now, trial), frame.picture.size
        if not self.wanted:
            self._mark_stale()
        elif self._limit.admits(frame.arrived):
            self._publish(frame, now, trial)

    def catch_up(self) -> None:
        """Show the last frame to owners who came after it: the next may be far."""
        if self._last and any(each.viewers and each.stale
                              for each in self.broadcasters.values()):
            try:
                self._publish(*self._last)
            except BadPicture:      # its brightness was enough for detection
                self._last = None

    def show_card(self, title: str, text: str, now: float) -> None:
        """Publish a card that stands in for the camera, *now* [s since the epoch]."""
        self._last = None
        size = scaled_size(self._size, min(self._width, self._size[0]))
        jpeg = encode(card(size, title, text), self._quality)
        for broadcaster in self.broadcasters.values():
            broadcaster.publish(jpeg, now)

    def hide(self) -> None:
        """Withdraw and forget the last pictures; may be called from any thread."""
        self._last = None
        for broadcaster in self.broadcasters.values():
            broadcaster.hide()

    def close(self) -> None:
        """End all streams."""
        for broadcaster in self.broadcasters.values():
            broadcaster.close()

    def _mark_stale(self) -> None:
        for broadcaster in self.broadcasters.values():
            broadcaster.mark_stale()

    def _publish(self, frame: Frame, now: Look, trial: Look | None) -> None:
        for name, broadcaster in self.broadcasters.items():
            if broadcaster.viewers:
                image = self._draw(name, frame, now, trial)
                broadcaster.publish(encode(image, self._quality), frame.captured)
            else:
                broadcaster.mark_stale()

    def _draw(self, name: str, frame: Frame, now: Look, trial: Look | None) -> Image:
        if name == "boxes":
            image = for_stream(frame.picture.colour(self._width), self._width)
            draw_ignored(image, (trial or now).seen, picture_size(frame))
            draw_boxes(image, now, RED, 0)
            if trial:
                draw_boxes(image, trial, BLUE, GAP)
            clock = now.settings.clock_style
            Annotation((), frame.captured, clock=clock).draw(image)
            return image
        return self._draw_detector(name, frame, trial or now, BLUE if trial else RED)

    def _draw_detector(self, name: str, frame: Frame, look: Look,
                       colour: tuple[int, int, int]) -> Image:
        grey = look.detection.view(name)
        if grey is None and name == "mask":
            grey = look.seen.mask if look.seen.mask is not None else blank(frame)
        if grey is None:
            return card(picture_size(frame), f"no {name}", "of this detector")
        if name == "difference":
            grey = cv2.convertScaleAbs(grey, alpha=DIFFERENCE_GAIN)
        image: Image = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        if name != "background":
            draw_boxes(image, look, colour, 0)
        return image


def picture_size(frame: Frame) -> Size:
    """Return the size in which detectors see *frame* [pixels]."""
    return scaled_size(frame.picture.size, DETECTION_WIDTH)


def blank(frame: Frame) -> Grey:
    """Return a mask of the size of *frame* in which nothing moved."""
    width, height = picture_size(frame)
    return np.zeros((height, width), np.uint8)


def draw_boxes(image: Image, look: Look, colour: tuple[int, int, int], gap: int
               ) -> None:
    """Draw the boxes that are reported, *gap* [pixels] outside of them."""
    for box in look.seen.boxes:
        left, top, right, bottom = scaled(box, look.seen.size, size_of(image))
        cv2.rectangle(image, (left - gap, top - gap), (right + gap, bottom + gap),
                      colour, look.thickness)


def draw_ignored(image: Image, seen: Detection, of: Size) -> None:
    """Draw the boxes of regions, of a picture of size *of*, that are not reported."""
    for region in seen.regions:
        if not region.moving:
            left, top, right, bottom = scaled(region.box, of, size_of(image))
            cv2.rectangle(image, (left, top), (right, bottom), GREY, 1)

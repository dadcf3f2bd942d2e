"""Pictures that were drawn for viewers, so that the recorder need not decode them."""

import threading
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Image, i420_size, size_of

MAX_KEPT_BYTES = 8_000_000
MAX_KEPT = 10       # as many as a fast camera gives while the recorder waits

Yuv = NDArray[Any]      # uint8, I420, shape (height * 3 // 2, width), see i420_size()


def empty_yuv(image: Image) -> Yuv:
    """Return memory for *image*, BGR, as I420; up to three lines are lost."""
    width, height = i420_size(size_of(image))
    return np.empty((height * 3 // 2, width), np.uint8)


def convert(image: Image, yuv: Yuv) -> None:
    """Convert *image*, BGR, to I420 in *yuv*, which has its size."""
    rows, width = yuv.shape
    cv2.cvtColor(image[:rows * 2 // 3, :width], cv2.COLOR_BGR2YUV_I420, yuv)


class Slot:
    """Memory for one picture, used for one after another."""

    def __init__(self, image: Image) -> None:
        self.lock = threading.Lock()    # guards both
        self.number = 0     # of the frame that it holds
        self.yuv = empty_yuv(image)


class DrawnPictures:
    """
    The newest pictures of a pre-roll as they were drawn, while clips are made of them.

    The camera loop gives them, and drops one rather than wait; the recorder takes what
    is there in time, and decodes the JPEG of any other picture. They take at most 8 MB.
    """

    def __init__(self) -> None:
        self._wanted = False
        self._slots: list[Slot] = []

    @property
    def wanted(self) -> bool:
        """Whether the recorder has caught up with the camera, and takes them."""
        return self._wanted

    def want(self, wanted: bool) -> None:
        """Take pictures, or free their memory; called by the recorder."""
        self._wanted = wanted
        if not wanted:
            self._slots = []

    def put(self, number: int, image: Image) -> None:
        """Keep *image*, BGR, of frame *number*; called by the camera loop."""
        slots = self._slots
        if not slots or slots[0].yuv.shape != empty_yuv(image).shape:
            slots = self._slots = make_slots(image)
        slot = slots[number % len(slots)]
        if slot.lock.acquire(blocking=False):
            try:
                convert(image, slot.yuv)
                slot.number = number
            finally:
                slot.lock.release()

    def copy(self, number: int, yuv: Yuv) -> bool:
        """Copy the picture of frame *number* to *yuv*; return whether it was there."""
        slots = self._slots
        slot = slots[number % len(slots)] if slots else None
        if slot is None or slot.number != number or slot.yuv.shape != yuv.shape:
            return False
        with slot.lock:
            np.copyto(yuv, slot.yuv)
            return slot.number == number


def make_slots(image: Image) -> list[Slot]:
    """Return memory for as many pictures like *image* as are kept, at least two."""
    count = MAX_KEPT_BYTES // max(1, empty_yuv(image).nbytes)
    return [Slot(image) for _ in range(max(2, min(MAX_KEPT, count)))]

"""Bound the memory that a video decoder keeps."""

from collections import deque
from typing import Any

from pyimagesearch.frames import Size

from .limits import Allowance

REMEMBERED_FRAMES = 64      # more than any decoder keeps; then a buffer is forgotten


class FrameMemory:
    """
    Claim memory for the frames that a decoder keeps, besides the newest picture.

    A stream may refer back to 16 frames and need that many times the memory of one.
    Which it needs shows in the buffers that its frames are in, as they are used again.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._size: Size | None = None
        self._buffers: deque[int] = deque(maxlen=REMEMBERED_FRAMES)     # addresses
        self._kept = 0      # different ones among them

    def check(self, frame: Any) -> None:
        """Claim memory for a decoded *frame*; raises :exc:`BadPicture`."""
        size = frame.width, frame.height
        if size != self._size:
            self._buffers.clear()
            self._kept = 0
        self._buffers.append(frame.planes[0].buffer_ptr)
        kept = len(set(self._buffers))
        if kept > self._kept or size != self._size:
            each = sum(plane.buffer_size for plane in frame.planes)
            self._allowance.check_video(size, kept * each)
        self._size, self._kept = size, kept

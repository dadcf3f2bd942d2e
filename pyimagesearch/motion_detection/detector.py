"""The protocol of motion detectors."""

from typing import Protocol

from pyimagesearch.frames import (
    Box,
    Grey,
)


class Detector(Protocol):
    """What can take the place of ``SingleMotionDetector``."""

    def update(self, image: Grey) -> None:
        """Learn from *image*."""

    def detect(self, image: Grey, tVal: int) -> tuple[Grey, Box] | None:
        """Return the mask of what moved and the box around it, or ``None``."""

"""Motion detection: images in, boxes out."""

from .singlemotiondetector import SingleMotionDetector

__all__ = ["SingleMotionDetector"]

"""Images in, boxes out: nothing here knows a camera or the web."""

from .singlemotiondetector import SingleMotionDetector

__all__ = ["SingleMotionDetector"]

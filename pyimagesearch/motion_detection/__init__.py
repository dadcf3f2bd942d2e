"""Motion detection: images in, boxes out."""

from .detection import Detection, MotionDetection
from .singlemotiondetector import SingleMotionDetector

__all__ = ["Detection", "MotionDetection", "SingleMotionDetector"]

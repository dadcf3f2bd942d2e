"""Motion detection: images in, boxes out."""

from .adaptive import AdaptiveMotionDetector
from .detection import Detection, MotionDetection
from .singlemotiondetector import SingleMotionDetector

__all__ = ["AdaptiveMotionDetector", "Detection", "MotionDetection",
           "SingleMotionDetector"]

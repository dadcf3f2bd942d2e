"""Motion detection: images in, boxes out."""

from .adaptive import AdaptiveMotionDetector
from .background_files import BackgroundFiles
from .detection import Detection, MotionDetection
from .singlemotiondetector import SingleMotionDetector

__all__ = ["AdaptiveMotionDetector", "BackgroundFiles", "Detection", "MotionDetection",
           "SingleMotionDetector"]

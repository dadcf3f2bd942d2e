"""The adaptive motion detector: one idea a module, from the background to the rules."""

from .adaptivemotiondetector import AdaptiveMotionDetector

__all__ = ["AdaptiveMotionDetector"]

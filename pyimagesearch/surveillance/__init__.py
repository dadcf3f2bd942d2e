"""Watch a camera: the camera loop and the evidence it keeps."""

from .camera_loop import Surveillance

__all__ = ["Surveillance"]

"""Watch a camera: the camera loop and the evidence it keeps."""

from .arming import Arming
from .camera_loop import Surveillance
from .evidence import Evidence

__all__ = ["Arming", "Evidence", "Surveillance"]

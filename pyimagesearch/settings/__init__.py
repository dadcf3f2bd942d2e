"""Settings: flags, environment and TOML file, in one frozen dataclass."""

from .camera_settings import CameraSettings
from .settings import Settings

__all__ = ["CameraSettings", "Settings"]

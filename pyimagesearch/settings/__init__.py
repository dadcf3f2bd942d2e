"""Settings: flags, environment and TOML file, in one frozen dataclass."""

from .settings import CameraSettings, Settings

__all__ = ["CameraSettings", "Settings"]

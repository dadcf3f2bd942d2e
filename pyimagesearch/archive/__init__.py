"""Keep the data folder in order: recovery after a crash, retention, free space."""

from .archive import Archive

__all__ = ["Archive"]

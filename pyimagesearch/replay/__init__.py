"""Replay videos: what would the cameras have stored?"""

from .command import replay

__all__ = ["replay"]

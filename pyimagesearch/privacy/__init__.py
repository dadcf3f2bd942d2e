"""Privacy: blackened regions of pictures, and cameras switched off."""

from .state import Privacy

__all__ = ["Privacy"]

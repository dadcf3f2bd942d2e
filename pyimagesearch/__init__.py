"""A surveillance server: one camera loop, any number of browsers."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyimagesearch.embedding import Cameras

__version__ = "0.1.0"
__all__ = ["Cameras"]


def __getattr__(name: str) -> Any:
    """Import :class:`Cameras` at its first use, as it imports all the rest."""
    if name != "Cameras":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pyimagesearch.embedding import Cameras
    return Cameras

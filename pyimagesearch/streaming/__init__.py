"""Live streams: broadcaster, mosaic, MJPEG, limits of viewers."""

from .broadcaster import LatestFrameBroadcaster
from .mosaic import Mosaic
from .publisher import Publisher
from .viewer_limits import ViewerLimits

__all__ = ["LatestFrameBroadcaster", "Mosaic", "Publisher", "ViewerLimits"]

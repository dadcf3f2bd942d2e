"""Live streams: overlay, broadcaster, mosaic, MJPEG, limits of viewers."""

"""Cameras, by source: "0", "rtsp://...", "picamera", "clip.mp4", "demo"."""

from .cameras import Camera, find_camera

__all__ = ["Camera", "find_camera"]

"""Cameras, by source: "0", "rtsp://...", "picamera", "clip.mp4", "demo"."""

from .cameras import Camera, find_camera, gives_packets
from .imagezmq import ImageHubs
from .limits import MemoryBudget

__all__ = ["Camera", "ImageHubs", "MemoryBudget", "find_camera", "gives_packets"]

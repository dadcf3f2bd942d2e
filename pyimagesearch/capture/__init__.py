"""Cameras, by source: "0", "rtsp://...", "picamera", "clip.mp4", "demo"."""

from .cameras import Camera, find_camera, gives_packets, has_own_video
from .imagezmq import ImageHubs
from .limits import MemoryBudget
from .packet_tee import PacketTee

__all__ = ["Camera", "ImageHubs", "MemoryBudget", "PacketTee", "find_camera",
           "gives_packets", "has_own_video"]

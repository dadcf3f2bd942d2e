"""Cameras, by source: "0", "rtsp://...", "picamera", "clip.mp4", "demo"."""

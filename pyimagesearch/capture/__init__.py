"""A spec ("0", "rtsp://...", "picamera", "clip.mp4", "demo") becomes frames."""

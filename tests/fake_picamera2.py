"""Picamera2, as its manual describes it."""

import numpy as np


class Picamera2:
    """The hardware's side: rows of the small stream are padded to 64 bytes."""

    made = []

    def __init__(self):
        self.calls = []
        Picamera2.made.append(self)

    def create_video_configuration(self, **wanted):
        return wanted

    def configure(self, wanted):
        self.wanted = wanted

    def start(self):
        self.calls.append("start")

    def capture_request(self):
        self.calls.append("capture")
        return self

    def make_array(self, name):
        width, height = self.wanted[name]["size"]
        if name == "main":
            return np.full((height, width, 3), 9, np.uint8)
        rows = np.full((height * 3 // 2, -(-width // 64) * 64), 99, np.uint8)
        rows[:height, :width] = 50
        return rows

    def release(self):
        self.calls.append("release")

    def stop(self):
        self.calls.append("stop")

    def close(self):
        self.calls.append("close")

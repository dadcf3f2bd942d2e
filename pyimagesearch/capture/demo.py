"""``--source demo``: a scene drawn by the program, in place of a camera."""

import threading

import cv2
import numpy as np

from pyimagesearch.clock import Clock
from pyimagesearch.frames import ArrayPicture, Box, Image, Picture, Size

from .demo_figures import draw_car, draw_person
from .pace import Pace
from .patience import INTERVALS_MISSED

NOISE_MARGIN = 32       # pixels by which the noise is larger than the frame
PERSON_SECONDS = (3.0, 9.0, 20.0)       # enters at, takes to cross, returns every
CAR_SECONDS = (14.0, 4.0, 26.0)


class DemoScene:
    """
    A yard with a wall and a road, seen by a noisy camera.

    A person and a car come and go, a lamp flickers. :meth:`picture` depends only on
    its number, *size* ``(width, height)`` [pixels], *fps* and *seed*.
    """

    def __init__(self, size: Size, fps: float, seed: int = 1) -> None:
        self._size = size
        self._fps = fps
        rng = np.random.default_rng(seed)
        self._yard = self._draw_yard(rng)
        self._flicker = rng.integers(-18, 19, 997)
        shape = (size[1] + NOISE_MARGIN, size[0] + NOISE_MARGIN, 3)
        self._brighter = np.empty(shape, np.uint8)
        self._darker = np.empty(shape, np.uint8)
        for row in range(shape[0]):     # all rows at once would take 30 MB
            noise = rng.normal(0, 3.0, shape[1:]).round()
            self._brighter[row] = noise.clip(0, 20)
            self._darker[row] = (-noise).clip(0, 20)

    def boxes(self, number: int) -> list[Box]:
        """Return the boxes of person and car in picture *number*, if in view."""
        width, height = self._size
        found = []
        for (enters, crosses, every), tall, wide, foot in (
                (PERSON_SECONDS, 0.42, 0.13, 0.86), (CAR_SECONDS, 0.20, 0.34, 0.97)):
            seconds = (number / self._fps - enters) % every
            if number / self._fps < enters or seconds > crosses:
                continue
            span = wide * width
            left = (width + span) * seconds / crosses - span
            if wide > 0.2:      # the car drives the other way
                left = width - span - left
            found.append((int(left), int((foot - tall) * height),
                          int(left + span), int(foot * height)))
        return found

    def picture(self, number: int) -> Image:
        """Return picture *number*, ``uint8`` BGR of shape ``(height, width, 3)``."""
        image = self._yard.copy()
        height, width, _ = image.shape
        level = 200 + int(self._flicker[number % len(self._flicker)])
        cv2.circle(image, (int(0.84 * width), int(0.16 * height)), max(2, width // 48),
                   (level - 40, level, level + 20), -1)     # a lamp
        for box in self.boxes(number):
            is_car = box[2] - box[0] > box[3] - box[1]
            (draw_car if is_car else draw_person)(image, box, number / self._fps)
        x, y = number * 7919 % NOISE_MARGIN, number * 104729 // 7 % NOISE_MARGIN
        window = slice(y, y + height), slice(x, x + width)
        cv2.add(image, self._brighter[window], dst=image)
        cv2.subtract(image, self._darker[window], dst=image)
        return image

    def _draw_yard(self, rng: np.random.Generator) -> Image:
        width, height = self._size
        texture = np.zeros((height, width), np.float32)
        for cells, strength in ((4, 18), (16, 12), (64, 9), (160, 7)):
            rough = rng.normal(0, strength, (cells * 3 // 4 + 1, cells))
            texture += cv2.resize(rough.astype(np.float32), (width, height),
                                  interpolation=cv2.INTER_CUBIC)
        yard = np.empty((height, width, 3), np.float32)
        yard[:] = np.linspace(95, 135, height, dtype=np.float32)[:, None, None]
        yard[int(0.62 * height):] *= (0.80, 0.86, 0.90)     # the road, warmer
        yard += texture[:, :, None]
        for row in range(1, 7):                             # courses of the wall
            y = int(0.62 * height * row / 7)
            cv2.line(yard, (0, y), (width, y), (80, 82, 86), max(1, height // 240))
        return yard.clip(10, 235).astype(np.uint8)


class DemoSource:
    """Play a :class:`DemoScene` in real time."""

    def __init__(self, size: Size, fps: float, closing: threading.Event,
                 clock: Clock) -> None:
        self.read_timeout = max(5.0, INTERVALS_MISSED / fps)
        self.granted = f"demo {size[0]}x{size[1]} at {fps:g} fps"
        self._scene = DemoScene(size, fps)
        self._pace = Pace(fps, closing, clock)
        self._number = 0

    def read(self) -> Picture:
        image = self._scene.picture(self._number)
        self._number += 1
        self._pace.tick()
        return ArrayPicture(image)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

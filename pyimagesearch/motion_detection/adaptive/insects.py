"""Recognise insects and spiders close to the lens, which an infrared lamp attracts."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import Grey

from .observation import KERNEL_3, Candidate, Observation
from .rules import Verdict
from .tracks import flight

KERNEL_9 = np.ones((9, 9), np.uint8)
DECILE = 0.9                # of the pixels are darker than "the brightest ones"
LEAST_SLOPE = 4.0           # grey levels from pixel to pixel; less is noise
STRONG_SLOPE, LEAST_EDGES = 16.0, 20    # of an edge of the scene, and pixels with one
SHARPEST, NOT_SHARP = 1.2, 3.0  # pixels that the edges of a scene take


class OutOfFocus:
    """
    Leave out what is far less sharp than the scene: it is close to the lens.

    A camera with a fixed focus is sharp from a metre or so to infinity. A spider, its
    thread, or a moth near the infrared lamp is closer: its rim is several pixels wide.
    The width of an edge is the height of the step over the steepest slope (Marziliano
    et al., "A no-reference perceptual blur metric", 2002); that of the strongest edges
    of the background is the measure.
    """

    BLURRED = 1.18          # times as wide as the edges of the scene
    BLURRED_BEFORE = 1.05   # the same for a region that was blurred
    THREAD, BLURRED_THREAD = 10.0, 0.9  # times as long as wide, and as blurred
    LEAST_OF_THICKNESS = 0.1    # round things have wide shades
    LARGEST_SHARE = 0.08    # of the picture: larger things are judged as others are
    EVERY, FRESH_SHARE = 3, 0.5     # frames; of a measured one in the mean width

    def __init__(self) -> None:
        self._scene_width = math.inf    # of the edges of the background [pixels]
        self._measured = -10**6     # number of the frame in which that was measured

    def judge(self, found: Candidate, seen: Observation) -> Verdict | None:
        """Compare the edges of *found* with those of the background."""
        if found.area > self.LARGEST_SHARE * seen.grey.size:
            return None
        self._measure_scene(seen)
        track = found.track
        if not track.edge_width:
            track.edge_width = edge_width(found, seen.difference)
        elif track.age % self.EVERY == 0:
            track.edge_width += self.FRESH_SHARE * (
                edge_width(found, seen.difference) - track.edge_width)
        length = math.dist(found.box[:2], found.box[2:])    # of its diagonal
        thickness = found.area / length
        factor = self.BLURRED_BEFORE if track.blurred else self.BLURRED
        if length > self.THREAD * thickness:
            factor = self.BLURRED_THREAD
        track.blurred = track.edge_width > max(factor * self._scene_width,
                                               self.LEAST_OF_THICKNESS * thickness)
        if not track.blurred:
            return None
        return Verdict("is out of focus, as insects close to the lens are", False)

    def _measure_scene(self, seen: Observation) -> None:
        """Measure the edges of the background, once a second at most."""
        if seen.number - self._measured >= seen.timing.fps:
            self._scene_width = scene_edge_width(seen.background.shown)
            self._measured = seen.number


class Erratic:
    """
    Leave out what flies many times its own length in a second, but not straight on.

    A walker makes one to two of its own lengths in a second, a car or a cat up to six;
    insects ten to fifty. Lights of vehicles come close to that, but on a smooth path:
    what is that fast has to go straight on first.
    """

    LENGTHS = 8.0           # of its own in a second
    SECONDS, FRAMES = 0.4, 4    # in which the path is looked at, and at least
    STRAIGHT, STRAIGHT_FRAMES = 0.96, 5     # end to end over the length of the path
    LARGEST_SHARE = 0.02    # of the picture; larger ones are out of focus
    SURELY_STRAIGHT = 0.995     # of the whole path: never mind what it did before
    HOLD_SECONDS = 0.5      # that it must fly or walk like others do afterwards

    def judge(self, found: Candidate, seen: Observation) -> Verdict | None:
        """Look at how fast *found* went lately, and whether straight on."""
        if found.area > self.LARGEST_SHARE * seen.grey.size:
            return None
        track = found.track
        steps = seen.timing.frames(self.SECONDS, self.FRAMES)
        boxes = track.path[-steps - 1:]
        speed, straight = flight(boxes)
        fast = speed * seen.timing.fps > self.LENGTHS * math.sqrt(found.area)
        if fast and (len(boxes) < self.STRAIGHT_FRAMES or straight < self.STRAIGHT):
            track.erratic_until = seen.number + seen.timing.frames(self.HOLD_SECONDS)
        elif fast and len(boxes) > steps and straight > self.SURELY_STRAIGHT:
            track.erratic_until = 0
        if seen.number < track.erratic_until:
            return Verdict("flies fast and to and fro, as insects do", False)
        return None


def edge_width(found: Candidate, difference: Grey) -> float:
    """Return how many pixels the edges of *found* take, in the *difference*."""
    rows, columns = found.at
    wider = difference[max(0, rows.start - 1):rows.stop + 1,
                       max(0, columns.start - 1):columns.stop + 1]
    slopes = cv2.morphologyEx(wider, cv2.MORPH_GRADIENT, KERNEL_3)
    top, left = min(1, rows.start), min(1, columns.start)
    height, width = found.shape.shape
    inside = found.inside
    step = upper_decile(difference[found.at][inside])
    slope = upper_decile(slopes[top:top + height, left:left + width][inside])
    return step / max(LEAST_SLOPE, slope)


def scene_edge_width(background: Grey) -> float:
    """
    Return how many pixels the strongest edges of *background* take.

    Infinity if it is not sharp itself: then its sharpness says nothing.
    """
    slopes = cv2.morphologyEx(background, cv2.MORPH_GRADIENT, KERNEL_3)
    strong = slopes >= max(STRONG_SLOPE, np.percentile(slopes, 98))
    if np.count_nonzero(strong) < LEAST_EDGES:
        return math.inf
    steps = cv2.morphologyEx(background, cv2.MORPH_GRADIENT, KERNEL_9)
    width = float(np.median(steps[strong] / slopes[strong]))
    return max(SHARPEST, width) if width < NOT_SHARP else math.inf


def upper_decile(values: NDArray[Any]) -> float:
    """Return the value that a tenth of *values*, of which there are some, exceed."""
    nth = int(DECILE * (values.size - 1))
    return float(np.partition(values, nth)[nth])

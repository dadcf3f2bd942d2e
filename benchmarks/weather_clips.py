"""
Recordings with weather laid over them, whose truth stays known.

A base is a recording cut so that it has a long quiet part before its motion, and mostly
one after it; quiet frames are played to and fro for that. Constants of detectors may be
chosen on the bases and the seed for tuning; those for validation are for measuring.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.frames import Image

from . import weather
from .footage import Interval, Recording
from .judging import LEARNING_FRAMES

QUIET, MOTION, EITHER = "quiet", "motion", "either"
SETTLING_FRAMES = LEARNING_FRAMES + 7       # that are not judged, at the beginning
TUNING_SEED, VALIDATION_SEED = 1, 2
EFFECTS = ("none", *weather.EFFECTS)


class Part(NamedTuple):
    """A part of a base, in frames of its recording."""

    kind: str
    first: int
    end: int
    seconds: float = 0.0    # to play them to and fro for; 0: once

    def numbers(self, fps: float, step: int) -> list[int]:
        """Return the numbers of the frames to play, every *step*-th."""
        once = range(self.first, self.end, step)
        if not self.seconds:
            return list(once)
        there_and_back = [*once, *reversed(once[1:-1])]
        wanted = int(self.seconds * fps)
        return list(itertools.islice(itertools.cycle(there_and_back), wanted))


class Base(NamedTuple):
    """How to cut one recording."""

    name: str
    parts: tuple[Part, ...]
    step: int = 1       # 2: every second frame


TUNING = (
    Base("bicycle2", (
        Part(QUIET, 0, 232, 37), Part(EITHER, 232, 240), Part(MOTION, 240, 416),
        Part(EITHER, 416, 428), Part(QUIET, 428, 540, 22)), step=2),
    Base("atv", (
        Part(QUIET, 0, 148, 46), Part(EITHER, 148, 152), Part(MOTION, 152, 184))),
    Base("I2R_Lobby", (
        Part(QUIET, 0, 148, 35), Part(EITHER, 148, 152), Part(MOTION, 152, 203),
        Part(EITHER, 203, 206), Part(QUIET, 206, 340, 30))),
    Base("one-by-one-person-detection", (
        Part(QUIET, 0, 50, 35), Part(EITHER, 50, 60), Part(MOTION, 60, 198),
        Part(EITHER, 198, 208), Part(QUIET, 208, 222, 15), Part(EITHER, 222, 227),
        Part(MOTION, 227, 300))))
VALIDATION = (
    Base("d_walk", (
        Part(QUIET, 0, 55, 35), Part(EITHER, 55, 60), Part(MOTION, 60, 280))),
    Base("office", (
        Part(QUIET, 0, 105, 35), Part(EITHER, 105, 115), Part(MOTION, 115, 260)),
        step=2),
    Base("atv2", (
        Part(QUIET, 0, 56, 45), Part(EITHER, 56, 59), Part(MOTION, 59, 108),
        Part(EITHER, 108, 118), Part(QUIET, 118, 162, 30))),
    Base("car-detection", (
        Part(QUIET, 114, 178, 30), Part(EITHER, 178, 182), Part(MOTION, 182, 241),
        Part(EITHER, 241, 246), Part(QUIET, 246, 312, 25), Part(EITHER, 312, 316),
        Part(MOTION, 316, 349))))
DEMO = Base("demo", (       # at 10 fps: an empty yard, a walker, and a car
    Part(QUIET, 0, 30, 35), Part(MOTION, 30, 120), Part(QUIET, 120, 140, 20),
    Part(MOTION, 140, 180)))


def demo_recording() -> Recording:
    """Return the first 18 s of the demo camera."""
    scene = DemoScene((400, 300), 10.0)
    return Recording("demo", 10.0, lambda: map(scene.picture, range(180)))


def weather_clips(bases: Iterable[Base], recordings: Iterable[Recording], seed: int,
                  effects: Sequence[str] = EFFECTS) -> Iterator[Recording]:
    """Yield each of *bases* found among *recordings* under each of *effects*."""
    known = {recording.name: recording for recording in recordings}
    for base in bases:
        if base.name in known:
            clip = cut(base, known[base.name])
            frames = list(clip.play())
            for effect in effects:
                yield with_weather(clip, frames, effect, seed)


def cut(base: Base, recording: Recording) -> Recording:
    """Return *recording*, cut as *base* says."""
    fps = recording.fps / base.step
    numbers: list[int] = []
    marked: dict[str, list[Interval]] = {QUIET: [], MOTION: [], EITHER: []}
    for part in base.parts:
        first = len(numbers)
        numbers += part.numbers(fps, base.step)
        marked[part.kind].append((max(first, SETTLING_FRAMES), len(numbers)))

    def play() -> Iterator[Image]:
        needed = set(numbers)
        frames = {number: frame for number, frame in enumerate(recording.play())
                  if number in needed}
        return map(frames.__getitem__, numbers)

    return Recording(base.name, fps, play, {}, tuple(marked[MOTION]),
                     tuple(marked[QUIET]))


def with_weather(clip: Recording, frames: Sequence[Image], effect: str,
                 seed: int) -> Recording:
    """Return *clip*, of *frames*, with *effect* laid over it."""
    return Recording(f"{clip.name} in {effect}", clip.fps,
                     lambda: weather.lay(effect, frames, clip.fps, seed), {},
                     clip.events, clip.quiet)


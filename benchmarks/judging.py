"""
Judge a motion detector by a recording: its pixels, its frames, and what an owner sees.

The detector runs in the product's own ``MotionDetection``, on frames 400 px wide, and
its motion through the product's own ``MotionEvents`` with the default settings; the
clock is the number of the frame by the frames per second. Frames that detection leaves
out, as nothing differs, count as without motion.

Frames are judged once the background is learnt: after 32 frames, or 60 where masks say
what moves from the first frame on. In *positive* frames at least 0.1 % of the pixels
move, or an event is marked; in *quiet* ones no pixel does, or quiet is marked. All
others do not count.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.frames import ArrayPicture, Box, Grey, Image, enclosing
from pyimagesearch.motion_detection import Detection, MotionDetection
from pyimagesearch.motion_detection.motionevents import MotionEvents

from .footage import Interval, Recording, moving, resting

MIN_AREA = 1.0                  # the default of --min-area [per mille]
LEARNING_FRAMES = 33            # the default of --frame-count, and the first to detect
LEARNING_FRAMES_MASKED = 60     # where masks begin with the first frame
POSITIVE_SHARE = 0.001          # of the pixels that must move
EVENT_GAP = 8                   # frames without motion that part no event of the masks
MIN_EVENT_FRAMES = 5            # of an event of the masks
AHEAD_SECONDS = 1.0             # an event may begin so long before the motion
CLEAN_FRAMES = 40               # that show the clean background

Flags = NDArray[np.bool_]       # one for each frame
Watcher = Callable[[Image, float], Detection]   # a frame and its time [s]


class Pixels(NamedTuple):
    """Pixels that were judged."""

    right: int = 0      # reported, and moving
    wrong: int = 0      # reported, and at rest
    missed: int = 0     # moving, and not reported

    @property
    def f_score(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def plus(self, mask: Grey | None, truth: Grey) -> "Pixels":
        """Return these and those of *mask*, judged by *truth*."""
        said = np.zeros(truth.shape, bool) if mask is None else mask > 0
        moves = moving(truth)
        return Pixels(self.right + count(said & moves),
                      self.wrong + count(said & resting(truth)),
                      self.missed + count(~said & moves))


class Event(NamedTuple):
    """A motion event, in numbers of frames."""

    first: int      # that shows motion
    last: int
    decided: int    # in which the event began to last


@dataclass
class Score:
    """What one detector did with one recording."""

    pixels: Pixels | None = None    # None without enough masks
    overlaps: list[float] = field(default_factory=list)
    found_frames: int = 0           # positive ones that were reported
    positive_frames: int = 0
    false_frames: int = 0           # quiet ones that were reported
    quiet_frames: int = 0
    quiet_seconds: float = 0.0
    recorded_seconds: float = 0.0   # quiet ones inside of events
    events: int = 0                 # to be found
    events_found: int = 0
    false_events: int = 0           # that began in quiet
    delays: list[float] = field(default_factory=list)   # of events found [s]
    cost: float = 0.0               # CPU time a frame [s]
    tutorials_cost: float = 0.0     # the same of the tutorial's steps, in the same run


@dataclass(frozen=True)
class Labels:
    """What the truth says of each frame."""

    positive: Flags
    quiet: Flags
    events: tuple[Interval, ...]


class Tally:
    """What one detector reports, frame by frame."""

    def __init__(self, watch: Watcher) -> None:
        self.motion: list[bool] = []        # enough for --min-area
        self.reported: list[bool] = []
        self.overlaps: list[float] = []
        self.pixels = Pixels()
        self.seconds = 0.0                  # of CPU
        self._watch = watch

    def look(self, frame: Image, at: float, truth: Grey | None) -> None:
        """Take the *frame* of time *at*; *truth* is its mask, if it is judged."""
        before = time.thread_time()
        seen = self._watch(frame, at)
        self.seconds += time.thread_time() - before
        self.motion.append(seen.is_motion(MIN_AREA))
        self.reported.append(bool(seen.boxes))
        if truth is None:
            return
        self.pixels = self.pixels.plus(seen.mask, truth)
        if is_positive(truth):
            self.overlaps.append(overlap(enclosing(seen.boxes), box_of(truth)))


def watcher(detection: MotionDetection) -> Watcher:
    """Return what shows frames to *detection*, at its own pace, as a camera does."""
    return lambda frame, at: detection.look(ArrayPicture(frame), at, every=False)


def judge(recording: Recording, watchers: Sequence[Watcher]) -> list[Score]:
    """Play *recording* to all *watchers*, and return their scores, in that order."""
    tallies = [Tally(watch) for watch in watchers]
    begin = first_judged(recording)
    states = []     # 1 positive, 0 quiet, -1 neither, by the masks
    for number, frame in enumerate(recording.play()):
        truth = recording.mask(number) if number >= begin else None
        states.append(-1 if truth is None else state_of(truth))
        for tally in tallies:
            tally.look(frame, number / recording.fps, truth)
    labels = labels_of(recording, np.array(states), begin)
    return [score_of(recording, labels, tally) for tally in tallies]


def judge_after(recording: Recording, background: Image,
                watchers: Sequence[Watcher]) -> list[Pixels]:
    """
    Show the clean *background* to all *watchers* and then *recording*.

    The pixels of the same frames are judged as without the background.
    """
    tallies = [Tally(watch) for watch in watchers]
    begin = first_judged(recording)
    for number in range(CLEAN_FRAMES):
        for tally in tallies:
            tally.look(background, number / recording.fps, None)
    for number, frame in enumerate(recording.play()):
        truth = recording.mask(number) if number >= begin else None
        for tally in tallies:
            tally.look(frame, (number + CLEAN_FRAMES) / recording.fps, truth)
    return [tally.pixels for tally in tallies]


def first_judged(recording: Recording) -> int:
    """Return the first frame to be judged."""
    if recording.events is not None or not recording.masks:
        return LEARNING_FRAMES
    first = recording.first_mask()
    return max(first, LEARNING_FRAMES) if first else LEARNING_FRAMES_MASKED


def labels_of(recording: Recording, states: NDArray[Any], begin: int) -> Labels:
    """Return the labels of *recording*: as marked, or by the *states* of its masks."""
    if recording.events is None:
        events = [run for run in runs(states == 1, EVENT_GAP)
                  if run[1] - run[0] >= MIN_EVENT_FRAMES]
        return Labels(states == 1, states == 0, tuple(events))
    marked = [(max(first, begin), end) for first, end in recording.events
              if end > begin]
    quiet = [(max(first, begin), end) for first, end in recording.quiet]
    return Labels(flags(marked, len(states)), flags(quiet, len(states)), tuple(marked))


def score_of(recording: Recording, labels: Labels, tally: Tally) -> Score:
    """Return the score of *tally* by *labels*."""
    reported, fps = np.array(tally.reported), recording.fps
    score = Score(
        found_frames=count(reported & labels.positive),
        positive_frames=count(labels.positive),
        false_frames=count(reported & labels.quiet), quiet_frames=count(labels.quiet),
        quiet_seconds=count(labels.quiet) / fps, events=len(labels.events),
        cost=tally.seconds / len(reported))
    if recording.has_pixel_truth():
        score.pixels, score.overlaps = tally.pixels, tally.overlaps
    events, frames = motion_events(tally.motion, fps), len(reported)
    lasting = flags([(event.first, event.last + 1) for event in events], frames)
    unneeded = lasting & labels.quiet & ~lasting_at_best(labels, tally.motion, fps)
    score.recorded_seconds = count(unneeded) / fps
    ahead = round(AHEAD_SECONDS * fps)
    score.false_events = sum(
        bool(labels.quiet[event.first])
        and not labels.positive[event.first:event.first + ahead].any()
        for event in events)
    decided = flags([(event.decided, event.last + 1) for event in events], frames)
    for first, end in labels.events:
        found = np.flatnonzero(decided[first:end])
        if len(found):
            score.delays.append(int(found[0]) / fps)
    score.events_found = len(score.delays)
    return score


def motion_events(motion: Iterable[bool], fps: float) -> list[Event]:
    """Return the events of frames with and without *motion*."""
    grouping, events = MotionEvents(), []
    first = decided = number = 0
    for number, moved in enumerate(motion):
        for change in grouping.on_frame(number / fps, bool(moved)):
            if change.started:
                first, decided = round(change.at * fps), number
            else:
                events.append(Event(first, round(change.at * fps), decided))
    events += [Event(first, round(change.at * fps), decided)
               for change in grouping.reset()]
    return events


def lasting_at_best(labels: Labels, motion: Sequence[bool], fps: float) -> Flags:
    """Return where an event lasts if all quiet and positive frames are seen right."""
    best = labels.positive | (np.array(motion, bool) & ~labels.quiet)
    return flags([(event.first, event.last + 1) for event in motion_events(best, fps)],
                 len(best))


def runs(marked: Flags, gap: int = 0) -> list[Interval]:
    """Return the intervals that are *marked*; up to *gap* frames part none."""
    found: list[Interval] = []
    for number in map(int, np.flatnonzero(marked)):
        if found and number - found[-1][1] <= gap:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found


def flags(marked: Iterable[Interval], frames: int) -> Flags:
    """Return a flag for each of *frames*: whether it is in one of *marked*."""
    found = np.zeros(frames, bool)
    for first, end in marked:
        found[first:end] = True
    return found


def state_of(truth: Grey) -> int:
    """Return 1 for a positive frame, 0 for a quiet one and -1 for neither."""
    if not moving(truth).any():
        return 0
    return 1 if is_positive(truth) else -1


def is_positive(truth: Grey) -> bool:
    """Whether enough moves in a frame of the mask *truth* to be found."""
    return count(moving(truth)) >= POSITIVE_SHARE * truth.size


def box_of(truth: Grey) -> Box:
    """Return the box around all that moves in *truth*."""
    left, top, width, height = cv2.boundingRect(moving(truth).astype(np.uint8))
    return left, top, left + width, top + height


def overlap(box: Box | None, truth: Box) -> float:
    """Return the intersection of both by their union."""
    if box is None:
        return 0.0
    across = min(box[2], truth[2]) - max(box[0], truth[0])
    down = min(box[3], truth[3]) - max(box[1], truth[1])
    shared = max(0, across) * max(0, down)
    return shared / (area_of(box) + area_of(truth) - shared)


def area_of(box: Box) -> int:
    """Return how many pixels are in *box*."""
    return (box[2] - box[0]) * (box[3] - box[1])


def count(marked: Any) -> int:
    """Return how many are *marked*."""
    return int(np.count_nonzero(marked))

"""Group frames with motion into motion events."""

import collections
from typing import NamedTuple

RECENT_FRAMES = 5       # of which some must show motion to start an event
INTERVALS_STILL = 2.5   # between frames, of which an event outlasts so many


class Change(NamedTuple):
    """The start or end of a motion event."""

    started: bool
    at: float       # time of its first or last frame with motion


class MotionEvents:
    """
    Group frames with motion into events, and ignore single ones, such as an insect.

    An event starts when *min_frames* (1 to 5) of the last five frames show motion, and
    ends after *post_roll* [s] without any, or after two and a half intervals between
    frames if they come more slowly. Only the times of the frames count: a pause ends
    an event. Starts and ends alternate. Belongs to one thread.
    """

    def __init__(self, *, min_frames: int = 3, post_roll: float = 5.0) -> None:
        self._min_frames = min_frames
        self._post_roll = post_roll
        self._recent: collections.deque[tuple[float, bool]] = collections.deque(
            maxlen=RECENT_FRAMES)       # times, and whether there was motion
        self._last_motion: float | None = None      # during an event
        self._is_paused = False
        self._paused = 0.0      # since then [s]

    def apply(self, *, min_frames: int, post_roll: float) -> None:
        """Go by other numbers from the next frame on."""
        self._min_frames, self._post_roll = min_frames, post_roll

    @property
    def ongoing(self) -> bool:
        """Whether an event has started and not ended."""
        return self._last_motion is not None

    @property
    def candidate_since(self) -> float | None:
        """The time from which an event may yet start; ``None`` without motion."""
        return next((at for at, motion in self._recent if motion), None)

    def pause(self) -> None:
        """Leave the time until the next frame out of account, as the signal is lost."""
        self._is_paused = True

    def on_frame(self, at: float, motion: bool) -> list[Change]:
        """
        Take the frame of time *at* [s, never decreasing]; return the changes.

        After a pause, these can be an end and a start.
        """
        changes = []
        if self._is_paused and self._recent:
            self._skip(at - self._recent[-1][0])
        self._is_paused = False
        if self._last_motion is not None and at - self._last_motion - self._paused >= (
                max(self._post_roll, INTERVALS_STILL * self._interval())):
            changes = self.reset()
        self._recent.append((at, motion))
        if self.ongoing:
            if motion:
                self._last_motion, self._paused = at, 0.0
            return changes
        moved = [time for time, motion in self._recent if motion]
        if motion and len(moved) >= self._min_frames:
            changes.append(Change(True, moved[0]))
            self._last_motion, self._paused = at, 0.0
        return changes

    def _skip(self, pause: float) -> None:
        """Leave *pause* seconds out of account."""
        self._paused += pause
        recent = [(at + pause, motion) for at, motion in self._recent]
        self._recent.clear()
        self._recent.extend(recent)

    def resume(self, at: float) -> None:
        """Take an event for ongoing that began before the first frame, of time *at*."""
        self._last_motion = at

    def reset(self) -> list[Change]:
        """Forget all frames, as after a signal loss; return the end of an event."""
        ended = [] if self._last_motion is None else [Change(False, self._last_motion)]
        self._last_motion = None
        self._is_paused, self._paused = False, 0.0
        self._recent.clear()
        return ended

    def _interval(self) -> float:
        """Return the mean interval between the recent frames [s]."""
        if len(self._recent) < 2:
            return 0.0
        return (self._recent[-1][0] - self._recent[0][0]) / (len(self._recent) - 1)

"""From motion in single frames to motion events with a beginning and an end."""

import collections
from typing import NamedTuple

WINDOW = 5      # frames that are looked back on


class Started(NamedTuple):
    """A motion event began, with the first of the frames that made it one."""

    at: float


class Ended(NamedTuple):
    """The motion event is over; *at* is when motion was last seen."""

    at: float


class MotionEvents:
    """
    Tell motion events from single frames with motion, such as a passing insect.

    An event starts when *min_frames* (1 to 5) of the last five frames had motion,
    and ends after *post_roll* [s] without any. Nothing but the time stamps given
    drives it, so neither the rate of the frames nor a pause matters. Starts and
    ends alternate. One thread owns it.
    """

    def __init__(self, *, min_frames: int = 3, post_roll: float = 5.0) -> None:
        self._min_frames = min_frames
        self._post_roll = post_roll
        self._lately: collections.deque[float | None] = collections.deque(maxlen=WINDOW)
        self._last_motion: float | None = None      # while an event lasts

    @property
    def lasting(self) -> bool:
        """Whether an event has started and not ended."""
        return self._last_motion is not None

    @property
    def since(self) -> float | None:
        """When the next event would begin, from what was seen; ``None``: not yet."""
        return next((at for at in self._lately if at is not None), None)

    def see(self, at: float, motion: bool) -> list[Started | Ended]:
        """
        Take in the frame of time *at* [s, never decreasing]; return what came of it.

        After a pause, that can be an end and a start at once.
        """
        told: list[Started | Ended] = self._end_if_still(at)
        self._lately.append(at if motion else None)
        if self.lasting:
            self._last_motion = at if motion else self._last_motion
            return told
        moved = [seen for seen in self._lately if seen is not None]
        if motion and len(moved) >= self._min_frames:
            told.append(Started(moved[0]))
            self._last_motion = at
        return told

    def stop(self) -> list[Ended]:
        """Forget all, as when the camera is lost; return the end of what lasted."""
        ended = [] if self._last_motion is None else [Ended(self._last_motion)]
        self._last_motion = None
        self._lately.clear()
        return ended

    def _end_if_still(self, at: float) -> list[Started | Ended]:
        if self._last_motion is None or at - self._last_motion < self._post_roll:
            return []
        return list(self.stop())

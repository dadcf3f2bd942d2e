"""Changes of the light: a lamp, the exposure, infrared instead of colour."""

import collections
import math
from collections.abc import Callable

import cv2
import numpy as np

from pyimagesearch.frames import Image

from .scene_view import View

COMPARED_SECONDS = 2.0  # a change of the light that takes longer is none
CHANGED_LEVELS, CHANGED_SHARE = 12.0, 0.2   # of a block's brightness, the larger counts
SWINGING_SHARE = 0.42   # of the blocks that became all brighter, or all darker
LASTING_SHARE = 0.33    # the same, once the light has come to rest
RESTING_SHARE = 0.15    # the same within a second, of light at rest
LONGEST_SWING = 6.0     # seconds
REST_SECONDS = 1.0

SETTLING_SECONDS = 5.0  # after the light, in which a detector may still find it
MOTION_SECONDS = 0.7    # of motion just before the light, which then goes on
PAUSE_SECONDS = 1.0     # without motion, that end it

COLOUR_SECONDS = 10.0   # between two looks at the colours, which cost a decoded picture
CONFIRMING_SECONDS = 1.0    # until a switch of the colours is believed
DOUBTFUL_SECONDS = 4.0      # for which one waits to be confirmed
GRADUAL_SECONDS = 25.0  # a camera loses its colours more slowly at dusk
NO_COLOUR, SOME_COLOUR = 2.5, 10.0  # spread of the channels in the most coloured parts
LEAST_BRIGHTNESS = 12.0     # of a picture whose colours say anything


class LightChanges:
    """
    Find changes of the light that last; a flash or passing headlights do not.

    *swing* is when the light began to change [s, monotonic], while it does.
    """

    def __init__(self) -> None:
        self.swing: float | None = None
        self._views: collections.deque[tuple[float, View]] = collections.deque()
        self._before: View | None = None

    def look(self, at: float, view: View, *,
             explained: bool) -> tuple[float, str] | None:
        """
        Return when the light changed, and how, once that is over.

        *explained* says whether the scene shows the same edges as ever, so that light
        can explain a change.
        """
        if not explained:
            self.forget()
            return None
        while self._views and at - self._views[0][0] > COMPARED_SECONDS:
            self._views.popleft()
        self._views.append((at, view))
        if self.swing is not None:
            return self._end_swing(at, view)
        if before := self._changed_since(view):
            self.swing, self._before = before
        return None

    def forget(self) -> None:
        """Begin with the next view, as after a pause."""
        self.swing, self._before = None, None
        self._views.clear()

    def _changed_since(self, view: View) -> tuple[float, View] | None:
        """Return the view, with its time, that was much brighter or darker."""
        if len(self._views) < 2 or max(     # a sudden change, and a slow one
                one_sided(before, view) for _, before in (self._views[-2],
                                                          self._views[0])
                ) < SWINGING_SHARE:
            return None
        return next((at, before) for at, before in reversed(self._views)
                    if one_sided(before, view) >= SWINGING_SHARE)

    def _end_swing(self, at: float, view: View) -> tuple[float, str] | None:
        """Return the change once the light rests, if it is not as before."""
        began, before = self.swing, self._before
        assert began is not None
        assert before is not None
        earlier = [each for time, each in self._views if at - time >= REST_SECONDS]
        rests = earlier and one_sided(earlier[-1], view) < RESTING_SHARE
        if not rests and at - began < LONGEST_SWING:
            return None
        self.forget()
        if one_sided(before, view) < LASTING_SHARE:
            return None
        return began, "brighter" if view.brightness > before.brightness else "darker"


class LightHold:
    """
    Decide when what a detector finds is only a change of the light.

    Motion that went on before the light changed is still motion: somebody came in and
    switched it on.
    """

    def __init__(self) -> None:
        self._motion_since: float | None = None     # all in s, monotonic
        self._motion_last = -math.inf
        self._is_holding = False
        self._until = -math.inf

    def holds(self, at: float, area: float, *, swings: bool) -> bool:
        """
        Return whether the *area* found at the time *at* [per mille] is no motion.

        *swings* says whether the light changes now.
        """
        self._note_motion(at, area)
        if swings:
            since = at if self._motion_since is None else self._motion_since
            self._is_holding = self._is_holding or at - since < MOTION_SECONDS
            self._until = at + SETTLING_SECONDS
        elif not area or at >= self._until:
            self._is_holding = False
        return self._is_holding

    def _note_motion(self, at: float, area: float) -> None:
        """Note how long there has been motion, other than light."""
        if at - self._motion_last > PAUSE_SECONDS:
            self._motion_since = None
        if area and not self._is_holding:
            if self._motion_since is None:
                self._motion_since = at
            self._motion_last = at


class ColourSwitch:
    """Find when a camera switches between colour and infrared."""

    def __init__(self) -> None:
        self.due = 0.0      # time of the next look; all times are in s, monotonic
        self._looked = -math.inf
        self._colourful: bool | None = None
        self._certain_at = 0.0      # when that was seen last
        self._doubted_at = -math.inf    # when the contrary was seen first

    def is_doubtful(self, at: float) -> bool:
        """Return whether the colours have just changed, and that is to be confirmed."""
        return at - self._doubted_at < DOUBTFUL_SECONDS

    def hurry(self, at: float) -> None:
        """Have the next look soon, as the picture has changed."""
        self.due = min(self.due, max(at, self._looked + CONFIRMING_SECONDS))

    def look(self, at: float, colour: Callable[[], Image]) -> str:
        """
        Return what the camera has switched to, once that is certain, or "".

        Raises what *colour* raises, but not again before the next look.
        """
        self._looked, self.due = at, at + COLOUR_SECONDS
        colourful = has_colours(colour())
        if colourful is None:
            return ""
        is_new = colourful != self._colourful and self._colourful is not None and (
            at - self._certain_at <= GRADUAL_SECONDS)
        if is_new and not self.is_doubtful(at):
            self._doubted_at, self.due = at, at + CONFIRMING_SECONDS
            return ""
        self._colourful, self._certain_at = colourful, at
        self._doubted_at = -math.inf
        if not is_new:
            return ""
        return "colour" if colourful else "infrared, without colour"


def one_sided(before: View, after: View) -> float:
    """Return the share of blocks that became brighter, or darker if these are more."""
    change = after.light - before.light
    enough = np.maximum(CHANGED_LEVELS, CHANGED_SHARE * before.light)
    return max(float((change > enough).mean()), float((change < -enough).mean()))


def has_colours(image: Image) -> bool | None:
    """Return whether *image* (BGR) has colours; None if that cannot be said."""
    small = cv2.resize(image, (40, 30), interpolation=cv2.INTER_AREA).astype(np.int16)
    if small.mean() < LEAST_BRIGHTNESS:
        return None
    spread = float(np.percentile(small.max(2) - small.min(2), 95))
    if spread <= NO_COLOUR:
        return False
    return True if spread >= SOME_COLOUR else None

"""Find whether a camera was covered, turned or put out of focus, rule by rule."""

import collections

import numpy as np

from .scene_reference import Comparison, SceneReference
from .scene_view import View, likeness

LOST_SHARE = 0.35       # of the edges' blocks, kept by coincidence; more is no loss
ALTERED_SHARE = 0.5     # the same, when a camera may begin to move
LEAST_LOOKS = 3         # before anything is said to last

UNIFORM_SHARE, FLAT_SHARE = 0.95, 0.7       # of these blocks, that lost their edges
UNIFORM_SECONDS, FLAT_SECONDS = 4.0, 10.0   # for which they must stay so
COARSE_LEFT = 0.4       # of the coarse edges, which being out of focus leaves
DARK, DAZZLED = 40.0, 225.0     # brightness of most blocks: no light, too much of it
SUDDEN_SECONDS = 0.6    # light goes out at once, a hand comes from a side
COVERING_SECONDS, COVERED_SHARE = 1.2, 0.25     # of a hand, and what it hides before

MOVED_SECONDS = 10.0    # for which a new scene must stand still
SHIFTED_SECONDS = 1.2   # the same, if the old one was seen somewhere else
SHIFT_SECONDS = 3.0     # after the loss, in which that may happen
STEADY_SECONDS = 1.0
STEADY_LIKENESS, STEADY_SHARE = 0.7, 0.75   # of blocks that look as a second ago
LEAST_EDGES = 0.2       # share of blocks with edges, of a new scene
CALM_SECONDS = 60.0     # over which it is learnt how much a camera shakes
CALM_SHARE = 0.7        # of the edges' blocks that a camera at rest keeps

UNFOCUSED_SECONDS = 20.0
BLURRED = 0.45          # sharpness


class Patience:
    """Whether a condition has held for some time."""

    def __init__(self, seconds: float) -> None:
        self.since: float | None = None     # [s, monotonic]
        self._seconds = seconds
        self._looks = 0

    def lasts(self, at: float, condition: bool) -> bool:
        """Take the *condition* of time *at*; return whether it held long enough."""
        if not condition:
            self.since, self._looks = None, 0
            return False
        self.since = at if self.since is None else self.since
        self._looks += 1
        return self._looks >= LEAST_LOOKS and at - self.since >= self._seconds


class CoverRule:
    """
    A camera is covered while the scene's edges are gone and no others came.

    An animal or a lorry that fills the picture shows edges of its own. Light that is
    switched off takes all edges at once and leaves darkness: that is no cover, but
    *light_is_out*.
    """

    def __init__(self) -> None:
        self._uniform, self._flat = Patience(UNIFORM_SECONDS), Patience(FLAT_SECONDS)
        self._kept: collections.deque[tuple[float, float]] = collections.deque()
        self.light_is_out = False

    def begun(self, at: float, view: View, seen: Comparison, *,
              calm: bool) -> float | None:
        """Return since when the camera is covered, if it is; *calm* if it is still."""
        dark = is_flat(seen) and float(np.percentile(view.light, 90)) < DARK
        self.light_is_out = dark and (self.light_is_out or self._went_out(at, calm))
        if not is_flat(seen):
            self._note(at, seen.kept)
        gone = (is_flat(seen) and seen.kept < LOST_SHARE and seen.coarse < COARSE_LEFT
                and not self.light_is_out and not is_dazzled(view))
        uniform = self._uniform.lasts(at, gone and seen.flat >= UNIFORM_SHARE)
        flat = self._flat.lasts(at, gone)
        return self._flat.since if uniform or flat else None

    def _went_out(self, at: float, calm: bool) -> bool:
        """Return whether the light went out just now: nothing was covered before."""
        if self._flat.since is not None or not self._kept:
            return False
        (_, first), (last_at, last) = self._kept[0], self._kept[-1]
        return not calm or at - last_at > SUDDEN_SECONDS or last > first - COVERED_SHARE

    def _note(self, at: float, kept: float) -> None:
        self._kept.append((at, kept))
        while at - self._kept[0][0] > COVERING_SECONDS:
            self._kept.popleft()


class CalmShare:
    """The share of the edges' blocks that is usually kept: less if a camera shakes."""

    def __init__(self) -> None:
        self.value = 1.0
        self._looks = 0
        self._last = 0.0    # [s, monotonic]

    def learn(self, at: float, kept: float) -> None:
        """Learn the share *kept* at the time *at*."""
        self._looks += 1
        weight = max(1 / self._looks, min(1.0, at - self._last) / CALM_SECONDS)
        self.value += weight * (kept - self.value)
        self._last = at


class MoveRule:
    """
    A camera has moved when another scene stands still where the learnt one was.

    It is believed sooner if the learnt scene was seen to shift. One that shakes all the
    time cannot be judged.
    """

    def __init__(self) -> None:
        self._calm = CalmShare()
        self._views: collections.deque[tuple[float, View]] = collections.deque()
        self._lost = Patience(0.0)
        self._has_shifted = False
        self._shifted, self._moved = Patience(SHIFTED_SECONDS), Patience(MOVED_SECONDS)

    @property
    def is_calm(self) -> bool:
        """Whether the camera usually shows the learnt scene where it was learnt."""
        return self._calm.value >= CALM_SHARE

    def begun(self, at: float, view: View, seen: Comparison,
              reference: SceneReference) -> float | None:
        """Return since when the camera shows another scene, if it does."""
        lost = seen.kept < LOST_SHARE
        steady = self._is_steady(at, view)
        if not (is_flat(seen) or (lost and steady)):    # darkness, or tampering
            self.learn_calm(at, seen)
        self._lost.lasts(at, seen.kept < ALTERED_SHARE)
        if self._lost.since is None:
            self._has_shifted = False
        elif at - self._lost.since < SHIFT_SECONDS:
            self._has_shifted = self._has_shifted or reference.has_shifted(view)
        other = (lost and steady and self.is_calm and not is_flat(seen)
                 and float(view.structured.mean()) >= LEAST_EDGES)
        shifted = self._shifted.lasts(at, other and self._has_shifted)
        return self._lost.since if self._moved.lasts(at, other) or shifted else None

    def learn_calm(self, at: float, seen: Comparison) -> None:
        """Learn from a view of the usual scene how much the camera shakes."""
        self._calm.learn(at, seen.kept)

    def _is_steady(self, at: float, view: View) -> bool:
        """Return whether *view* looks as it did a second ago."""
        self._views.append((at, view))
        while len(self._views) > 1 and at - self._views[1][0] >= STEADY_SECONDS:
            self._views.popleft()
        before, old = self._views[0]
        edges = view.structured
        if at - before < STEADY_SECONDS or not edges.any():
            return False
        alike = likeness(view, old)[edges] > STEADY_LIKENESS
        return float(alike.mean()) >= STEADY_SHARE


class FocusRule:
    """
    A camera is out of focus while only the coarse of the scene's edges are left.

    Fog, rain, snow and dusk take away the fine and the coarse edges alike.
    """

    def __init__(self) -> None:
        self._blurred = Patience(UNFOCUSED_SECONDS)

    def begun(self, at: float, seen: Comparison) -> float | None:
        """Return since when the camera is out of focus, if it is."""
        blurred = seen.sharpness < BLURRED and seen.coarse >= COARSE_LEFT
        return self._blurred.since if self._blurred.lasts(at, blurred) else None


def is_flat(seen: Comparison) -> bool:
    """Return whether most of the edges are gone without others in their place."""
    return seen.flat >= FLAT_SHARE


def is_dazzled(view: View) -> bool:
    """Return whether most of the picture is white: a lamp shines into the lens."""
    return float(np.percentile(view.light, 10)) > DAZZLED

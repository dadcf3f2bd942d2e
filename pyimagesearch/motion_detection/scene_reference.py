"""The edges that a camera's scene has shown lately, slowly learnt."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from .scene_view import View, likeness, means, product

TIME_CONSTANT = 120.0   # seconds: the sun's shadows are followed, a bag is not
LEAST_STRUCTURED = 0.2  # of the blocks, or the scene shows too little to be judged
CLEARLY_STRUCTURED = 0.3    # the same, of a view that shows enough
ALIKE = 0.5             # likeness of a block that shows the same edges
FLAT_POWER = 0.15       # of the learnt power, of a block that lost its edges
LEAST_SHIFT = 2.5       # pixels of a view that a shaking camera seldom reaches
CLEAR_SHIFT = 0.3       # response of phase correlation


class Comparison(NamedTuple):
    """How a view compares with the reference; shares are those of its edges' blocks."""

    kept: float     # share that shows the same edges
    flat: float     # share that lost its edges
    coarse: float   # how much of the coarse edges there is, 1 = as learnt
    detail: float   # the same of details, in most of these blocks

    @property
    def sharpness(self) -> float:
        """How much of the details is left, of what fog or dusk leave of all."""
        return self.detail / max(self.coarse, 0.01)


class SceneReference:
    """
    Learn the gradients of one camera's scene: what passes by averages out.

    The comparison by gradients, block by block, is that of tampering detectors such as
    Ribnick et al. (AVSS 2006) and Saglam and Temizel (AVSS 2009).
    """

    def __init__(self) -> None:
        self.learnt = 0     # views
        self._view: View | None = None

    @property
    def can_be_judged(self) -> bool:
        """Whether the scene shows enough edges."""
        return self._view is not None and (
            float(self._view.structured.mean()) >= LEAST_STRUCTURED)

    def fits(self, view: View) -> bool:
        """Return whether *view* has the size of those learnt."""
        return self._view is None or self._view.light.shape == view.light.shape

    def shows_less_than(self, view: View) -> bool:
        """Return whether *view* shows enough edges, unlike the reference."""
        return float(view.structured.mean()) >= CLEARLY_STRUCTURED

    def learn(self, view: View, interval: float) -> None:
        """Learn *view*, which came *interval* seconds after the one before."""
        self.learnt += 1
        if self._view is None:
            self._view = View(*(each.copy() for each in view))
            return
        weight = max(1 / self.learnt, min(1.0, interval / TIME_CONSTANT))
        for new, mean in zip(view, self._view, strict=True):
            rows = len(new), -1     # OpenCV 5 takes no more than 128 as channels
            cv2.accumulateWeighted(new.reshape(rows), mean.reshape(rows), weight)
        self._view = self._view._replace(
            power=means(product(self._view.fine, self._view.fine)))

    def compare(self, view: View) -> Comparison:
        """Compare *view* with what was learnt; something must have been."""
        learnt = self._view
        assert learnt is not None
        wanted = learnt.structured
        if not wanted.any():
            return Comparison(1.0, 0.0, 1.0, 1.0)
        coarse = product(learnt.coarse, learnt.coarse).sum()
        detail = view.detail[wanted] / (learnt.detail[wanted] + 1e-6)
        return Comparison(
            kept=float((likeness(view, learnt)[wanted] > ALIKE).mean()),
            flat=float((view.power < FLAT_POWER * learnt.power)[wanted].mean()),
            coarse=float(product(view.coarse, learnt.coarse).sum() / max(coarse, 1e-6)),
            detail=float(np.median(detail)) ** 0.5)

    def has_shifted(self, view: View) -> bool:
        """Return whether the whole scene is in *view*, but somewhere else."""
        learnt = self._view
        assert learnt is not None
        old, new = (np.hypot(*each.fine) for each in (learnt, view))
        window = cv2.createHanningWindow((old.shape[1], old.shape[0]), cv2.CV_32F)
        (across, down), response = cv2.phaseCorrelate(old, new, window)
        return response > CLEAR_SHIFT and math.hypot(across, down) > LEAST_SHIFT

"""One scene: its background, its light, and what moves in it."""

import numpy as np

from pyimagesearch.frames import Grey, size_of
from pyimagesearch.motion_detection.learnt_background import LearntBackground
from pyimagesearch.motion_detection.regions import Region

from .background import Background
from .exposure import Exposure
from .first_frames import FirstFrames
from .observation import Observation
from .region_finder import RegionFinder, still_of
from .scaling import Scaling
from .scene_light import SceneLight
from .sensitivity import Sensitivity
from .standing import Standing
from .timing import Timing

SCENE_LIGHT = "is in a picture whose light changes"
LIGHT_SHARE = 0.6       # of each frame, that the background takes while it does
DRIFT_SHARE = 0.02      # of each frame, while the gain is not that of the background
YOUNG_FRAMES = 8        # regions up to that age still teach how the ground blinks
THRESHOLDS_EVERY = 4    # frames
LONG_AGO = -10**6       # number of a frame


class Scene:
    """
    All that is known about a scene, from its first picture *grey* on.

    Pictures are those of the model, of one size. If *learnt* is given, detection
    begins at once with that.
    """

    def __init__(self, grey: Grey, scaling: Scaling, sensitivity: Sensitivity,
                 learnt: LearntBackground | None = None) -> None:
        self.scaling = scaling
        self.background = Background(grey, sensitivity.threshold)
        if learnt:
            self.background.set_planes(learnt.mean, learnt.stray, learnt.blink)
        self.finder = RegionFinder(grey, scaling, sensitivity)
        self.difference = np.zeros_like(grey)   # from the background
        self.light_changes = False      # the light of the whole scene, now
        self._first = None if learnt else FirstFrames()     # None: detection began
        self._exposure = Exposure()
        self._light = SceneLight(size_of(grey))
        self._standing = Standing(grey)
        self._last = grey
        self._number = 1                # of the newest frame
        self._changed = LONG_AGO        # number of the frame in which the light did

    @property
    def is_learning(self) -> bool:
        """Whether all pictures up to now only taught the background."""
        return self._first is not None

    def look(self, grey: Grey, timing: Timing, *, learning: bool) -> tuple[Region, ...]:
        """Return the regions of the next picture; learn from it."""
        if not learning and self._first:
            self.background.begin(self._first.median())
            self._first = None
        seen = self._observe(grey, timing)
        self._last, self.difference = grey, seen.difference
        if self._first:
            self._first.add(seen.plain, timing.fps)
            self.background.learn_first(seen.plain, seen.difference, seen.crossed,
                                        self._first.count, timing)
            return ()
        self.light_changes = self._light.changes(
            grey, seen.last, self.background.shown, seen.crossed, timing)
        if self.light_changes:
            return self._start_over(seen)
        regions = self.finder.find(seen)
        self._learn(seen)
        return regions

    def adjust(self, sensitivity: Sensitivity) -> None:
        """Use another *sensitivity* from now on."""
        self.background.least = sensitivity.threshold
        self.background.set_thresholds()
        self.finder.adjust(sensitivity)

    def _observe(self, grey: Grey, timing: Timing) -> Observation:
        """Compare *grey* with the background."""
        self._number += 1
        plain = self._exposure.undone(grey, self.background.shown, self.finder.regions)
        if plain is not grey:
            self._changed = self._number
        return Observation(self._number, grey, plain, self._last, self.finder.earlier,
                           self.background, self.scaling, timing,
                           clutter=self.finder.clutter,
                           unsettled=self._number - self._changed)

    def _start_over(self, seen: Observation) -> tuple[Region, ...]:
        """Take over the new light, and forget all regions."""
        self._changed = seen.number
        self.background.become(seen.grey, seen.crossed, LIGHT_SHARE)
        self.finder.start_over()
        self._standing.clear()
        self._exposure.active = True
        width, height = self.scaling.given
        return Region((0, 0, width, height), width * height, False, SCENE_LIGHT,
                      path=((width // 2, height // 2),)),

    def _learn(self, seen: Observation) -> None:
        """Learn the background around the regions."""
        still = calm = None
        if self.finder.any_followed:
            still = still_of(self.finder.regions)
            calm = self.finder.ages.younger_than(seen.timing.at_least(YOUNG_FRAMES))
        if seen.plain is not seen.grey:
            self.background.follow(seen.grey, seen.timing.share(DRIFT_SHARE), still)
        self.background.learn(seen.plain, seen.difference, seen.crossed, seen.timing,
                              still=still, calm=calm)
        self._standing.advance(seen.number, seen.plain, self.finder.regions,
                               self.background, seen.timing)
        if seen.number % THRESHOLDS_EVERY == 0:
            self.background.set_thresholds()

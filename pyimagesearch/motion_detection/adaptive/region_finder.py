"""Find the regions that move: follow them, and let the rules decide."""

import math
from collections import deque

import cv2
import numpy as np

from pyimagesearch.frames import Grey
from pyimagesearch.motion_detection.regions import Point, Region

from .insects import Erratic, OutOfFocus
from .observation import Candidate, Observation, candidates, weakness
from .region_ages import RegionAges
from .rules import (
    Ghost,
    LeftByExposure,
    LightPatch,
    MotionRule,
    SceneRule,
    Travelled,
    Verdict,
    first_verdict,
)
from .scaling import Scaling
from .sensitivity import Sensitivity
from .tracks import Track, leapt, overlapped

EARLIER_SECONDS = 0.4   # ago, to see how lively a region is
MOST_IDLE = 6           # regions that count as clutter at once
CLUTTER_SECONDS = 1.5   # in which clutter is averaged
LEAP_FPS = 10.0         # at more frames a second, what moves overlaps with itself
LEAP_LENGTHS = 8.0      # of its own in a second; what is faster is taken for insects


class RegionFinder:
    """
    Find regions, and decide about each by a list of rules.

    The *scene_rules* recognise the scene itself, such as light; the *motion_rules*
    decide about all other regions: the first one with a verdict counts, and the last
    one always has one. What they report, the *vetoes* look at, in the same way.
    """

    def __init__(self, grey: Grey, scaling: Scaling, sensitivity: Sensitivity) -> None:
        travelled = Travelled()
        self.scene_rules: list[SceneRule] = [LightPatch(), Ghost(), LeftByExposure()]
        self.motion_rules: list[MotionRule] = [travelled]
        self.vetoes: list[MotionRule] = [OutOfFocus(), Erratic()]
        self.mask = np.zeros_like(grey)             # of what has moved
        self.regions = np.zeros_like(grey)          # mask of what was followed
        self.ages = RegionAges(grey)
        self.clutter = 0.0      # regions that go nowhere, on average
        self._travelled = travelled
        self._scaling = scaling
        self._tracks: list[Track] = []
        self._recent: deque[Grey] = deque()
        self._least_area = 1.0      # pixels; the next line sets it
        self.adjust(sensitivity)

    def adjust(self, sensitivity: Sensitivity) -> None:
        """Use another *sensitivity* from now on."""
        self._least_area = max(1.0, self._scaling.area(sensitivity.area))
        self._travelled.needed = sensitivity.travel

    @property
    def any_followed(self) -> bool:
        """Whether there are regions in the newest picture that were followed."""
        return bool(self._tracks)

    @property
    def earlier(self) -> Grey | None:
        """The picture of some time ago, as far as there is one."""
        return self._recent[0] if self._recent else None

    def find(self, seen: Observation) -> tuple[Region, ...]:
        """Return all regions of *seen*; learn what moves from picture to picture."""
        self.mask[:] = self.regions[:] = 0
        tracks: list[Track] = []
        regions = [self._decide(found, seen, tracks)
                   for found in candidates(seen, self._least_area)]
        idle = sum(not track.moved and track.age > 1 for track in tracks)
        self.clutter += (min(MOST_IDLE, idle) - self.clutter) / (
            CLUTTER_SECONDS * seen.timing.fps)
        self._tracks = tracks
        self.ages.advance(any_kept=bool(tracks))
        self._recent.append(seen.grey)
        while len(self._recent) > seen.timing.frames(EARLIER_SECONDS):
            self._recent.popleft()
        return tuple(regions)

    def start_over(self) -> None:
        """Forget all regions, as the whole scene has changed."""
        self.mask[:] = self.regions[:] = 0
        self._tracks = []
        self._recent.clear()
        self.ages.clear()

    def _decide(self, found: Candidate, seen: Observation, tracks: list[Track]
                ) -> Region:
        """Return the region *found*, and what the rules say; add its track."""
        if reason := weakness(found, seen, self._least_area):
            return self._region(found, seen, Verdict(reason, False))
        found.track = Track(found.box, self._centre(found), self._before(found, seen))
        found.age = self.ages.age_of(found)
        if may_leap(seen):      # to where there was no region
            found.age = max(found.age, found.track.age)
        for rule in self.scene_rules:
            if explanation := rule.explain(found, seen):
                return self._region(found, seen, Verdict(explanation, False))
        self._travelled.follow(found, seen)
        verdict = first_verdict(self.motion_rules, found, seen)
        assert verdict, "the last rule has no verdict"
        if verdict.moving:
            verdict = first_verdict(self.vetoes, found, seen) or verdict
        found.draw(self.regions)
        self.ages.keep(found)
        tracks.append(found.track)
        if verdict.in_mask:
            found.draw(self.mask)
        return self._region(found, seen, verdict)

    def _before(self, found: Candidate, seen: Observation) -> Track | None:
        """
        Return the track that *found* goes on.

        At few frames a second, what is quick is where it was not a frame before.
        """
        track = overlapped(found.box, self._tracks)
        if track or not may_leap(seen):
            return track
        track = leapt(found.box, self._tracks,
                      LEAP_LENGTHS * math.sqrt(found.area) / seen.timing.fps)
        return track if track and not seen.still_differs(track.box) else None

    def _region(self, found: Candidate, seen: Observation, verdict: Verdict) -> Region:
        """Return *found* in pixels of the picture given to the detector."""
        scaling, track = self._scaling, found.track
        return Region(
            scaling.box_to_given(found.box), scaling.area_to_given(found.area),
            verdict.moving, verdict.rule, found.age / seen.timing.fps,
            scaling.length_to_given(track.travelled),
            scaling.length_to_given(found.needed),
            tuple(track.centres) or (self._centre(found),))

    def _centre(self, found: Candidate) -> Point:
        return self._scaling.centre_to_given(found.box)


def may_leap(seen: Observation) -> bool:
    """Return whether what moves may be where it was not a frame before."""
    return seen.timing.fps <= LEAP_FPS


def still_of(regions: Grey) -> Grey:
    """Return where there are no *regions*, nor pixels next to them."""
    return cv2.bitwise_not(cv2.dilate(regions, np.ones((3, 3), np.uint8)))

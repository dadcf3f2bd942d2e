"""The rules that decide about a region, one by one: is it something that moves?"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import cv2

from .observation import KERNEL_3, Candidate, Observation
from .scaling import above
from .texture import likeness

LARGE_SHARE = 0.01      # of the picture
RIM_MARGIN = 2          # pixels around a region, to see its edges


class Verdict(NamedTuple):
    """What a rule says about a region, if it says something."""

    rule: str               # what the region does or is: "has travelled far enough"
    moving: bool            # whether it is reported
    in_mask: bool = False   # whether its pixels count as moved, even if not reported


class SceneRule(Protocol):
    """Recognise regions that are the scene itself, such as a patch of light."""

    def explain(self, found: Candidate, seen: Observation) -> str:
        """
        Return what *found* does or is, in words; empty if it may be an object.

        The background takes it over, as far as the rule sees fit. It is not followed
        any further, unless it may be an object.
        """


class MotionRule(Protocol):
    """Decide whether a region, which was followed up to now, is reported."""

    def judge(self, found: Candidate, seen: Observation) -> Verdict | None:
        """Return the verdict about *found*; ``None`` leaves it to the next rule."""


class LightPatch:
    """
    A large young region with the background's own texture: light or shade.

    The correlation of textures as a test for shadows: Tian, Lu and Hampapur, "Robust
    and efficient foreground analysis", 2005.
    """

    YOUNG, AGAIN = 12, 12       # frames: looked at up to that age, then every so many
    LEAST_LIKENESS, LEAST_CONTRAST = 0.75, 9.0
    ABSORBED = 0.7

    def explain(self, found: Candidate, seen: Observation) -> str:
        """Compare the textures of *found* now and before."""
        if found.area < LARGE_SHARE * seen.plain.size or found.track.fades or (
                found.age > self.YOUNG and found.age % self.AGAIN):
            return ""       # the background has the texture of what fades into it
        now, then = seen.textures
        alike = likeness(now[found.at], then[found.at], found.inside,
                         self.LEAST_CONTRAST)
        if alike is None or alike <= self.LEAST_LIKENESS:
            return ""
        seen.background.absorb(seen.plain, found.inside, self.ABSORBED, found.at)
        return "is only a patch of light or shade"


class Ghost:
    """
    A region at rest whose rim has edges in the background only: something left.

    After Cucchiara et al., "Detecting moving objects, ghosts and shadows in video
    streams", 2003, which finds ghosts by their lack of motion, and Evangelio and
    Sikora, 2011, by the edges of both pictures.
    """

    FROM, AGAIN = 20, 10        # frames of age: looked at from there, every so many
    RESTS = 3.0                 # grey levels of change from frame to frame
    LEAST_LOST, NEW_SHARE = 2.0, 0.8    # edges lost, and new ones for each lost

    def explain(self, found: Candidate, seen: Observation) -> str:
        """Compare the edges on the rim of *found* now and before."""
        if found.age < self.FROM or found.age % self.AGAIN:
            return ""
        change = cv2.absdiff(seen.grey[found.at], seen.last[found.at])
        if cv2.mean(change, found.shape)[0] >= self.RESTS:
            return ""
        new, lost = self._edges(found, seen)
        if lost <= self.LEAST_LOST or new >= self.NEW_SHARE * lost:
            return ""
        seen.background.absorb(seen.plain, found.inside, at=found.at)
        return "is where something has left"

    @staticmethod
    def _edges(found: Candidate, seen: Observation) -> tuple[float, float]:
        """Return the mean strength of new and of lost edges on the rim of *found*."""
        at, shape = found.with_margin(RIM_MARGIN, seen.size)
        rim = cv2.morphologyEx(shape, cv2.MORPH_GRADIENT, KERNEL_3)
        now, then = (cv2.morphologyEx(picture[at], cv2.MORPH_GRADIENT, KERNEL_3)
                     for picture in (seen.plain, seen.background.shown))
        return (cv2.mean(cv2.subtract(now, then), rim)[0],
                cv2.mean(cv2.subtract(then, now), rim)[0])


class LeftByExposure:
    """
    What rests after a change of the exposure fades into the background.

    It may still be an object: this rule explains nothing.
    """

    RESTS_SECONDS, SETTLES_SECONDS = 1.5, 5.0
    STILL = 0.05            # share of it that changes
    ABSORBED = 0.1          # with each frame

    def explain(self, found: Candidate, seen: Observation) -> str:
        """Absorb some of *found* if it rests while the exposure settles."""
        fps = seen.timing.fps
        if (found.age > self.RESTS_SECONDS * fps and found.track.lively < self.STILL
                and seen.unsettled < self.SETTLES_SECONDS * fps):
            seen.background.absorb(seen.plain, found.inside, self.ABSORBED, found.at)
            found.track.fades = True
        return ""


class Travelled:
    """
    The last rule: what has travelled moves, or what is lively on calm ground.

    How far it has to travel depends on the ground below it and on how many regions
    of the scene go nowhere: a constant rate of false alarms, as radars keep it (CFAR,
    Finn and Johnson, 1968).
    """

    CALM, WILD = 0.025, 0.25    # blink rates of calm ground, and of one never believed
    NEEDED_CALM, NEEDED = 2.0, 3.0  # pixels to travel on calm ground, and on other
    NEEDED_LARGE, NEEDED_SMALL = 0.25, 0.33   # of the root of the area, on other ground
    CLUTTER_WEIGHT = 0.5
    EARLIER_CHANGE = 9        # grey levels that a pixel changed lately
    LIVELY, LIVELY_SECONDS = 0.08, 0.5
    STAYS_LIVELY = 0.05         # share that changes while it is not at rest
    STILL_SECONDS = 6.0         # that a region at rest is reported
    CONFIRM_SECONDS, CONFIRM_FRAMES = 0.12, 3
    LONGEST_CONFIRM_SECONDS = 0.6   # a slow camera shows a walker elsewhere each time

    def __init__(self) -> None:
        self.needed = 1.0       # times as far as is normal

    def follow(self, found: Candidate, seen: Observation) -> None:
        """Measure how lively *found* is, and how far it went."""
        found.blinks = found.mean(seen.background.blink) / 255
        found.needed = seen.scaling.length(self.needed) * self._least(found, seen)
        changing = 0.0
        if seen.earlier is not None:
            change = cv2.absdiff(seen.grey[found.at], seen.earlier[found.at])
            changing = found.count(above(change, self.EARLIER_CHANGE)) / found.area
        track = found.track
        track.follow(changing, seen.size, seen.timing)
        calm = found.blinks < self.CALM
        if track.travelled >= found.needed and (calm or track.is_steady(seen.timing)):
            track.moved, track.alive = True, seen.number
        if track.moved and track.lively > self.STAYS_LIVELY and calm:
            track.alive = seen.number       # other ground is always lively

    def judge(self, found: Candidate, seen: Observation) -> Verdict:
        """Return the verdict about *found*."""
        track, fps = found.track, seen.timing.fps
        lively = (found.blinks < self.CALM and track.lively > self.LIVELY
                  and track.age >= self.LIVELY_SECONDS * fps)
        awake = track.moved and seen.number - track.alive <= self.STILL_SECONDS * fps
        in_mask = track.moved or lively
        if not in_mask:
            return Verdict("has not travelled far enough"
                           if track.travelled < found.needed
                           else "only moves to and fro", False)
        if found.blinks >= self.WILD:
            return Verdict("is on ground that never rests", False, in_mask)
        if not (lively or awake):
            return Verdict("has been at rest for too long", False, in_mask)
        least = min(self.CONFIRM_FRAMES,
                    seen.timing.frames(self.LONGEST_CONFIRM_SECONDS))
        if found.age < seen.timing.frames(self.CONFIRM_SECONDS, least):
            return Verdict("has only just appeared", False, in_mask)
        if not awake:
            return Verdict("keeps moving on calm ground", True, in_mask)
        return Verdict("has travelled far enough" if track.travelled >= found.needed
                       else "travelled far enough earlier, and has not rested for long "
                            "since", True, in_mask)

    def _least(self, found: Candidate, seen: Observation) -> float:
        """Return how far *found* has to travel, at a width of 200 pixels."""
        if found.blinks < self.CALM:
            return self.NEEDED_CALM
        large = found.area >= LARGE_SHARE * seen.grey.size
        side = math.sqrt(found.area) / seen.scaling.length(1.0)
        needed = max(self.NEEDED,
                     side * (self.NEEDED_LARGE if large else self.NEEDED_SMALL))
        return needed * (1 + self.CLUTTER_WEIGHT * seen.clutter)


def first_verdict(rules: Sequence[MotionRule], found: Candidate, seen: Observation
                  ) -> Verdict | None:
    """Return the verdict of the first of *rules* that has one."""
    verdicts = (rule.judge(found, seen) for rule in rules)
    return next((verdict for verdict in verdicts if verdict is not None), None)

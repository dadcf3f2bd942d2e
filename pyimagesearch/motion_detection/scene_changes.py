"""Find what changes in a whole picture and is no motion, beside any detector."""

import math
from collections.abc import Callable
from typing import NamedTuple

from pyimagesearch.events.event import COVERED, DAY_NIGHT, LIGHT, MOVED, UNFOCUSED
from pyimagesearch.frames import Grey, Image

from .light_changes import ColourSwitch, LightChanges, LightHold
from .scene_reference import Comparison, SceneReference
from .scene_view import View, glance_at, view_of
from .tampering import CoverRule, FocusRule, MoveRule, Patience, is_flat

LOOK_SECONDS, NEAR_LOOK_SECONDS = 0.5, 0.25     # between two looks; while it differs
HURRIED_SECONDS = 0.07  # the same when the brightness jumps
JUMP = 4.0              # of the mean brightness since the last look
LEARNING_SECONDS, LEARNING_LOOKS = 8.0, 10  # before a scene is known
LONGEST_GAP = 120.0     # between two looks, or the scene is learnt again
SEEN_SHARE, LEARNT_SHARE = 0.5, 0.6     # of the edges' blocks: is seen, may be learnt
SHARP = 0.7             # sharpness of a scene in focus
BACK_SECONDS = 2.0      # until the scene is said to be back
ODD_SECONDS = 60.0      # until what is neither as learnt nor reported is learnt
MAX_REPORTS, REPORT_SECONDS = 5, 600.0      # of a kind in a row; then one in so long


class Scene(NamedTuple):
    """What is the matter with the whole picture."""

    kind: str = ""      # one of SCENE_KINDS, or "" if nothing is
    began: float = 0.0  # [s, monotonic]
    note: str = ""
    holds: bool = False     # whether what differs is no motion, but light
    elsewhere: bool = False     # whether the camera shows another scene from now on


NOTHING_CHANGED = Scene()


class SceneChanges:
    """
    Watch the whole picture of one camera, two to four times a second.

    The kinds COVERED and UNFOCUSED are returned for every picture while they last, the
    others for one picture. Belongs to the camera loop.
    """

    def __init__(self) -> None:
        self._budgets = {kind: ReportBudget() for kind in (LIGHT, DAY_NIGHT, MOVED)}
        self._colours = ColourSwitch()
        self._light, self._hold = LightChanges(), LightHold()
        self.start_over()

    def forget(self) -> None:
        """Forget the scene and its colours, as of what is hidden or shown now."""
        self._colours = ColourSwitch()
        self.start_over()

    def start_over(self) -> None:
        """Learn the scene again."""
        self._reference = SceneReference()
        self._cover, self._move, self._focus = CoverRule(), MoveRule(), FocusRule()
        self._back, self._odd = Patience(BACK_SECONDS), Patience(ODD_SECONDS)
        self._light.forget()
        self._lasting = NOTHING_CHANGED
        self._since = self._looked = 0.0    # first and newest look [s, monotonic]
        self._pause = NEAR_LOOK_SECONDS     # until the next
        self._glance = 0.0      # mean brightness at the newest look

    def look(self, grey: Grey, colour: Callable[[], Image], at: float,
             area: float) -> Scene:
        """
        Return what is the matter with the picture that arrived *at* [s, monotonic].

        *grey* is its brightness, *colour* decodes it as BGR, and *area* is what a
        detector found to differ [per mille]. Raises what *colour* raises.
        """
        found, glance = self._lasting, glance_at(grey)
        jumps = abs(glance - self._glance) > JUMP
        if jumps:
            self._colours.hurry(at)
        pause = HURRIED_SECONDS if jumps else self._pause
        if not self._reference.learnt or at - self._looked >= pause:
            self._glance = glance
            found = self._look(view_of(grey), colour, at)
        swings = self._light.swing is not None or self._colours.is_doubtful(at)
        return found._replace(holds=self._hold.holds(at, area, swings=swings))

    def _look(self, view: View, colour: Callable[[], Image], at: float) -> Scene:
        interval, self._looked = at - self._looked, at
        if interval > LONGEST_GAP or not self._reference.fits(view):
            self.start_over()
            self._looked = at
        if not self._reference.learnt:
            self._since = at
            self._reference.learn(view, interval)
        seen = self._reference.compare(view)
        if at - self._since < LEARNING_SECONDS or (
                self._reference.learnt < LEARNING_LOOKS):
            self._reference.learn(view, interval)
            self._move.learn_calm(at, seen)
            return NOTHING_CHANGED
        found = self._judge(at, view, seen, colour)
        differs = seen.kept < LEARNT_SHARE or self._light.swing is not None
        self._pause = NEAR_LOOK_SECONDS if differs else LOOK_SECONDS
        if found.kind in (MOVED, DAY_NIGHT):
            self.start_over()
        else:
            self._learn(at, view, seen, interval)
        budget = self._budgets.get(found.kind)
        if budget and not budget.allows(at):
            return Scene(elsewhere=found.elsewhere)
        return found

    def _judge(self, at: float, view: View, seen: Comparison,
               colour: Callable[[], Image]) -> Scene:
        """Return what *view* shows, as *seen* beside the reference."""
        tampered = self._lasting
        if self._reference.can_be_judged:
            tampered = self._find_tampering(at, view, seen)
        light = self._light.look(at, view, explained=self._may_be_light(seen))
        began = at if self._light.swing is None else self._light.swing
        if light or began < at or (seen.kept < SEEN_SHARE and self._move.is_calm):
            self._colours.hurry(at)
        covered = is_flat(seen) or bool(self._lasting.kind)
        if at >= self._colours.due and not covered and (
                switched_to := self._colours.look(at, colour)):
            return Scene(DAY_NIGHT, began, switched_to)
        if self._colours.is_doubtful(at):
            return self._lasting
        if tampered.kind == MOVED or light is None:
            return tampered
        return Scene(LIGHT, *light)

    def _find_tampering(self, at: float, view: View, seen: Comparison) -> Scene:
        """Return MOVED, or what lasts; keep the latter."""
        covered = self._cover.begun(at, view, seen, calm=self._move.is_calm)
        moved = self._move.begun(at, view, seen, self._reference)
        blurred = self._focus.begun(at, seen)
        is_back = self._back.lasts(at, seen.kept >= SEEN_SHARE
                                   and seen.sharpness >= SHARP)
        if moved is not None:
            return Scene(MOVED, moved, elsewhere=True)
        if covered is not None and self._lasting.kind != COVERED:
            self._lasting = Scene(COVERED, covered)
        elif blurred is not None and self._lasting.kind != UNFOCUSED:
            self._lasting = Scene(UNFOCUSED, blurred)
        elif is_back:
            self._lasting = NOTHING_CHANGED
        return self._lasting

    def _may_be_light(self, seen: Comparison) -> bool:
        """Return whether light can explain what differs."""
        if self._lasting.kind:
            return False
        if not self._reference.can_be_judged:
            return True
        return self._cover.light_is_out or (
            seen.kept >= SEEN_SHARE and self._move.is_calm)

    def _learn(self, at: float, view: View, seen: Comparison, interval: float) -> None:
        """Learn *view* if it shows the scene; start over if it never does."""
        usual = seen.kept >= LEARNT_SHARE and seen.sharpness >= SHARP
        judged = self._reference.can_be_judged
        if self._lasting.kind:
            return
        if usual or not judged or not self._move.is_calm:
            self._reference.learn(view, interval)
        shows_more = not judged and self._reference.shows_less_than(view)
        if self._odd.lasts(at, judged and not usual) or (
                shows_more and self._light.swing is None):
            self.start_over()


class ReportBudget:
    """Allow a few reports in a row, and then one now and then."""

    def __init__(self) -> None:
        self._left = float(MAX_REPORTS)
        self._last = -math.inf      # [s, monotonic]

    def allows(self, at: float) -> bool:
        """Take one report of time *at*, if there is one left."""
        earned = (at - self._last) / REPORT_SECONDS
        self._left = min(float(MAX_REPORTS), self._left + earned)
        self._last = at
        if self._left < 1:
            return False
        self._left -= 1
        return True

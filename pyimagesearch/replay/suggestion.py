"""Find the settings that keep all real events with the fewest false ones."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS, CameraSettings

from .contenders import PRESENT
from .event_log import ReplayedEvent, events_in
from .marks import MarkedRecording, Span
from .trial import Contender, Outcome

ADAPTIVE = "adaptive"
SENSITIVITIES = ("low", "normal", "high")
AREAS = (0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0,    # per mille
         80.0)
FRAMES = (2, 3, 4, 5)   # of the last five
OF_OTHER_DETECTORS = ("threshold", "accum_weight")
VARIED = ("detector", "sensitivity", "min_area", "min_frames")
TOLERANCE_SECONDS = 1.0     # by which an event may miss the time of a real one
FEW_MARKS = 5           # marked events on which no suggestion should be built
OVERLONG_SECONDS = 10.0     # of an event in which nothing real moves


class Judgement(NamedTuple):
    """What some settings make of a marked recording."""

    real: bool          # the event is no false alarm
    reported: bool
    overlong: bool      # it goes on although what is real in it is over, as for wind
    area: float         # the least peak of what is reported [per mille]; 0 without


class Score(NamedTuple):
    """What some settings make of all marked recordings."""

    settings: CameraSettings
    judgements: tuple[Judgement, ...]

    @property
    def kept(self) -> int:
        """How many real events are reported."""
        return sum(each.real and each.reported for each in self.judgements)

    @property
    def false(self) -> int:
        """How many false alarms are reported."""
        return sum(each.reported and not each.real for each in self.judgements)

    @property
    def overlong(self) -> int:
        """How many real events are reported for much too long."""
        return sum(each.overlong for each in self.judgements)

    @property
    def smallest(self) -> float:
        """The least peak area of a real event [per mille]; 0 without one."""
        return min((each.area for each in self.judgements
                    if each.real and each.reported), default=0.0)

    @property
    def value(self) -> tuple[int, int, int]:
        """What to maximise: real events first, then no false ones, then short ones."""
        return self.kept, -self.false, -self.overlong


class Suggestion(NamedTuple):
    """The present settings, the best ones found, and how many were tried."""

    marked: Sequence[MarkedRecording]
    present: Score
    best: Score
    tried: int

    @property
    def changes(self) -> dict[str, Any]:
        """The settings to change, by name; none if nothing is better."""
        if self.best.value <= self.present.value:
            return {}
        return changes(self.present.settings, self.best.settings)

    @property
    def wanted(self) -> int:
        """How many real events there are."""
        return sum(each.real is not None for each in self.marked)

    @property
    def false_alarms(self) -> int:
        """How many false alarms there are."""
        return len(self.marked) - self.wanted


def contenders_for(present: CameraSettings) -> list[Contender]:
    """Return what each recording has to be detected with: all that changes areas."""
    unused = {} if present.detector == ADAPTIVE else {
        name: CAMERA_OPTIONS[name].default for name in OF_OTHER_DETECTORS}
    adaptive = [Contender(sensitivity, replace(present, detector=ADAPTIVE,
                                               sensitivity=sensitivity, **unused))
                for sensitivity in SENSITIVITIES]
    return [Contender(PRESENT, present), *(
        each for each in adaptive if each.settings != present)]


def suggest(marked: Sequence[MarkedRecording], outcomes: Sequence[Sequence[Outcome]]
            ) -> Suggestion:
    """
    Return the best settings for *marked* recordings.

    *outcomes* has, for each recording, those of :func:`contenders_for`. They differ in
    the detector; smallest areas and frames are tried on the areas that it found.
    Without any real event, the present settings are the best.
    """
    present = score(marked, [each[0] for each in outcomes],
                    outcomes[0][0].contender.settings)
    if all(each.real is None for each in marked):   # what reports nothing would win
        return Suggestion(marked, present, present, 1)
    scores = {present.settings: present}
    for column in zip(*outcomes, strict=True):
        for settings in grid(column[0].contender.settings, present.settings):
            if settings not in scores:
                scores[settings] = score(marked, column, settings)
    top = max(each.value for each in scores.values())
    best = {settings for settings, each in scores.items() if each.value == top}
    chosen = min(best, key=lambda each: (
        len(changes(present.settings, each)), -margin(each, best),
        abs(each.min_area - present.settings.min_area)))
    return Suggestion(marked, present, scores[chosen], len(scores))


def grid(settings: CameraSettings, present: CameraSettings) -> Iterator[CameraSettings]:
    """Yield *settings* with all areas and frames to try, and the *present* ones."""
    areas = sorted({*AREAS, present.min_area})
    frames = sorted({*FRAMES, present.min_frames})
    for area, count in itertools.product(areas, frames):
        yield replace(settings, min_area=area, min_frames=count)


def score(marked: Iterable[MarkedRecording], outcomes: Iterable[Outcome],
          settings: CameraSettings) -> Score:
    """Return what *settings* make of *outcomes*, of their detector."""
    return Score(settings, tuple(
        judge(each.real, events_in(outcome.looked_at, settings))
        for each, outcome in zip(marked, outcomes, strict=True)))


def judge(real: Span | None, events: Sequence[ReplayedEvent]) -> Judgement:
    """
    Return what *events* report of a recording in which something *real* moves.

    What is reported before or after it is not judged: nobody has marked that.
    """
    if real is not None:
        begin, end = real.begin - TOLERANCE_SECONDS, real.end + TOLERANCE_SECONDS
        events = [each for each in events if each.overlaps(begin, end)]
    return Judgement(
        real is not None, bool(events),
        real is not None and any(outside(each, real) > OVERLONG_SECONDS
                                 for each in events),
        min((each.peak.area for each in events), default=0.0))


def outside(event: ReplayedEvent, real: Span) -> float:
    """Return the seconds of *event* in which nothing *real* moves."""
    return max(0.0, real.begin - event.begin) + max(0.0, event.end - real.end)


def margin(settings: CameraSettings, best: set[CameraSettings]) -> int:
    """Return by how many steps the area may grow and shrink without getting worse."""
    areas = sorted({*AREAS, settings.min_area})
    at = areas.index(settings.min_area)

    def steps(others: Sequence[float]) -> int:
        good = [replace(settings, min_area=area) in best for area in others]
        return [*good, False].index(False)
    return min(steps(areas[at + 1:]), steps(areas[:at][::-1]))


def changes(present: CameraSettings, other: CameraSettings) -> dict[str, Any]:
    """Return the settings of *other* that differ from the *present* ones, by name."""
    return {name: getattr(other, name) for name in VARIED
            if getattr(other, name) != getattr(present, name)}

"""
Names for what moved: how often they are right, and what they cost.

    python -m benchmarks.objects [--footage FOLDER] [PART ...]

PART is any of footage, cost, memory, busy and delay; without, all of them. The model is
the fetched one: ``make test`` puts it below .venv/test-data, or name another data
folder with --data.

footage: with the adaptive detector, and with the tutorial's, the camera loop plays
FOLDER, and its events are compared with what they show; ``footage`` says what a folder
of footage holds. An event is wrong if it has a name of what it does not show. Besides,
single looks twice a second at what moves, at what the detector reports in quiet, and
at scenes whose light is switched. Recordings that begin with ``n_`` are of the night,
and are counted by themselves. Met: at least 34 of 40 events are right, at most 2 of 40
wrong; at most 2 of 181 quiet looks have a name, and none by light; persons are found in
80 % of their looks, vehicles in 60 %.

cost: CPU of a look at one region, and of ``cv2.imencode`` of a picture of 640x480.

memory: resident memory that the model adds in its thread, while it is loaded and when
it was released. Met: at most 35 and 8 MB.

busy: CPU of a server with two busy cameras, above that of one without names at the same
time; and the age of its frames at a viewer (99 %), with names and without: the least of
some turns. Met: at most 3 % of a core more, and 1.15 x.

delay: with these cameras, from an event's begin to its first name in the API. Met: 2 s
(median) and 6 s (95 %). Looks have the lowest priority: where other programs keep all
processors busy, names are late.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2

from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.model_files import FETCHED_SIDE, YOLOX_NANO
from pyimagesearch.object_detection.object_model import ObjectModel

from . import objects_cost
from .footage import Recording, as_recorded, read_footage
from .objects_footage import (
    LIGHT_SCENES,
    NamedEvent,
    SingleLook,
    events_of,
    looks_at,
    looks_in_light,
)

DETECTORS = "adaptive", "single"
TEST_DATA = Path(sys.prefix, "test-data")


class Share(NamedTuple):
    """A figure: so many of all."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share, 0 to 1; 0 of none."""
        return self.part / max(1, self.whole)

    def __str__(self) -> str:
        return f"{self.part} of {self.whole} ({100 * self.value:.0f} %)"


def share(of: Iterable[bool]) -> Share:
    """Return how many of them are true."""
    flags = list(of)
    return Share(sum(flags), len(flags))


class Outcome(NamedTuple):
    """What one detector and the model did with footage of one kind."""

    events: Sequence[NamedEvent]
    looks: Sequence[SingleLook]
    light: Sequence[SingleLook]

    @property
    def true_events(self) -> list[NamedEvent]:
        return [event for event in self.events if event.is_true]

    def right(self) -> Share:
        return share(event.is_right for event in self.true_events)

    def wrong(self) -> Share:
        return share(event.is_wrong for event in self.true_events)

    def false_named(self) -> Share:
        return share(bool(event.names) for event in self.events if not event.is_true)

    def quiet_named(self) -> Share:
        return share(bool(look.names) for look in self.looks if look.is_quiet)

    def light_named(self) -> Share:
        return share(bool(look.names) for look in self.light)

    def found(self, name: str) -> Share:
        """Return in how many looks at *name* alone it was found."""
        return share(name in look.names for look in self.looks
                     if not look.is_quiet and look.shown == {name})


class Row(NamedTuple):
    """One figure of the table, and what it must be and is to become."""

    title: str
    figure: Callable[[Outcome], Share]
    must: float | None = None       # the share
    aim: float | None = None
    more_is_better: bool = True

    def reaches(self, found: Share, bound: float | None) -> bool:
        """Return whether *found* is as good as *bound*; if there is none, it is."""
        if bound is None or not found.whole:
            return True
        return found.value >= bound if self.more_is_better else found.value <= bound

    def shown(self, found: Share) -> str:
        """Return *found* with whether it is good enough."""
        if self.must is None or not found.whole:
            return str(found)
        return (f"{found} MISSED" if not self.reaches(found, self.must) else
                f"{found} aim met" if self.reaches(found, self.aim) else f"{found} met")

    def bounds(self) -> str:
        """Return both bounds as two cells of the table."""
        sign = "≥" if self.more_is_better else "≤"
        return " | ".join("" if bound is None else f"{sign} {100 * bound:.3g} %"
                          for bound in (self.must, self.aim))


ROWS = (
    Row("events named right", Outcome.right, 34 / 40, 37 / 40),
    Row("events with a wrong name", Outcome.wrong, 2 / 40, 0, more_is_better=False),
    Row("false events with a name", Outcome.false_named),
    Row("quiet looks with a name", Outcome.quiet_named, 2 / 181, 0,
        more_is_better=False),
    Row("looks with a name, light switched", Outcome.light_named, 0, 0,
        more_is_better=False),
    Row("looks in which a person is found", partial(Outcome.found, name="person"),
        0.8, 0.9),
    Row("looks in which a vehicle is found", partial(Outcome.found, name="vehicle"),
        0.6, 0.85),
    Row("looks in which an animal is found", partial(Outcome.found, name="animal")))


def outcome_of(recordings: Sequence[Recording], detector: str, path: Path,
               report: Callable[[str], object]) -> Outcome:
    """Play *recordings* with *detector* and the fetched model at *path*."""
    model = ObjectModel(path, side=FETCHED_SIDE)
    events, looks, light = list[NamedEvent](), list[SingleLook](), list[SingleLook]()
    for recording in recordings:
        new_events = events_of(recording, detector, path)
        new_looks = looks_at(recording, detector, model)
        events += new_events
        looks += new_looks
        report(line_of(recording, detector, new_events, new_looks))
        for scene in LIGHT_SCENES:
            if scene.recording == recording.name:
                light += looks_in_light(scene, recording, detector, model)
    return Outcome(events, looks, light)


def line_of(recording: Recording, detector: str, events: Sequence[NamedEvent],
            looks: Sequence[SingleLook]) -> str:
    """Return one line on what was named in *recording*."""
    named = [f"{'true' if each.is_true else 'false'}: "
             f"{' and '.join(sorted(each.names)) or '-'}" for each in events]
    moving = [look for look in looks if not look.is_quiet]
    right = share(bool(look.names & look.shown) for look in moving)
    return f"{detector:8} {recording.name:30} looks {right}; events {', '.join(named)}"


def footage(folder: Path, model: Path, only: str, *, verbose: bool) -> bool:
    """Judge names by the footage in *folder*; return whether the day's are met."""
    recordings = [each for each in read_footage(folder, as_recorded)
                  if any(part in each.name for part in only.split(","))]
    night = [each for each in recordings if each.name.startswith("n_")]
    day = [each for each in recordings if each not in night]
    report = partial(print, flush=True) if verbose else (lambda text: None)
    columns = {f"{detector}{suffix}": outcome_of(chosen, detector, model, report)
               for suffix, chosen in (("", day), (", night", night)) if chosen
               for detector in DETECTORS}
    print(table(columns))
    return all(row.reaches(row.figure(columns[detector]), row.must) for row in ROWS
               for detector in DETECTORS if detector in columns)


def table(columns: dict[str, Outcome]) -> str:
    """Return the figures of all *columns* as a table in Markdown."""
    lines = [f"| | must | aim | {' | '.join(columns)} |",
             "|---" * (3 + len(columns)) + "|"]
    for row in ROWS:
        cells = [(str if "night" in name else row.shown)(row.figure(outcome))
                 for name, outcome in columns.items()]
        lines.append(f"| {row.title} | {row.bounds()} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.objects", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--footage", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="PART,...",
                        help="recordings with one of these in their names")
    parser.add_argument("--data", type=Path, default=TEST_DATA, metavar="DIR")
    parser.add_argument("--verbose", "-v", action="store_true", help="a line for each")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if trouble := YOLOX_NANO.trouble(given.data):
        sys.exit(f"{trouble} in {given.data}")
    try:
        results = [PARTS[name](given) for name in given.parts or PARTS]
    except SettingsError as error:
        sys.exit(str(error))
    sys.exit(0 if all(results) else 1)


def run_footage(given: argparse.Namespace) -> bool:
    """Run that part, if there is footage."""
    if given.footage is None:
        print("footage: name a folder with --footage")
        return True
    return footage(given.footage, YOLOX_NANO.path(given.data), given.only,
                   verbose=given.verbose)


PARTS: dict[str, Callable[[argparse.Namespace], bool]] = {
    "footage": run_footage,
    **{part.__name__: partial(lambda part, given: part(given.data), part)
       for part in (objects_cost.cost, objects_cost.memory, objects_cost.busy,
                    objects_cost.delay)}}

if __name__ == "__main__":
    main()

"""
How far motion detectors can be trusted, on footage and under weather.

    python -m benchmarks.detection [--footage FOLDER] [DETECTOR ...]

A DETECTOR is a value of --detector, or MODULE:CLASS with a method apply(frame) that
returns a mask and boxes, as OpenCV's subtractors nearly do; default: adaptive. The
tutorial's own, single, is measured in the same run. CPU time is that of the product's
whole detection, as a ratio to the tutorial's bare steps: reduce to grey, blur, detect
and update. ``footage`` says what a folder of footage holds,
``judging`` how everything is counted, and ``weather_clips`` what weather is laid over.
Without footage, that is the demo camera's scene.

Sequences whose names begin with ``n_`` are of the night and are judged by themselves,
and so are others with one letter before ``_``. Sequences with fewer than five masks
are left out of the means of pixels and boxes.

--halves repeats the figures for two halves of the sequences, --leave-one-out shows
how far they move if a sequence is left out.

Met: what the column "must" says; "aim" is what to work for.
"""

import argparse
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np

from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import Grey, Image
from pyimagesearch.motion_detection import (
    Detection,
    MotionDetection,
    SingleMotionDetector,
)
from pyimagesearch.motion_detection.detector import area_in, as_boxes, find_class
from pyimagesearch.motion_detection.regions import NOTHING_FOUND, Found, Region
from pyimagesearch.settings.settings import Settings

from .footage import Recording, clean_background, read_footage
from .judging import Pixels, Score, Watcher, judge, judge_after, watcher
from .weather_clips import (
    DEMO,
    EFFECTS,
    TUNING,
    TUNING_SEED,
    VALIDATION,
    VALIDATION_SEED,
    Base,
    cut,
    demo_recording,
    weather_clips,
    with_weather,
)

REFERENCE = "single"        # is always measured
TUTORIALS_FRAME_COUNT = 32
MAIN, NIGHT, OTHERS, WEATHER = "main", "night", "others", "weather"

Judged = TypeVar("Judged")
Scores = Mapping[str, Score]    # by the name of the recording
Figure = Callable[[Scores], float | None]


class TutorialsSteps:
    """What the tutorial does with a frame, for its CPU time."""

    def __init__(self) -> None:
        self._detector = SingleMotionDetector(accumWeight=0.1)
        self._frames = 0

    def look(self, frame: Image, at: float) -> Detection:
        """Detect, once 32 frames were learnt, and learn."""
        grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        grey = cv2.GaussianBlur(grey, (7, 7), 0)
        if self._frames > TUTORIALS_FRAME_COUNT:
            self._detector.detect(grey)
        self._detector.update(grey)
        self._frames += 1
        return Detection((), 0.0, None, self._frames)


class AppliedDetector:
    """A detector for the product, made of one with ``apply(frame) -> mask, boxes``."""

    sharp = True

    def __init__(self, make: Callable[..., Any], fps: float) -> None:
        self.fps = fps
        takes_fps = "fps" in inspect.signature(make).parameters
        self._detector = make(fps=fps) if takes_fps else make()

    def look(self, image: Grey, *, learning: bool = False) -> Found:
        """Apply the detector to *image*; report nothing while *learning*."""
        mask, boxes = self._detector.apply(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
        if learning or mask is None:
            return NOTHING_FOUND
        return Found(mask, tuple(
            Region(box, area_in(mask, box), True, "was reported")
            for box in as_boxes(boxes)))


@dataclass
class Result:
    """What one detector did."""

    groups: dict[str, dict[str, Score]] = field(default_factory=dict)
    after_clean: dict[str, Pixels] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One figure of the table, with what it must be and what it is to become."""

    title: str
    group: str
    figure: Figure
    form: str = "{:.3f}"
    must: float | None = None
    aim: float | None = None
    more_is_better: bool = False

    def shown(self, value: float | None) -> str:
        """Return *value* with whether it is met."""
        if value is None:
            return "–"
        text = self.form.format(value)
        if self.must is None:
            return text
        if self.reaches(value, self.aim):
            return f"{text} aim met"
        return f"{text} {'met' if self.reaches(value, self.must) else 'MISSED'}"

    def reaches(self, value: float, bound: float | None) -> bool:
        """Return whether *value* is as good as *bound*."""
        if bound is None:
            return False
        return value >= bound if self.more_is_better else value <= bound

    def wanted(self, bound: float | None) -> str:
        """Return *bound* as the table shows it."""
        sign = "≥" if self.more_is_better else "≤"
        return "" if bound is None else f"{sign} {self.form.format(bound)}"


def ratio(part: Callable[[Score], float], whole: Callable[[Score], float],
          scores: Scores) -> float | None:
    """Return the sum of *part* by that of *whole*, over all *scores*."""
    total = sum(map(whole, scores.values()))
    return sum(map(part, scores.values())) / total if total else None


def mean(values: Iterable[float]) -> float | None:
    """Return the mean of *values*; None if there are none."""
    found = list(values)
    return float(np.mean(found)) if found else None


def percent(part: Callable[[Score], float], whole: Callable[[Score], float]) -> Figure:
    """Return the figure of *part* in percent of *whole*."""
    def figure(scores: Scores) -> float | None:
        found = ratio(part, whole, scores)
        return None if found is None else 100 * found
    return figure


def false_events_per_hour(scores: Scores) -> float | None:
    """Return how many events began in each quiet hour."""
    found = ratio(lambda score: score.false_events, lambda score: score.quiet_seconds,
                  scores)
    return None if found is None else 3600 * found


def pixel_f(scores: Scores) -> float | None:
    """Return the mean of the recordings' F."""
    return mean(score.pixels.f_score for score in scores.values() if score.pixels)


def box_overlap(scores: Scores) -> float | None:
    """Return the mean of the recordings' mean overlap of boxes."""
    return mean(float(np.mean(score.overlaps)) for score in scores.values()
                if score.overlaps)


def mean_delay(scores: Scores) -> float | None:
    """Return how long after the motion's begin an event began to last [s]."""
    return mean(delay for score in scores.values() for delay in score.delays)


def worst_delay(scores: Scores) -> float | None:
    """Return the longest of the delays [s]."""
    return max((delay for score in scores.values() for delay in score.delays),
               default=None)


def cost(scores: Scores) -> float | None:
    """Return the mean CPU time of a frame, as a ratio to the tutorial's."""
    return ratio(lambda score: score.cost, lambda score: score.tutorials_cost, scores)


FALSE_FRAMES = percent(lambda score: score.false_frames,
                       lambda score: score.quiet_frames)
RECORDED = percent(lambda score: score.recorded_seconds,
                   lambda score: score.quiet_seconds)
FOUND = percent(lambda score: score.events_found, lambda score: score.events)
RECALL = percent(lambda score: score.found_frames, lambda score: score.positive_frames)

SHARE = "{:.1f} %"
ROWS = (
    Row("false-alarm frames", MAIN, FALSE_FRAMES, SHARE, 3, 1),
    Row("false-alarm frames, night", NIGHT, FALSE_FRAMES, SHARE, 8, 2),
    Row("false-alarm frames, others", OTHERS, FALSE_FRAMES, SHARE),
    Row("quiet time recorded", MAIN, RECORDED, SHARE, 4, 1),
    Row("quiet time recorded, night", NIGHT, RECORDED, SHARE),
    Row("quiet time recorded, weather", WEATHER, RECORDED, SHARE, 4, 1),
    Row("false events per quiet hour, weather", WEATHER, false_events_per_hour,
        "{:.0f}", 15, 3),
    Row("events found", MAIN, FOUND, SHARE, 100, 100, more_is_better=True),
    Row("events found, night", NIGHT, FOUND, SHARE, 100, 100, more_is_better=True),
    Row("events found, others", OTHERS, FOUND, SHARE, 100, 100, more_is_better=True),
    Row("events found, weather", WEATHER, FOUND, SHARE, 95, 98, more_is_better=True),
    Row("frames with motion found", MAIN, RECALL, SHARE),
    Row("start delay, mean", MAIN, mean_delay, "{:.2f} s", 0.6, 0.3),
    Row("start delay, worst", MAIN, worst_delay, "{:.1f} s", 5, 2),
    Row("pixel F", MAIN, pixel_f, "{:.3f}", 0.87, 0.90, more_is_better=True),
    Row("box IoU", MAIN, box_overlap, "{:.3f}", 0.73, 0.78, more_is_better=True))
AFTER_CLEAN = Row("pixel F after 40 frames of clean background", MAIN, pixel_f,
                  "{:.3f}", 0.82, 0.88, more_is_better=True)
COST = Row("CPU time by the tutorial's", MAIN, cost, "{:.2f}", 2, 1.2)


def make_watcher(detector: str, fps: float) -> Watcher:
    """Return a fresh watcher by *detector*; raises :exc:`SettingsError`."""
    (settings,) = Settings(source=("demo",), detector=detector).cameras()
    if ":" in detector:
        applied = load_applied(detector)
        if applied is not None:
            make = partial(AppliedDetector, applied, fps)
            return watcher(MotionDetection(settings, make))     # type: ignore[arg-type]
    return watcher(MotionDetection(settings))


def load_applied(detector: str) -> Callable[..., Any] | None:
    """Return the class *detector* if it is one with apply() that the product lacks."""
    try:
        found = find_class(detector)
    except (ImportError, TypeError):    # MotionDetection says what is wrong
        return None
    return found if hasattr(found, "apply") and not hasattr(found, "sharp") else None


def group_of(recording: Recording, have_main: bool) -> str:
    """Return the group in which *recording* is judged."""
    if recording.name.startswith("n_"):
        return NIGHT
    return OTHERS if have_main and recording.name[1:2] == "_" else MAIN


def measure(detectors: Sequence[str], recordings: Iterable[tuple[str, Recording]],
            report: Callable[[str], None]) -> dict[str, Result]:
    """Judge all *detectors* by *recordings*, each with its group."""
    results = {detector: Result() for detector in detectors}
    for group, recording in recordings:
        *scores, tutorials = judge(recording, [
            *(make_watcher(detector, recording.fps) for detector in detectors),
            TutorialsSteps().look])
        for detector, score in zip(detectors, scores, strict=True):
            score.tutorials_cost = tutorials.cost
            results[detector].groups.setdefault(group, {})[recording.name] = score
            report(line_of(detector, recording.name, score))
    return results


def measure_after_clean(results: Mapping[str, Result], recordings: Iterable[Recording]
                        ) -> None:
    """Add to *results* the pixels after a clean background."""
    for recording in recordings:
        if not recording.has_pixel_truth():
            continue
        background = clean_background(recording)
        if background is None:
            continue
        found = judge_after(recording, background, [
            make_watcher(detector, recording.fps) for detector in results])
        for result, pixels in zip(results.values(), found, strict=True):
            result.after_clean[recording.name] = pixels


def line_of(detector: str, name: str, score: Score) -> str:
    """Return one line on what *detector* did with the recording *name*."""
    pixels = f" F {score.pixels.f_score:.3f}" if score.pixels else ""
    return (f"{detector:10} {name:38} false frames {score.false_frames}/"
            f"{score.quiet_frames} recorded {score.recorded_seconds:.1f}/"
            f"{score.quiet_seconds:.1f} s, false events {score.false_events}, found "
            f"{score.events_found}/{score.events}{pixels} {1e6 * score.cost:.0f} µs")


def table(results: Mapping[str, Result]) -> str:
    """Return the figures of all detectors as a table in Markdown."""
    lines = [f"| | must | aim | {' | '.join(results)} |",
             "|---" * (3 + len(results)) + "|"]
    for row in ROWS:
        values = [row.figure(result.groups.get(row.group, {}))
                  for result in results.values()]
        if any(value is not None for value in values):
            lines.append(line(row, values))
    clean = [mean(pixels.f_score for pixels in result.after_clean.values())
             for result in results.values()]
    if any(value is not None for value in clean):
        lines.append(line(AFTER_CLEAN, clean))
    group = MAIN if MAIN in results[REFERENCE].groups else WEATHER
    lines.append(line(COST, [cost(result.groups.get(group, {}))
                             for result in results.values()]))
    return "\n".join(lines)


def extent(results: Mapping[str, Result]) -> str:
    """Return a sentence on how much was judged in each group."""
    parts = [f"{group}: {len(scores)} recordings, "
             f"{sum(score.quiet_seconds for score in scores.values()):.0f} s of quiet, "
             f"{sum(score.quiet_frames for score in scores.values())} quiet frames, "
             f"{sum(score.events for score in scores.values())} events"
             for group, scores in results[REFERENCE].groups.items()]
    return "; ".join(parts)


def line(row: Row, values: Iterable[float | None]) -> str:
    """Return the line of *row* in the table."""
    cells = [row.title, row.wanted(row.must), row.wanted(row.aim),
             *map(row.shown, values)]
    return f"| {' | '.join(cells)} |"


def by_effect(results: Mapping[str, Result]) -> str:
    """Return what weather does, effect by effect, as a table in Markdown."""
    lines = ["Quiet time recorded, false events and events found, by effect:", "",
             f"| | {' | '.join(results)} |", "|---" * (1 + len(results)) + "|"]
    for effect in EFFECTS:
        cells = []
        for result in results.values():
            scores = {name: score for name, score in result.groups[WEATHER].items()
                      if name.endswith(f" in {effect}")}
            cells.append(f"{RECORDED(scores):.1f} %, "
                         f"{sum(score.false_events for score in scores.values())}, "
                         f"{sum(score.events_found for score in scores.values())} of "
                         f"{sum(score.events for score in scores.values())}")
        lines.append(f"| {effect} | {' | '.join(cells)} |")
    return "\n".join(lines)


def halves(results: Mapping[str, Result]) -> str:
    """Return the table for each half of the sequences, split by their names."""
    parts = []
    for half in (0, 1):
        kept = {detector: Result(
            {group: part_of(scores, half) for group, scores in result.groups.items()},
            part_of(result.after_clean, half)) for detector, result in results.items()}
        names = sorted(kept[REFERENCE].groups.get(MAIN, {}))
        parts.append(f"Half {'AB'[half]}: {', '.join(names)}\n\n{table(kept)}")
    return "\n\n".join(parts)


def part_of(found: Mapping[str, Judged], half: int) -> dict[str, Judged]:
    """Return those of *found* whose recordings are in *half*, 0 or 1."""
    return {name: each for name, each in found.items()
            if hashlib.sha256(base_name(name).encode()).digest()[0] & 1 == half}


def base_name(name: str) -> str:
    """Return the name of a recording, without the weather laid over it."""
    return name.partition(" in ")[0]


def leave_one_out(results: Mapping[str, Result]) -> str:
    """Return between what the figures move when one sequence is left out."""
    lines = [f"| one sequence left out | {' | '.join(results)} |",
             "|---" * (1 + len(results)) + "|"]
    for row in ROWS:
        cells = [spread(row, result.groups.get(row.group, {}))
                 for result in results.values()]
        if any(cells):
            lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def spread(row: Row, scores: Scores) -> str:
    """Return the worst and the best of *row* with one of *scores* left out."""
    values = {}
    for left_out in sorted(set(map(base_name, scores))):
        value = row.figure({name: score for name, score in scores.items()
                            if base_name(name) != left_out})
        if value is not None:
            values[left_out] = value
    if not values:
        return ""
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    worst, best = (low, high) if row.more_is_better else (high, low)
    return (f"{row.form.format(values[worst])} (without {worst}) to "
            f"{row.form.format(values[best])} (without {best})")


def all_recordings(footage: Sequence[Recording], weather: str
                   ) -> Iterable[tuple[str, Recording]]:
    """Yield all that is to be judged, with its group."""
    have_main = any(recording.name[1:2] != "_" for recording in footage)
    yield from ((group_of(recording, have_main), recording) for recording in footage)
    bases, seed = {"tuning": (TUNING, TUNING_SEED),
                   "validation": (VALIDATION, VALIDATION_SEED),
                   "none": ((), 0)}[weather]
    if not footage and bases:
        clip = cut(DEMO, demo_recording())
        frames = list(clip.play())
        yield from ((WEATHER, with_weather(clip, frames, effect, seed))
                    for effect in EFFECTS)
    yield from ((WEATHER, clip) for clip in weather_clips(bases, footage, seed))


def named(bases: Iterable[Base]) -> str:
    """Return the names of *bases*."""
    return ", ".join(base.name for base in bases)


def main() -> None:
    """Measure, and print the tables."""
    summary, _, more = (__doc__ or "").strip().partition("\n")
    parser = argparse.ArgumentParser(
        "python -m benchmarks.detection", description=f"{summary}\n{more}",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("detectors", nargs="*", default=["adaptive"],
                        metavar="DETECTOR")
    parser.add_argument("--footage", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="PART,...",
                        help="sequences with one of these in their names")
    parser.add_argument(
        "--weather", choices=("validation", "tuning", "none"), default="validation",
        help=f"laid over {named(VALIDATION)}, or for tuning over {named(TUNING)}")
    parser.add_argument("--halves", action="store_true")
    parser.add_argument("--leave-one-out", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all scores")
    parser.add_argument("--verbose", "-v", action="store_true", help="a line for each")
    given = parser.parse_args()
    try:
        run(given)
    except SettingsError as error:
        sys.exit(str(error))


def run(given: argparse.Namespace) -> None:
    """Measure what was *given* on the command line, and print it."""
    cv2.setNumThreads(1)
    footage = read_footage(given.footage) if given.footage else []
    chosen = [recording for recording in footage
              if any(part in recording.name for part in given.only.split(","))]
    if footage and not chosen:
        raise SettingsError(f"--only is {given.only!r}, which is in no sequence's name")
    detectors = list(dict.fromkeys([REFERENCE, *given.detectors]))
    for detector in detectors:
        make_watcher(detector, 25.0)    # says what is wrong with it before the work
    report = print if given.verbose else (lambda text: None)
    results = measure(detectors, all_recordings(chosen, given.weather), report)
    measure_after_clean(results, chosen)
    print(f"{extent(results)}\n\n{table(results)}")
    if WEATHER in results[REFERENCE].groups:
        print(f"\n{by_effect(results)}")
    if given.halves:
        print(f"\n{halves(results)}")
    if given.leave_one_out:
        print(f"\n{leave_one_out(results)}")
    if given.json:
        given.json.write_text(json.dumps(
            {name: asdict(result) for name, result in results.items()}))


if __name__ == "__main__":
    main()

"""Describe the results of a replay, as lines for people and as JSON."""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from pyimagesearch.settings.camera_settings import CameraSettings

from .contenders import COMPARABLE
from .event_log import ReplayedEvent, SceneChange
from .player import Replay
from .trial import Outcome

Row = tuple[str, ...]

HEADINGS: Row = ("settings", "events", "motion", "CPU")


def lines_of(replay: Replay) -> Iterator[str]:
    """Yield the lines about one recording: its events, and a table to compare them."""
    compared = len(replay.outcomes) > 1
    if replay.seconds or not replay.trouble:
        yield f"{replay.recording.name}: {describe(replay)}"
    for note in replay.notes:
        yield f"  note: {note}"
    if compared and replay.seconds:
        yield from table(rows_of(replay.outcomes))
    for outcome in replay.outcomes if replay.seconds else ():
        if compared:
            yield f"  {outcome.contender.label}: {count(len(outcome.events), 'event')}"
        indent = "    " if compared else "  "
        yield from (indent + event_line(event) for event in outcome.events)
        yield from (indent + change_line(change) for change in outcome.changes)
        if not compared and not outcome.events and outcome.learnt_at is not None:
            yield "  no motion event"


def describe(replay: Replay) -> str:
    """Return length, rate and time of a recording in words."""
    frames = len(replay.outcomes[0].levels)
    rate = f" at {(frames - 1) / replay.seconds:.3g} fps" if replay.seconds else ""
    clips = replay.recording.clips
    recorded = "" if not clips else (
        f", {clips[0].camera}, {datetime.datetime.fromtimestamp(clips[0].first)}"
        .partition(".")[0])
    return f"{clock_text(replay.seconds)}, {count(frames, 'frame')}{rate}{recorded}"


def event_line(event: ReplayedEvent) -> str:
    """Return one line about *event*."""
    peak = event.peak
    return (f"{clock_text(event.begin)} to {clock_text(event.end)}"
            f"  {event.seconds:5.1f} s  peak {area_text(peak.area)}"
            f" at {clock_text(peak.at)}  {peak.rule}").rstrip()


def change_line(change: SceneChange) -> str:
    """Return one line about a *change* of the whole picture."""
    note = f" ({change.note})" if change.note else ""
    return f"{clock_text(change.at)}  {change.kind}{note}"


def table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table of *rows*, below their headings."""
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for first, *others in (HEADINGS, *rows):
        cells = (f"{cell:>{width}}" for cell, width in zip(others, widths[1:],
                                                           strict=True))
        yield f"  {first:<{widths[0]}}  {'  '.join(cells)}"


def rows_of(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return a row of a table for each of *outcomes*."""
    return [(each.contender.label, str(len(each.events)), percent(each.motion_share),
             f"{each.cpu_milliseconds:.2f} ms") for each in outcomes]


def totals(replays: Sequence[Replay]) -> list[Outcome]:
    """Return one outcome for each contender, over all *replays*."""
    return [total_of(column) for column in zip(
        *(each.outcomes for each in replays), strict=True)]


def total_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Return one outcome with everything in *outcomes*, of one contender."""
    total = Outcome(outcomes[0].contender)
    for each in outcomes:
        total.levels += each.levels
        total.events += each.events
        total.cpu_seconds += each.cpu_seconds
    return total


def summary(replays: Sequence[Replay], took: float) -> Iterator[str]:
    """Yield lines about all *replays*, which *took* some seconds."""
    compared = len(replays[0].outcomes) > 1
    seconds = sum(each.seconds for each in replays)
    if compared and len(replays) > 1:
        yield f"all {len(replays)} videos:"
        yield from table(rows_of(totals(replays)))
    total = totals(replays)[0]
    found = "" if compared else (
        f"{count(len(total.events), 'event')}, motion in "
        f"{percent(total.motion_share)} of the frames after learning; ")
    yield (f"{found}{clock_text(seconds)} of video in {took:.1f} s, "
           f"{seconds / max(1e-3, took):.1f} times real time")


def count(number: int, noun: str) -> str:
    """Return *number* and *noun*, in the plural if need be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float) -> str:
    """Return a *share*, 0 to 1, in percent."""
    return f"{100 * share:.1f} %"


def clock_text(seconds: float) -> str:
    """Return a time in a video, such as ``1:05.2``."""
    tenths = round(seconds * 10)
    hours, minutes = divmod(tenths // 600, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{tenths % 600 / 10:04.1f}"


def area_text(area: float) -> str:
    """Return an *area* [per mille] in percent, and in the unit of ``--min-area``."""
    return f"{area / 10:.2g} % ({area:.3g} ‰)"


def as_json(replay: Replay) -> dict[str, Any]:
    """Return what is known about one recording, for JSON."""
    clips = replay.recording.clips
    return {
        "files": [str(path) for path in replay.recording.paths],
        "camera": replay.recording.camera,
        "first": clips[0].first if clips else None,
        "seconds": round(replay.seconds, 3),
        "took": round(replay.took, 3),
        "notes": replay.notes,
        "error": replay.trouble,
        "results": [outcome_json(each) for each in replay.outcomes]}


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """Return one outcome for JSON; times in seconds, areas in per mille."""
    return {
        "label": outcome.contender.label,
        "settings": settings_json(outcome.contender.settings),
        "frames": len(outcome.levels),
        "learnt_at": outcome.learnt_at,
        "motion_share": round(outcome.motion_share, 4),
        "cpu_ms_per_frame": round(outcome.cpu_milliseconds, 4),
        "events": [{"begin": round(each.begin, 3), "end": round(each.end, 3),
                    "peak_at": round(each.peak.at, 3),
                    "peak_area": round(each.peak.area, 3),
                    "boxes": each.peak.boxes, "boxes_of": each.peak.size,
                    "rule": each.peak.rule} for each in outcome.events],
        "changes": [{"at": round(each.at, 3), "kind": each.kind, "note": each.note}
                    for each in outcome.changes]}


def settings_json(settings: CameraSettings) -> dict[str, Any]:
    """Return the settings that decide about events, for JSON."""
    return {name: getattr(settings, name) for name in COMPARABLE}


def flags_of(settings: CameraSettings) -> list[str]:
    """Return the detector, and what else is not by default, as flags."""
    return [flag(name, value) for name, value in settings_json(settings).items()
            if name == "detector" or value != COMPARABLE[name].default]


def flag(name: str, value: Any) -> str:
    """Return the *value* of a setting as on the command line."""
    option = COMPARABLE[name]
    if isinstance(value, bool):
        return option.flag if value else option.negation
    return f"{option.flag} {value:g}" if isinstance(value, float) else (
        f"{option.flag} {value}")

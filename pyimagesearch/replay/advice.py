"""Describe a suggestion, as lines for people and as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from .marks import MarkedRecording
from .results import area_text, clock_text, count, flag, settings_json
from .suggestion import FEW_MARKS, Judgement, Score, Suggestion


def lines_about(suggestion: Suggestion, table: str) -> Iterator[str]:
    """Yield the lines about *suggestion* for the camera of a *table*, "" without."""
    yield (f"{count(len(suggestion.marked), 'video')}: "
           f"{count(suggestion.wanted, 'real event')}, {suggestion.false_alarms} "
           f"without any; {suggestion.tried} settings tried")
    yield f"  present settings: {verdict(suggestion, suggestion.present)}"
    if suggestion.changes:
        yield f"  suggested:        {verdict(suggestion, suggestion.best)}"
        yield from change_lines(suggestion, table)
    else:
        yield from explain_no_change(suggestion)
    if len(suggestion.marked) < FEW_MARKS:
        yield (f"note: so few videos ({len(suggestion.marked)}) say little about the "
               "next event; mark more events")
    if not suggestion.false_alarms or not suggestion.wanted:
        missing = "false alarm" if suggestion.wanted else "real event"
        yield f"note: without a marked {missing}, there is nothing to weigh against"


def verdict(suggestion: Suggestion, score: Score) -> str:
    """Return in words what *score* says."""
    return (f"keep {score.kept} of {suggestion.wanted} real events, "
            f"report {count(score.false, 'false one')}"
            + (f", {score.overlong} much too long" if score.overlong else ""))


def change_lines(suggestion: Suggestion, table: str) -> Iterator[str]:
    """Yield what to change, and what becomes of each event by that."""
    yield f"\n  {as_flags(suggestion.changes)}\n"
    where = f"below [cameras.{table}]" if table else "above all tables"
    yield f"  # in the settings file, {where}"
    yield from (f"  {line}" for line in as_toml(suggestion.changes))
    yield ""
    if "min_area" in suggestion.changes and suggestion.best.smallest:
        yield ("  of the real events, the smallest one reaches "
               f"{area_text(suggestion.best.smallest)}")
    for marked, before, after in zip(
            suggestion.marked, suggestion.present.judgements,
            suggestion.best.judgements, strict=True):
        yield from (f"  {line}" for line in differences(marked, before, after))


def differences(marked: MarkedRecording, before: Judgement, after: Judgement
                ) -> Iterator[str]:
    """Yield what differs between two judgements of one recording."""
    for span in before.lost:
        if span not in after.lost:
            yield f"kept: {marked.recording.name}, {between(span)}"
    for span in after.lost:
        what = "still lost" if span in before.lost else "lost"
        yield f"{what}: {marked.recording.name}, {between(span)}"
    if len(after.false) < len(before.false):
        gone = len(before.false) - len(after.false)
        yield f"no longer reported: {marked.recording.name}, {count(gone, 'false one')}"
    for event in after.false:
        yield f"still reported: {marked.recording.name}, {between(event)}"


def explain_no_change(suggestion: Suggestion) -> Iterator[str]:
    """Yield why nothing is suggested."""
    present = suggestion.present
    if present.value == (suggestion.wanted, 0, 0):
        yield "  nothing to improve: the present settings do what the marks ask for"
        return
    yield ("  no setting of sensitivity, min_area and min_frames does better: real and "
           "false events look too much alike")
    for marked, judged in zip(suggestion.marked, present.judgements, strict=True):
        yield from (f"  {line}" for line in differences(marked, judged, judged))


def between(part: Any) -> str:
    """Return begin and end of a *part* of a video in words."""
    return f"{clock_text(part.begin)} to {clock_text(part.end)}"


def as_flags(changed: Mapping[str, Any]) -> str:
    """Return *changed* settings as on the command line."""
    return " ".join(flag(name, value) for name, value in changed.items())


def as_toml(changed: Mapping[str, Any]) -> list[str]:
    """Return *changed* settings as lines of the settings file."""
    return [f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value:g}"
            for name, value in changed.items()]


def advice_json(suggestion: Suggestion) -> dict[str, Any]:
    """Return *suggestion* for JSON."""
    return {
        "videos": [str(path) for each in suggestion.marked
                   for path in each.recording.paths],
        "wanted": suggestion.wanted, "tried": suggestion.tried,
        "changes": suggestion.changes, "flags": as_flags(suggestion.changes),
        "present": score_json(suggestion.present),
        "suggested": score_json(suggestion.best)}


def score_json(score: Score) -> dict[str, Any]:
    """Return *score* for JSON."""
    return {"settings": settings_json(score.settings), "kept": score.kept,
            "false": score.false, "overlong": score.overlong}

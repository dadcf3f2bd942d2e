"""Describe a suggestion, as lines for people and as JSON."""

from collections.abc import Iterator, Mapping
from typing import Any

from .results import area_text, count, flag, settings_json
from .suggestion import FEW_MARKS, Judgement, Score, Suggestion


def lines_about(suggestion: Suggestion, camera: str) -> Iterator[str]:
    """Yield the lines about *suggestion* for one *camera* of several, or "" for all."""
    yield (f"{count(suggestion.wanted, 'real event')} and "
           f"{count(suggestion.false_alarms, 'false alarm')}; "
           f"{suggestion.tried} settings tried")
    yield f"  present settings: {verdict(suggestion, suggestion.present)}"
    if suggestion.changes:
        yield f"  suggested:        {verdict(suggestion, suggestion.best)}"
        yield from change_lines(suggestion, camera)
    elif not suggestion.wanted:
        yield ("  nothing is suggested without a real event: mark some with a star, on "
               "the pages of events")
    elif suggestion.present.value == (suggestion.wanted, 0, 0):
        yield "  nothing to improve: the present settings do what the marks ask for"
    else:
        yield ("  no setting of sensitivity, min_area and min_frames does better: real "
               "and false events look too much alike")
    for marked, before, after in zip(
            suggestion.marked, suggestion.present.judgements,
            suggestion.best.judgements, strict=True):
        if what := difference(before, after):
            yield f"  {what}: {marked.recording.name}"
    if len(suggestion.marked) < FEW_MARKS:
        yield (f"note: so few events ({len(suggestion.marked)}) say little about the "
               "next one; mark more")
    if not suggestion.false_alarms:
        yield "note: without a marked false alarm, there is nothing to weigh against"


def verdict(suggestion: Suggestion, score: Score) -> str:
    """Return in words what *score* says."""
    return (f"keep {score.kept} of {suggestion.wanted} real events, "
            f"report {count(score.false, 'false alarm')}"
            + (f", {score.overlong} real much too long" if score.overlong else ""))


def change_lines(suggestion: Suggestion, camera: str) -> Iterator[str]:
    """Yield what to change for one *camera*, or for all."""
    yield ""
    if camera:
        yield "  # in the settings file, in the camera's table, beside its source"
        yield f"  [cameras.{camera}]"
    else:
        yield f"  {as_flags(suggestion.changes)}\n"
        yield "  # in the settings file, above all tables"
    yield from (f"  {line}" for line in as_toml(suggestion.changes))
    yield ""
    if "min_area" in suggestion.changes and suggestion.best.smallest:
        yield ("  of the real events, the smallest one reaches "
               f"{area_text(suggestion.best.smallest)}")


def difference(before: Judgement, after: Judgement) -> str:
    """Return what becomes of an event by a change, "" if all is well as before."""
    if after.reported != before.reported:
        if after.real:
            return "kept" if after.reported else "lost"
        return "reported" if after.reported else "no longer reported"
    if after.reported == after.real:
        return ""
    return "still lost" if after.real else "still reported"


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

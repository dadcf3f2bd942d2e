"""Alerts in words for people."""

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from pyimagesearch.clock import day_and_time
from pyimagesearch.events.event import (
    COVERED,
    DAY_NIGHT,
    LIGHT,
    LOGIN_REFUSED,
    LOST,
    MANUAL,
    MOTION,
    MOVED,
    RETURNED,
    SNAPSHOT,
    UNFOCUSED,
    UNSTEADY,
)

MINUTE_SECONDS, HOUR_SECONDS = 60, 3600
MAX_CAMERAS = 5     # that are counted each on its own
MAX_NAMES = 4       # of objects that are written

SENTENCES = {
    MOTION: "Motion", MANUAL: "A recording was started",
    SNAPSHOT: "A snapshot was taken",
    LIGHT: "The light changed", DAY_NIGHT: "The camera switched between day and night",
    MOVED: "The camera was moved", COVERED: "The camera is covered",
    UNFOCUSED: "The picture is out of focus", LOST: "No picture",
    RETURNED: "The picture is back", UNSTEADY: "The signal comes and goes",
    LOGIN_REFUSED: "A login was refused", "disk": "Nothing can be recorded"}


class Happened(NamedTuple):
    """What an alert reports, as far as it is put into words; times since the epoch."""

    kind: str
    names: tuple[str, ...]
    zones: tuple[str, ...]
    note: str
    begin: float
    end: float | None


def sentence_of(what: Happened) -> str:
    """Return what happened, such as ``Person in drive at 14:03:22, for 18 s``."""
    text = capitalized(few_of(what.names)) or SENTENCES.get(
        what.kind, capitalized(what.kind))
    if what.zones:
        text += f" in {listed(what.zones)}"
    text += f" at {clock_time(what.begin)}"
    if what.end is not None and what.end - what.begin >= 1:
        text += f", for {length(what.end - what.begin)}"
    return f"{text}: {what.note}" if what.note and not what.zones else text


def more_of(count: int, since: float | None, counts: Mapping[str, int]) -> str:
    """Return what was left out: ``14 more since 14:05 (front 10, yard 4)``."""
    if not count:
        return ""
    begin = "" if since is None else f" since {clock_time(since)[:-3]}"
    cameras = f" ({by_camera(counts)})" if len(counts) > 1 else ""
    return f"{count} more{begin}{cameras}"


def pause_of(until: float) -> str:
    """Return that only urgent alerts are sent until then."""
    return f"Until {clock_time(until)[:-3]}, only urgent alerts"


def digest_of(begin: float, end: float, counts: Mapping[str, int]) -> str:
    """Return a sentence about the events of a while: ``front 10, yard 4; from …``."""
    first, last = day_and_time(begin), day_and_time(end)
    if first == last:
        when = f"at {first}"
    elif first.rpartition(" ")[0] == last.rpartition(" ")[0]:
        when = f"from {first} to {last.rpartition(' ')[2]}"
    else:
        when = f"from {first} to {last}"
    return f"{by_camera(counts)}; {when}"


def number_of_events(count: int) -> str:
    """Return *count* events in words."""
    return "1 event" if count == 1 else f"{count} events"


def by_camera(counts: Mapping[str, int]) -> str:
    """Return *counts* with the names of cameras, the largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{camera or 'the server'} {count}" for camera, count in ranked]
    rest = len(shown) - MAX_CAMERAS
    if rest > 0:
        others = sum(count for _, count in ranked[MAX_CAMERAS:])
        shown[MAX_CAMERAS:] = [f"{rest} other cameras {others}"]
    return ", ".join(shown)


def capitalized(text: str) -> str:
    """Return *text* with a capital letter first."""
    return text[:1].upper() + text[1:]


def few_of(names: tuple[str, ...]) -> str:
    """Return *names*, the most certain first, of which many are only counted."""
    rest = len(names) - MAX_NAMES
    return listed(names if rest <= 1 else (*names[:MAX_NAMES], f"{rest} others"))


def listed(words: tuple[str, ...]) -> str:
    """Return *words* as a list in a sentence."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def length(seconds: float) -> str:
    """Return *seconds* in words, with two units at most."""
    whole = round(seconds)
    if whole < 2 * MINUTE_SECONDS:
        return f"{whole} s"
    minutes = round(seconds / MINUTE_SECONDS)
    if minutes < 2 * MINUTE_SECONDS:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def clock_time(when: float) -> str:
    """Return the local time of day, with seconds."""
    return datetime.datetime.fromtimestamp(when).strftime("%H:%M:%S")

"""Numbers as a person reads them, in the time of the place where the cameras are."""

import datetime

from pyimagesearch.events.event import GONE, MISSING, OPEN, UNFINISHED

KINDS = {
    "motion": "motion", "manual": "recorded by hand", "snapshot": "still",
    "lost": "signal lost", "returned": "signal back", "armed": "armed",
    "disarmed": "disarmed", "switched off": "all cameras off",
    "switched on": "all cameras on", "login refused": "login refused"}
ABSENT = {      # why a file cannot be shown, by its state
    OPEN: "This is still being recorded.",
    UNFINISHED: "This was cut off by a crash; the next start finishes it.",
    GONE: "This was removed to make room for newer clips.",
    MISSING: "This file is not in the folder of clips any more."}


def clock(when: float) -> str:
    """Return the local time of day of *when* [seconds since the epoch]."""
    return f"{datetime.datetime.fromtimestamp(when):%H:%M:%S}"


def iso(when: float) -> str:
    """Return *when* [seconds since the epoch] for programs, with its time zone."""
    local = datetime.datetime.fromtimestamp(when).astimezone()
    return local.isoformat(timespec="milliseconds")


def day_name(day: datetime.date) -> str:
    """Return *day* as one says it, nearby ones by their name."""
    names = {0: "Today", 1: "Yesterday"}
    ago = (datetime.date.today() - day).days
    return names.get(ago) or f"{day:%A}, {day.day} {day:%B %Y}"


def duration(seconds: float) -> str:
    """Return how long *seconds* are, as a player shows it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def kind_name(kind: str) -> str:
    """Return the words for a kind of event."""
    return KINDS.get(kind, kind)


def days_name(days: float | None) -> str:
    """Return how long clips are kept, about."""
    if days is None:
        return ""
    if days < 2:
        return f"about {round(24 * days)} hours at this rate"
    return f"about {round(days)} days at this rate"

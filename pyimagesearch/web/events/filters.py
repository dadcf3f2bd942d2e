"""Template filters: durations, shares and names."""

from pyimagesearch.events.event import (
    BROKEN,
    EXPIRED,
    GONE,
    MISSING,
    OPEN,
    UNFINISHED,
)
from pyimagesearch.notifications.alert_words import capitalized, few_of
from pyimagesearch.web.words import gettext as _
from pyimagesearch.web.words import ngettext

MAX_FORECAST_DAYS = 365     # more is not known that far ahead
KIND_NAMES = {      # other kinds are named as they are
    "manual": "manual recording", "snapshot": "still", "light": "light changed",
    "day/night": "day or night mode", "moved": "camera moved",
    "covered": "camera covered", "out of focus": "camera out of focus",
    "lost": "signal lost", "returned": "signal back", "unsteady": "signal unsteady",
    "switched off": "all cameras off", "switched on": "all cameras on"}
UNAVAILABLE = {     # why a file cannot be shown, by its state
    OPEN: "This is still being recorded.",
    UNFINISHED: "This could not be finished; the next start tries to repair it.",
    BROKEN: "This holds no picture that can be played.",
    GONE: "This was deleted to make room for newer clips.",
    EXPIRED: "This was deleted because it was too old (--keep-days).",
    MISSING: "This file is no longer in the clips folder."}
LOST_CLIPS = {      # the same in short, where the list has no clip to show
    UNFINISHED: "clip unfinished", BROKEN: "clip unplayable", GONE: "clip deleted",
    EXPIRED: "clip too old", MISSING: "clip missing"}


def duration(seconds: float) -> str:
    """Return *seconds* as m:ss or h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(per_mille: float) -> str:
    """Return a share of the picture in percent, such as ``2.2 %``."""
    share = per_mille / 10
    return f"{share:.0f} %" if share >= 10 else f"{share:.2g} %"


def count_events(count: int) -> str:
    """Return *count* events in words."""
    return "1 event" if count == 1 else f"{count} events"


def subject(names: tuple[str, ...]) -> str:
    """Return *names* as the subject of a headline, such as "Person and vehicle"."""
    return capitalized(few_of(names))


def kind_name(kind: str) -> str:
    """Return the name of a kind of event."""
    return _(KIND_NAMES.get(kind, kind))


def days_name(days: float | None) -> str:
    """Return how many days of clips fit on the disk, if that is known."""
    if days is None:
        return ""
    if days < 2:
        return ngettext("room for about %(num)s hour", "room for about %(num)s hours",
                        round(24 * days))
    if days > MAX_FORECAST_DAYS:
        return _("room for more than a year")
    return ngettext("room for about %(num)s day", "room for about %(num)s days",
                    round(days))

"""Template filters: durations, shares and names."""

from babel.lists import format_list

from pyimagesearch.events.event import (
    BROKEN,
    EXPIRED,
    GONE,
    MISSING,
    OPEN,
    UNFINISHED,
)
from pyimagesearch.notifications.alert_words import MAX_NAMES
from pyimagesearch.web.local_times import reader_locale
from pyimagesearch.web.words import N_, ngettext, translated
from pyimagesearch.web.words import gettext as _

MAX_FORECAST_DAYS = 365     # more is not known that far ahead
KIND_NAMES = {      # other kinds are named as they are
    "manual": N_("manual recording"), "snapshot": N_("still"),
    "light": N_("light changed"),
    "day/night": N_("day or night mode"), "moved": N_("camera moved"),
    "covered": N_("camera covered"), "out of focus": N_("camera out of focus"),
    "lost": N_("signal lost"), "returned": N_("signal back"),
    "unsteady": N_("signal unsteady"),
    "switched off": N_("all cameras off"), "switched on": N_("all cameras on")}
UNAVAILABLE = {     # why a file cannot be shown, by its state
    OPEN: N_("This is still being recorded."),
    UNFINISHED: N_("This could not be finished; the next start tries to repair it."),
    BROKEN: N_("This holds no picture that can be played."),
    GONE: N_("This was deleted to make room for newer clips."),
    EXPIRED: N_("This was deleted because it was too old (--keep-days)."),
    MISSING: N_("This file is no longer in the clips folder.")}
LOST_CLIPS = {      # the same in short, where the list has no clip to show
    UNFINISHED: N_("clip unfinished"), BROKEN: N_("clip unplayable"),
    GONE: N_("clip deleted"),
    EXPIRED: N_("clip too old"), MISSING: N_("clip missing")}


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
    shown = [translated(name) for name in names[:MAX_NAMES]]
    rest = len(names) - len(shown)
    if rest:
        shown.append(ngettext("%(num)s other", "%(num)s others", rest))
    text = format_list(shown, locale=reader_locale())
    return text[:1].upper() + text[1:]


def kind_name(kind: str) -> str:
    """Return the name of a kind of event."""
    return translated(KIND_NAMES.get(kind, kind))


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

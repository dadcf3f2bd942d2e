"""The last events, as a strip below the live pictures."""

from collections.abc import Sequence

from flask import Blueprint, render_template

from pyimagesearch.errors import EventsError
from pyimagesearch.events.event import Event
from pyimagesearch.events.event_filters import Filters

from .services import get_services, read_events

bp = Blueprint("recent", __name__)

SHOWN_EVENTS = 6
READ_EVENTS = 40        # of which some have no picture


@bp.get("/recent")
@bp.get("/recent/<name>")
def show(name: str | None = None) -> str:
    """Return the items of the strip, of one camera or of all, for the page's script."""
    if name is not None:
        get_services().feed(name)
    return render_template("recent_items.html", recent=recent_events(name),
                           one=name)


def recent_events(camera: str | None = None) -> Sequence[Event]:
    """Return the newest events with a picture, or of which a clip is recorded now."""
    services = get_services()
    if services.archive is None:
        return ()
    wanted = Filters(camera=camera)
    try:
        found, _ = read_events(lambda reader: reader.page(
            READ_EVENTS, filters=wanted))
    except EventsError:
        return ()
    known = services.feeds.keys()
    return [each for each in found if each.camera in known and (
        each.picture or (each.end is None and each.clips))][:SHOWN_EVENTS]

"""Share one event by an address that needs no login and ends by itself."""

import logging
from typing import Any

from flask import Blueprint, Response, abort, g, render_template, request, url_for

from pyimagesearch.events.event import Event
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.params import abort_invalid, body, requester
from pyimagesearch.web.services import get_services, read_events

from . import api, files
from .filters import UNAVAILABLE

bp = Blueprint("shares", __name__, url_prefix="/shared")
log = logging.getLogger(__name__)

SHARE_HOURS = (24, 1, 168)      # for which an address may be valid; the first is usual


@api.bp.post("/<int:id>/share")
def share(id: int) -> dict[str, Any]:
    """Return an address that shows one event for some hours, without a login."""
    hours = body().get("hours", SHARE_HOURS[0])
    if isinstance(hours, bool) or str(hours) not in map(str, SHARE_HOURS):
        abort_invalid("hours", hours, f"one of {', '.join(map(str, SHARE_HOURS))}")
    event = api.event_or_404(id)
    key, until = get_services().authenticator.share_key(
        g.client, event.id, 3600 * int(hours))
    log.info("event %d shared for %s hours by %s", id, hours, requester())
    return {"url": url_for("shares.show", id=id, key=key, _external=True),
            "until": until}


@bp.get("/<int:id>")
def show(id: int) -> str:
    """Show a shared event: its clips and pictures, and nothing else."""
    event, until = shared_event(id)
    return render_template("shared.html", event=event, until=until,
                           key=request.args["key"], unavailable=UNAVAILABLE)


@bp.get("/<int:id>/clip-<int(min=1):part>.mp4")
def clip(id: int, part: int) -> Response:
    """Send a clip of a shared event."""
    shared_until(id)
    return files.clip(id, part)


@bp.get("/<int:id>/still-<int(min=1):number>.jpg")
def still(id: int, number: int) -> Response:
    """Send a still of a shared event."""
    shared_until(id)
    return files.still(id, number)


@bp.get("/<int:id>/thumbnail.jpg")
def thumbnail(id: int) -> Response:
    """Send the picture that shows a shared event best."""
    shared_until(id)
    return files.thumbnail(id)


def shared_event(id: int) -> tuple[Event, float]:
    """Return a shared event, and until when it is shared, or abort."""
    until = shared_until(id)
    return read_events(lambda reader: reader.event(id)) or abort_no_event(id), until


def shared_until(id: int) -> float:
    """Return until when the key of this request shows event *id*, or abort (403)."""
    until = get_services().authenticator.shared_until(request.args.get("key", ""), id)
    if until is None:
        abort(403, "This link is not valid, or not any longer; ask for a new one.")
    return until

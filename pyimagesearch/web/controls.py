"""Controls of the live page: record, take a still, arm and disarm."""

import logging
from typing import Any

from flask import Blueprint, abort, request, url_for

from pyimagesearch.status import OFF

from .live import fresh_frame
from .params import body, boolean, requester
from .services import Feed, get_services, or_404

bp = Blueprint("controls", __name__)
log = logging.getLogger(__name__)

SWITCHED_OFF = "The cameras are switched off; switch them on first."


@bp.post("/record_status")
def record() -> dict[str, str]:
    """Start or stop recording one camera, or all of them; repeating is no error."""
    fields = body()
    on, name = boolean("status", fields.get("status")), fields.get("camera")
    starts = [or_404(feed.record) for feed in selected(name)]
    results = get_services().pools.changes.run(lambda: [start(on) for start in starts])
    if on and "started" not in results:
        abort(409, SWITCHED_OFF)
    result = "started" if on else "stopped"
    log.info("%s: manual recording %s by %s", name or "all cameras", result,
             requester())
    return {"result": result}


@bp.get("/record_status")
def recording() -> dict[str, Any]:
    """Return whether a manual recording runs, and since when [s since the epoch]."""
    begins = [since for feed in selected(request.args.get("camera"))
              if (since := feed.status().recording_since) is not None]
    return {"recording": bool(begins), "since": min(begins, default=None)}


@bp.post("/snapshot")
def keep_still() -> dict[str, Any]:
    """Save a new frame of a camera, by default the first one, as an event."""
    services, name = get_services(), body().get("camera")
    feed = services.feed(None if name is None else str(name))
    status, keep = feed.status(), or_404(feed.keep_still)
    if status.state == OFF:
        abort(409, SWITCHED_OFF)
    if not status.is_live:
        abort(503, f"Camera {status.name} delivers no picture now.")
    frame = fresh_frame(feed.broadcaster)
    event = services.pools.changes.run(lambda: keep(frame.jpeg, frame.captured))
    log.info("%s: still %d saved by %s", status.name, event, requester())
    return {"event": event, "url": url_for("events.show", id=event)}


@bp.post("/api/armed")
def arm() -> dict[str, bool]:
    """Switch the recording of motion on or off."""
    armed, services = boolean("armed", body().get("armed")), get_services()
    arming = or_404(services.arming)
    services.pools.changes.run(lambda: arming.arm(armed))
    log.info("%s by %s", "armed" if armed else "disarmed", requester())
    return {"armed": armed}


def selected(name: Any) -> list[Feed]:
    """Return the camera called *name*, or all of them for ``None``."""
    services = get_services()
    return list(services.feeds.values()) if name is None else [services.feed(str(name))]

"""Record by hand, keep a still, arm and disarm."""

from typing import Any

from flask import Blueprint, abort, request, url_for

from pyimagesearch.status import OFF

from .live import FRESH
from .params import body, truth
from .services import Feed, archive_or_404, get_services

bp = Blueprint("recording", __name__)

SWITCHED_OFF = "The cameras are switched off."


@bp.post("/record_status")
def record() -> dict[str, str]:
    """Start or stop recording one camera, or all; to ask twice is no error."""
    given = body()
    on = truth("status", given.get("status"))
    starts = [feed.record for feed in wanted(given.get("camera"))]
    if not all(starts):
        abort(404, "This server keeps no recordings.")
    told = get_services().in_thread(lambda: [start(on) for start in starts if start])
    if on and "started" not in told:
        abort(409, SWITCHED_OFF)
    return {"result": "started" if on else "stopped"}


@bp.get("/record_status")
def recorded() -> dict[str, Any]:
    """Whether somebody records by hand, and since when [seconds since the epoch]."""
    cameras = [feed.status() for feed in wanted(request.args.get("camera"))]
    begins = [camera.recording_since for camera in cameras
              if camera.recording_since is not None]
    return {"recording": bool(begins), "since": min(begins, default=None)}


@bp.post("/snapshot")
def keep_still() -> dict[str, Any]:
    """Keep the newest frame of a camera, the first one if none is named."""
    services, name = get_services(), body().get("camera")
    feed = services.feed(None if name is None else str(name))
    keep = feed.keep_still
    if keep is None:
        abort(404, "This server keeps no stills.")
    if feed.status().state == OFF:
        abort(409, SWITCHED_OFF)
    frame = (services.in_thread(lambda: feed.broadcaster.fresh(FRESH))
             if feed.status().is_live else None)
    if frame is None:
        abort(503, f"The camera gave no frame for {FRESH:g} seconds.")
    event = services.in_thread(lambda: keep(frame.jpeg, frame.captured))
    return {"event": event, "url": url_for("events.show", id=event)}


@bp.post("/api/armed")
def arm() -> dict[str, bool]:
    """Have motion make events, or not."""
    armed, archive = truth("armed", body().get("armed")), archive_or_404()
    get_services().in_thread(lambda: archive.arm(armed))
    return {"armed": armed}


def wanted(name: Any) -> list[Feed]:
    """Return the camera called *name*, or all of them."""
    services = get_services()
    return list(services.feeds.values()) if name is None else [services.feed(str(name))]

"""Controls of the live page: record, take a still, arm and disarm."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, abort, request, url_for

from pyimagesearch.errors import EventsError, RecordingError
from pyimagesearch.settings.option import shortened
from pyimagesearch.status import MAX_MODE_SECONDS, MODE_AWAY, MODE_OFF, OFF

from .arming_words import camera_json, mode_json
from .live import fresh_frame
from .params import body, boolean, number, requester
from .services import Feed, get_services, or_404

bp = Blueprint("controls", __name__)
log = logging.getLogger(__name__)

Answer = tuple[dict[str, Any], int]     # JSON and status

MODE_FIELDS = ("mode", "armed", "minutes", "until")
MODE_MINUTES = (1, int(MAX_MODE_SECONDS // 60))     # for which a mode can hold
STILL_SECONDS = 5.0     # that a still may take to the disk
SWITCHED_OFF = "The cameras are switched off; switch them on first."


@bp.post("/record_status")
def record() -> Answer:
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
    archive = get_services().archive

    def check() -> None:
        if on and archive and (why := archive.status().trouble):
            raise RecordingError(f"cannot record: {why}")

    return once_kept({"result": result}, check)


@bp.get("/record_status")
def recording() -> dict[str, Any]:
    """Return whether a manual recording runs, and since when [s since the epoch]."""
    begins = [since for feed in selected(request.args.get("camera"))
              if (since := feed.status().recording_since) is not None]
    return {"recording": bool(begins), "since": min(begins, default=None)}


@bp.post("/snapshot")
def keep_still() -> Answer:
    """Save a new frame of a camera, by default the first one, as an event."""
    services, name = get_services(), body().get("camera")
    feed = services.feed(None if name is None else str(name))
    status, keep = feed.status(), or_404(feed.keep_still)
    if status.state == OFF:
        abort(409, SWITCHED_OFF)
    if not status.is_live:
        abort(503, f"Camera {status.name} delivers no picture now.")
    frame = fresh_frame(feed.broadcaster)
    receipt = services.pools.changes.run(lambda: keep(frame))
    log.info("%s: still %d taken by %s", status.name, receipt.event, requester())
    return once_kept({"event": receipt.event,
                      "url": url_for("events.show", id=receipt.event)},
                     lambda: receipt.wait(STILL_SECONDS))


@bp.get("/api/armed")
def armed() -> dict[str, Any]:
    """Return the mode in force, and which cameras are armed."""
    services, now = get_services(), time.time()
    mode = or_404(mode_json(services, now))
    return {"armed": services.armed, **mode,
            "cameras": {name: camera_json(services, name, now)
                        for name in services.feeds}}


@bp.post("/api/armed")
def arm() -> Answer:
    """Put a mode in force, for good or for a time; true is away, false off."""
    services, fields = get_services(), body()
    arming = or_404(services.arming)
    for name in fields:     # else a typing error in minutes would mean for good
        if name not in MODE_FIELDS:
            abort(400, f"{shortened(name)} is not one of {', '.join(MODE_FIELDS)}.")
    if ("mode" in fields) == ("armed" in fields):
        abort(400, "One of mode and armed is needed: mode away, home or off; or armed "
                   "true or false.")
    mode = fields["mode"] if "mode" in fields else (
        MODE_AWAY if boolean("armed", fields["armed"]) else MODE_OFF)
    until = end_of(fields)
    services.pools.changes.run(lambda: arming.set_mode(mode, until))
    log.info("mode %s by %s", arming.mode.words(time.time()), requester())
    return once_kept(armed())


def end_of(fields: Mapping[str, Any]) -> float | None:
    """Return when a mode shall end [s since the epoch]; ``None`` for never."""
    minutes, until, now = fields.get("minutes"), fields.get("until"), time.time()
    if "minutes" in fields and "until" in fields:
        abort(400, "Only one of minutes and until can be given.")
    if minutes is not None:
        return now + 60 * number("minutes", minutes, *MODE_MINUTES)
    if until is None:
        return None
    end, latest = number("until", until), now + MAX_MODE_SECONDS
    if not now < end <= latest:
        abort(409, f"until is {end}, but the time is {now:.0f} now; it must be between "
                   f"that and {latest:.0f}, in seconds since the epoch.")
    return end


def once_kept(fields: dict[str, Any], wait: Callable[[], object] = lambda: None,
              ) -> Answer:
    """
    Return *fields* with 200 once all is on the disk, also what *wait* waits for.

    Or with 202 and why it is ``pending``, if the disk does not permit that now.
    """
    services = get_services()

    def wait_for_all() -> None:
        wait()
        if services.archive:
            services.archive.confirm()

    try:
        services.pools.changes.run_admitted(wait_for_all)
    except (EventsError, RecordingError) as error:
        return {**fields, "pending": f"{str(error)[:1].upper()}{str(error)[1:]}."}, 202
    return fields, 200


def selected(name: Any) -> list[Feed]:
    """Return the camera called *name*, or all of them for ``None``."""
    services = get_services()
    return list(services.feeds.values()) if name is None else [services.feed(str(name))]

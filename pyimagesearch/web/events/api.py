"""JSON API of events."""

import logging
import time
from typing import Any

from flask import Blueprint, abort, url_for

from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.params import body, boolean, ids, page_query, requester
from pyimagesearch.web.services import archive_or_404, get_services, read_events

from .filters import count_events
from .previews import preview_url

bp = Blueprint("events_api", __name__, url_prefix="/api/events")
log = logging.getLogger(__name__)


@bp.get("")
def page() -> dict[str, Any]:
    """Return a page of events, newest first, and the cursor of the next page."""
    query = page_query(default_limit=50)
    events, following = read_events(lambda reader: reader.page(*query))
    return {"events": [as_json(event) for event in events],
            "next": None if following is None else str(following)}


@bp.get("/<int:id>")
def event(id: int) -> dict[str, Any]:
    """Return one event."""
    return as_json(event_or_404(id))


@bp.patch("/<int:id>")
def change(id: int) -> dict[str, Any]:
    """Set or clear the star of an event, or its mark as a false alarm."""
    fields = body()
    marks = {name: boolean(name, fields[name]) for name in ("starred", "not_event")
             if name in fields}
    if not marks:
        abort(400, "The body must have starred or not_event, true or false.")
    event_or_404(id)
    if "starred" in marks:
        set_stars([id], marks["starred"])
    if "not_event" in marks:
        mark_not_event([id], marks["not_event"])
    return as_json(event_or_404(id))


@bp.delete("/<int:id>")
def delete(id: int) -> dict[str, Any]:
    """Delete an event that has no star; it can be restored for a few seconds."""
    if event_or_404(id).starred:
        abort(409, f"Event {id} is starred; remove the star first.")
    return delete_all([id])


@bp.post("/delete")
def delete_several() -> dict[str, Any]:
    """Delete events except starred ones; they can be restored for a few seconds."""
    return delete_all(ids(body().get("ids")))


@bp.post("/restore")
def restore() -> dict[str, int]:
    """Restore events that were deleted a few seconds ago."""
    wanted, store = ids(body().get("ids")), archive_or_404().store
    restored = get_services().pools.database.run(lambda: store.restore(wanted))
    log.info("%s restored by %s", count_events(restored), requester())
    return {"restored": restored}


@bp.post("/star")
def star() -> dict[str, int]:
    """Set or clear the star of several events."""
    fields = body()
    starred = boolean("starred", fields.get("starred", True))
    return {"changed": set_stars(ids(fields.get("ids")), starred)}


@bp.post("/not_event")
def not_event() -> dict[str, int]:
    """Mark several events as false alarms, or no longer."""
    fields = body()
    marked = boolean("not_event", fields.get("not_event", True))
    return {"changed": mark_not_event(ids(fields.get("ids")), marked)}


def set_stars(wanted: list[int], starred: bool) -> int:
    """Set or clear the star of the events; return how many were found."""
    archive = archive_or_404()
    count = get_services().pools.database.run(lambda: archive.star(wanted, starred))
    log.info("%s %s by %s", count_events(count), "starred" if starred else "unstarred",
             requester())
    return count


def mark_not_event(wanted: list[int], not_event: bool) -> int:
    """Mark the events as false alarms, or no longer; return how many were found."""
    store = archive_or_404().store
    count = get_services().pools.database.run(
        lambda: store.mark_not_event(wanted, not_event))
    log.info("%s %s by %s", count_events(count), "marked as not an event" if not_event
             else "no longer marked as not an event", requester())
    return count


def delete_all(wanted: list[int]) -> dict[str, Any]:
    """Delete the events; return how many, and for how long it can be undone [s]."""
    store = archive_or_404().store
    count = get_services().pools.database.run(lambda: store.delete(wanted, time.time()))
    log.info("%s deleted by %s", count_events(count), requester())
    return {"deleted": count, "undo": store.undo_seconds}


def event_or_404(id: int) -> Event:
    """Return the event with this *id*, or abort."""
    return read_events(lambda reader: reader.event(id)) or abort_no_event(id)


def as_json(event: Event) -> dict[str, Any]:
    """Return all fields of *event*; times in seconds since the epoch."""
    def describe(file: KeptFile, url: str) -> dict[str, Any]:
        return {"url": url, "begin": file.begin, "end": file.end, "bytes": file.bytes,
                "state": file.state}

    return {
        "id": event.id, "camera": event.camera, "kind": event.kind,
        "begin": event.begin, "end": event.end, "peak_area": event.peak_area,
        "peak_box": event.peak_box, "note": event.note, "starred": event.starred,
        "not_event": event.not_event, "names": event.objects,
        "sightings": [each._asdict() for each in event.sightings],
        "url": url_for("events.show", id=event.id),
        "thumbnail": url_for("files.thumbnail", id=event.id) if event.picture else None,
        "preview": preview_url(event) or None,
        "clips": [describe(file, url_for("files.clip", id=event.id, part=part))
                  for part, file in enumerate(event.clips, 1)],
        "stills": [describe(file, url_for("files.still", id=event.id, number=number))
                   for number, file in enumerate(event.stills, 1)]}

"""Events as JSON."""

import time
from typing import Any

from flask import Blueprint, abort, url_for

from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.web.params import body, ids, query, truth
from pyimagesearch.web.services import archive_or_404, get_services

bp = Blueprint("events_api", __name__, url_prefix="/api/events")

PAGE = 50       # events, if the request does not say


@bp.get("")
def page() -> dict[str, Any]:
    """A page of events, the newest first, and the cursor for the next one."""
    asked, store = query(PAGE), archive_or_404().store

    def look() -> Any:
        with store.reading() as reader:
            return reader.page(limit=asked.limit, before=asked.before,
                               **asked.filters._asdict())

    events, following = get_services().in_thread(look)
    return {"events": [as_json(event) for event in events],
            "next": None if following is None else str(following)}


@bp.get("/<int:id>")
def event(id: int) -> dict[str, Any]:
    """One event."""
    return as_json(found(id))


@bp.patch("/<int:id>")
def change(id: int) -> dict[str, Any]:
    """Star an event, or take its star away."""
    starred, archive = truth("starred", body().get("starred")), archive_or_404()
    if not get_services().in_thread(lambda: archive.star([id], starred)):
        absent(id)
    return as_json(found(id))


@bp.delete("/<int:id>")
def delete(id: int) -> dict[str, Any]:
    """Delete an event; for some seconds it can be restored."""
    if found(id).starred:
        abort(409, f"Event {id} is starred; take its star away first.")
    return deleted([id])


@bp.post("/delete")
def delete_several() -> dict[str, Any]:
    """Delete events; for some seconds they can be restored. Starred ones stay."""
    return deleted(ids(body().get("ids")))


@bp.post("/restore")
def restore() -> dict[str, int]:
    """Take events back that were just deleted."""
    wanted, store = ids(body().get("ids")), archive_or_404().store
    return {"restored": get_services().in_thread(lambda: store.restore(wanted))}


@bp.post("/star")
def star() -> dict[str, int]:
    """Star events, or take their stars away."""
    given, archive = body(), archive_or_404()
    wanted = ids(given.get("ids"))
    starred = truth("starred", given.get("starred", True))
    return {"changed": get_services().in_thread(lambda: archive.star(wanted, starred))}


def deleted(wanted: list[int]) -> dict[str, Any]:
    """Delete the events; return how many, and how long they can be restored [s]."""
    store = archive_or_404().store
    count = get_services().in_thread(lambda: store.delete(wanted, time.time()))
    return {"deleted": count, "undo": store.undo_seconds}


def found(id: int) -> Event:
    """Return the event with that *id*, or end the request."""
    store = archive_or_404().store

    def look() -> Event | None:
        with store.reading() as reader:
            return reader.event(id)

    event: Event | None = get_services().in_thread(look)
    return absent(id) if event is None else event


def absent(id: int) -> Any:
    """End the request: there is no such event."""
    abort(404, f"There is no event {id}; it may have been deleted.")


def as_json(event: Event) -> dict[str, Any]:
    """Return all that is known of *event*; times in seconds since the epoch."""
    def described(file: KeptFile, url: str) -> dict[str, Any]:
        return {"url": url, "begin": file.begin, "end": file.end, "bytes": file.bytes,
                "state": file.state}

    return {
        "id": event.id, "camera": event.camera, "kind": event.kind,
        "begin": event.begin, "end": event.end, "peak_area": event.peak_area,
        "peak_box": event.peak_box, "note": event.note, "starred": event.starred,
        "url": url_for("events.show", id=event.id),
        "thumbnail": url_for("files.thumbnail", id=event.id) if event.picture else None,
        "clips": [described(file, url_for("files.clip", id=event.id, part=part))
                  for part, file in enumerate(event.clips, 1)],
        "stills": [described(file, url_for("files.still", id=event.id, number=number))
                   for number, file in enumerate(event.stills, 1)]}

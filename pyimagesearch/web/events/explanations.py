"""Why a motion event was stored: for its page, as JSON, and its masks as PNG."""

from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, url_for

from pyimagesearch.events.event import Event, KeptFile
from pyimagesearch.events.explanation import MOMENTS, Explanation
from pyimagesearch.events.queries import EventReader
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.services import read_events

from .filters import UNAVAILABLE
from .sentences import sentence, summary

bp = Blueprint("explanations", __name__)

SEEK_SECONDS = 0.01     # into the frame, so that rounding does not show the one before


class Moment(NamedTuple):
    """An explanation as the page shows it, over a picture of that moment."""

    explanation: Explanation
    summary: str
    sentences: list[str]    # one for each region
    picture: KeptFile | None    # the picture of this frame, if there is one
    part: int               # otherwise the clip that shows it, from 1; 0 = none
    offset: float           # and where in it [s]


@bp.get("/api/events/<int:id>/explanation")
def explanation(id: int) -> dict[str, Any]:
    """Return why an event was stored."""
    found = read_events(lambda reader: read_explanations(reader, id))
    if not found:
        abort(404, f"No explanation was kept for event {id}.")
    masks = [url_for("explanations.mask", id=id, moment=each.moment) for each in found]
    return {"event": id, "explanations": [
        {**as_json(each), "mask": mask} for each, mask in zip(found, masks, strict=True)
        ]}


@bp.get("/events/<int:id>/mask-<any(begin, peak):moment>.png")
def mask(id: int, moment: str) -> Response:
    """Send what moved at one moment of an event: white, one bit per pixel."""
    png = read_events(lambda reader: reader.mask(id, moment))
    if png is None:
        abort(404, f"No mask was kept for event {id}.")
    return Response(png, mimetype="image/png")


def read_explanations(reader: EventReader, id: int) -> list[Explanation]:
    """Return the explanations of an event, its begin first, or abort. Blocks."""
    if reader.event(id) is None:
        abort_no_event(id)
    return reader.explanations([id]).get(id, [])


def as_json(found: Explanation) -> dict[str, Any]:
    """Return all fields of an explanation, and sentences; in pixels of the mask."""
    return {
        "moment": found.moment, "at": found.at, "size": found.size, "area": found.area,
        "min_area": found.min_area, "fps": found.fps, "settings": found.settings,
        "summary": summary(found), "left_out": found.left_out,
        "zone_sensitivities": found.zone_sensitivities,
        "regions": [{**region._asdict(), "sentence": sentence(region, found)}
                    for region in found.regions]}


def moments(event: Event, found: list[Explanation]) -> list[Moment]:
    """Return what the page of *event* shows to explain it, in the order of time."""
    made = []
    for each in sorted(found, key=lambda one: MOMENTS.index(one.moment)):
        picture = event.picture     # may be that of what was recognised
        if picture and (picture.state in UNAVAILABLE or picture.begin != each.at):
            picture = None
        part, offset = (0, 0.0) if picture else place_in_clips(event, each.at)
        made.append(Moment(
            each, summary(each), [sentence(one, each) for one in each.regions],
            picture, part, offset))
    return made


def place_in_clips(event: Event, at: float) -> tuple[int, float]:
    """Return the number of the clip that shows *at*, and where in it [s]; 0 if none."""
    for number, clip in enumerate(event.clips, 1):
        if clip.state not in UNAVAILABLE and clip.begin <= at <= clip.end:
            return number, round(at - clip.begin + SEEK_SECONDS, 3)
    return 0, 0.0

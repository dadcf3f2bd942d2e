"""All cameras in one stream, of which the page lays out the pictures."""

from typing import Any

from flask import Blueprint, Response, abort, request

from pyimagesearch.errors import TooManyViewers
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.selection import Selection
from pyimagesearch.streaming.variants import CHOICES, VariantOf

from .params import abort_invalid, body, choice
from .services import Feed, Services, get_services
from .streams import multiplexed_response, tally_or_404

bp = Blueprint("cameras_feed", __name__)

OVERVIEW_FPS = 15       # at most, as of the mosaic
CHANGEABLE = frozenset({"width", "fps"})        # parameters of variants


@bp.get("/cameras_feed")
def show() -> Response:
    """
    Stream each ``camera`` that is asked for, by default all, in one response.

    Each part is a JPEG of at most *width* and *fps* whose header ``X-Camera`` names its
    camera; cameras that come and go are followed.
    """
    services = get_services()
    return multiplexed_response(Selection(
        lambda wanted: pictures(services, wanted),
        selected(request.args.getlist("camera") or None),
        VariantOf(**{name: choice(name, CHOICES[name]) for name in CHANGEABLE})))


@bp.patch("/api/streams/<viewer>")
def select(viewer: str) -> dict[str, Any]:
    """Change ``cameras``, ``width`` and ``fps`` of an open stream of several."""
    selection, fields = tally_or_404(viewer).selection, body()
    if selection is None:
        abort(409, "This is the stream of one camera; only /cameras_feed can be "
                   "changed.")
    cameras, variant = selection.cameras, selection.variant
    if "cameras" in fields:
        cameras = selected(fields["cameras"])
    for name in CHANGEABLE & fields.keys():
        variant = variant._replace(**{name: allowed_choice(name, fields[name])})
    selection.change(cameras, variant)
    return {"cameras": None if cameras is None else sorted(cameras),
            "width": variant.width, "fps": variant.fps}


def allowed_choice(name: str, value: Any) -> int | None:
    """Return the *value* of parameter *name*, or abort (400)."""
    if value is not None and (type(value) is not int or value not in CHOICES[name]):
        allowed = ", ".join(map(str, CHOICES[name]))
        abort_invalid(name, value, f"one of {allowed}, or null")
    return value


def selected(names: Any) -> frozenset[str] | None:
    """Return the cameras of these *names*, or abort (400); ``None`` stands for all."""
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        abort_invalid("cameras", names, "a list of names, or null for all cameras")
    known = get_services().feeds
    for name in names:
        if name not in known:
            abort_invalid("camera", name, f"one of {', '.join(known)}")
    return frozenset(names)


def pictures(services: Services, wanted: Selection
             ) -> dict[str, LatestFrameBroadcaster]:
    """Return the streams of the cameras that there are now, of those *wanted*."""
    return {name: picture(feed, wanted.variant) for name, feed in services.feeds.items()
            if wanted.cameras is None or name in wanted.cameras}


def picture(feed: Feed, wanted: VariantOf) -> LatestFrameBroadcaster:
    """Return a camera's pictures for an overview, in the variant *wanted*."""
    if feed.variants is None:
        return feed.broadcaster
    try:
        return feed.variants.stream(
            wanted._replace(fps=wanted.fps or OVERVIEW_FPS))
    except TooManyViewers:
        return feed.broadcaster

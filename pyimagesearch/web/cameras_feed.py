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


@bp.get("/cameras_feed")
def show() -> Response:
    """
    Stream each ``camera`` that is asked for, by default all, in one response.

    Each part is a JPEG of at most *width* whose header ``X-Camera`` names its camera;
    cameras that come and go are followed.
    """
    services = get_services()
    return multiplexed_response(Selection(
        lambda wanted: pictures(services, wanted),
        selected(request.args.getlist("camera") or None),
        choice("width", CHOICES["width"])))


@bp.patch("/api/streams/<viewer>")
def select(viewer: str) -> dict[str, Any]:
    """Change which ``cameras`` an open stream of several sends, and how wide."""
    selection, fields = tally_or_404(viewer).selection, body()
    if selection is None:
        abort(409, "This is the stream of one camera; only /cameras_feed can be "
                   "changed.")
    width = fields.get("width", selection.width)
    if width is not None and width not in CHOICES["width"]:
        allowed = ", ".join(map(str, CHOICES["width"]))
        abort_invalid("width", width, f"one of {allowed}, or null")
    cameras = selection.cameras
    if "cameras" in fields:
        cameras = selected(fields["cameras"])
    selection.change(cameras, width)
    return {"cameras": None if cameras is None else sorted(cameras), "width": width}


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
    return {name: picture(feed, wanted.width) for name, feed in services.feeds.items()
            if wanted.cameras is None or name in wanted.cameras}


def picture(feed: Feed, width: int | None) -> LatestFrameBroadcaster:
    """Return a camera's pictures for an overview, at most *width* pixels wide."""
    if feed.variants is None:
        return feed.broadcaster
    try:
        return feed.variants.stream(VariantOf(width, fps=OVERVIEW_FPS))
    except TooManyViewers:
        return feed.broadcaster

"""The live view: its pages, its endless streams, and stills."""

from flask import Blueprint, Response, abort, g, render_template, request
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from pyimagesearch.access.roles import Role
from pyimagesearch.errors import TooManyStreams, TooManyViewers
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mjpeg import MIMETYPE, LiveStream

from .services import get_services

bp = Blueprint("live", __name__)

LIVE = {
    "Cache-Control": "no-store",    # yesterday's frame is worse than none
    "X-Accel-Buffering": "no",      # ask nginx to pass each frame on at once
}
FRESH = 2.0     # seconds that a still waits for the camera
FULL = 10       # seconds after which one who found no room may ask again


@bp.get("/")
def index() -> Response:
    """The page, of the camera or of all of them; readable without JavaScript."""
    services = get_services()
    if services.mosaic is None:
        return page("index.html", camera=services.feed(None).status(), alone=True)
    cameras = [feed.status() for feed in services.feeds.values()]
    return page("mosaic.html", mosaic=services.mosaic, cameras=cameras,
                live=sum(camera.is_live for camera in cameras))


@bp.get("/camera/<name>")
def camera(name: str) -> Response:
    """The page of one camera among several."""
    status = get_services().feed(name).status()
    return page("index.html", camera=status, alone=len(get_services().feeds) == 1)


@bp.get("/video_feed")
@bp.get("/video_feed/<name>")
def video_feed(name: str | None = None) -> Response:
    """Stream a camera forever, the first one without a *name*; for an ``<img>``."""
    # Looked up now: the app context is gone when the server draws frames.
    return stream(get_services().feed(name).broadcaster)


@bp.get("/mosaic_feed")
def mosaic_feed() -> Response:
    """Stream all cameras in one picture; with a single one, that."""
    services = get_services()
    shown = services.mosaic or services.feed(None)
    return stream(shown.broadcaster)


@bp.get("/snapshot.jpg")
@bp.get("/snapshot/<name>.jpg")
def snapshot(name: str | None = None) -> Response:
    """The newest frame, with the time it was captured in ``X-Timestamp``."""
    services = get_services()
    broadcaster = services.feed(name).broadcaster
    frame = services.in_thread(lambda: broadcaster.fresh(FRESH))
    if frame is None:
        abort(503, f"The camera gave no frame for {FRESH:g} seconds.")
    return Response(frame.jpeg, mimetype="image/jpeg", headers={
        **LIVE, "X-Timestamp": f"{frame.captured:.6f}"})


def stream(broadcaster: LatestFrameBroadcaster) -> Response:
    """Return the endless response that shows *broadcaster*; 503 without room for it."""
    try:
        ticket = get_services().limits.admit(request.remote_addr or "")
    except TooManyStreams as limit:
        raise TooManyRequests(str(limit), retry_after=FULL) from None
    except TooManyViewers as full:
        raise ServiceUnavailable(str(full), retry_after=FULL) from None
    return Response(LiveStream(broadcaster, ticket.give_back), headers=LIVE,
                    content_type=MIMETYPE, direct_passthrough=True)


def page(template: str, **values: object) -> Response:
    """Return a page that is never shown from a cache."""
    services, client = get_services(), g.client
    return Response(render_template(
        template, archive=services.archive and services.archive.status(),
        privacy=services.privacy, hides=services.privacy and client.may(Role.OWNER),
        **values),
        headers={"Cache-Control": "no-store"})

"""The live view: its page, its endless stream, and a single still."""

from flask import Blueprint, Response, abort, render_template

from pyimagesearch.streaming.mjpeg import MIMETYPE, LiveStream

from .site import this_site

bp = Blueprint("live", __name__)

LIVE = {
    "Cache-Control": "no-store",    # yesterday's frame is worse than none
    "X-Accel-Buffering": "no",      # ask nginx to pass each frame on at once
}
FRESH = 2.0     # seconds that a still waits for the camera


@bp.get("/")
def index() -> Response:
    """The page; readable without JavaScript."""
    site = this_site()
    page = render_template("index.html", camera=site.first.status())
    return Response(page, headers={"Cache-Control": "no-store"})


@bp.get("/video_feed")
def video_feed() -> Response:
    """Stream forever; meant for the ``src`` of an ``<img>``."""
    # Looked up now: the app context is gone when the server draws frames.
    stream = LiveStream(this_site().first.broadcaster)
    return Response(stream, headers=LIVE, content_type=MIMETYPE,
                    direct_passthrough=True)


@bp.get("/snapshot.jpg")
def snapshot() -> Response:
    """The newest frame, with the time it was captured in ``X-Timestamp``."""
    site = this_site()
    frame = site.in_thread(lambda: site.first.broadcaster.fresh(FRESH))
    if frame is None:
        abort(503, f"The camera gave no frame for {FRESH:g} seconds.")
    return Response(frame.jpeg, mimetype="image/jpeg", headers={
        **LIVE, "X-Timestamp": f"{frame.captured:.6f}"})

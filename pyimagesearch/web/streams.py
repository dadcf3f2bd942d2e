"""Responses that do not end: live streams, and the counts of what they send."""

import re
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, abort, g, request
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from pyimagesearch.errors import TooManyStreams, TooManyViewers
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.mjpeg import MIMETYPE, generate
from pyimagesearch.streaming.multiplex import generate_multiplexed
from pyimagesearch.streaming.selection import Selection
from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.video_stream import VIDEO_MIMETYPE, generate_video
from pyimagesearch.streaming.viewer_limits import ViewerLimits

from .params import abort_invalid
from .services import get_services

bp = Blueprint("streams", __name__)

BYTES_TYPE = "application/octet-stream"
RETRY_SECONDS = 10      # until a refused viewer may find room
VIEWER_PATTERN = "[A-Za-z0-9_-]{16,64}"


@bp.get("/api/streams/<viewer>")
def tally(viewer: str) -> dict[str, Any]:
    """Return what was sent of the stream that this client opened as *viewer*."""
    return tally_or_404(viewer).as_json()


def tally_or_404(viewer: str) -> StreamTally:
    """Return the tally of the stream that this client opened as *viewer*, or abort."""
    found = get_services().tallies.find(g.client, viewer)
    if found is None:
        abort(404, "There is no such stream; it may have ended.")
    return found


def mjpeg_response(broadcaster: LatestFrameBroadcaster) -> Response:
    """Return an endless MJPEG response, or abort if there is no room (429, 503)."""
    place, tally = begin_stream()
    return stream_response(LiveStream(broadcaster, generate(broadcaster), tally,
                                      place.close), mjpeg_type())


def video_response(video: VideoBroadcaster, content_type: str = VIDEO_MIMETYPE
                   ) -> Response:
    """Return an endless MP4 response, or abort if there is no room (429, 503)."""
    place, tally = begin_stream()
    return stream_response(LiveStream(video, generate_video(video, tally), tally,
                                      place.close), content_type)


def multiplexed_response(selection: Selection) -> Response:
    """Return an endless response of several cameras, or abort (429, 503)."""
    place, tally = begin_stream(selection)
    return stream_response(LiveStream(selection, generate_multiplexed(selection, tally),
                                      tally, place.close), mjpeg_type())


def mjpeg_type() -> str:
    """Return the content type of MJPEG; scripts in WebKit can only read plain bytes."""
    return BYTES_TYPE if request.accept_mimetypes.best == BYTES_TYPE else MIMETYPE


def begin_stream(selection: Selection | None = None) -> tuple[ExitStack, StreamTally]:
    """
    Return the viewer's place, to be closed at the end, and the tally of a stream.

    A viewer of several cameras may change its *selection*.
    """
    services, viewer = get_services(), request.args.get("viewer")
    if viewer is not None and not re.fullmatch(VIEWER_PATTERN, viewer):
        abort_invalid("viewer", viewer,
                      "16 to 64 letters, digits, hyphens and underscores")
    place = admit(services.limits)
    if viewer is None:
        return place, StreamTally()
    return place, place.enter_context(
        services.tallies.counting(g.client, viewer, selection))


def admit(limits: ViewerLimits) -> ExitStack:
    """Return the place of a new viewer, for it to close; or abort (429, 503)."""
    try:
        return limits.admit(request.remote_addr or "")
    except TooManyStreams as limit:
        raise TooManyRequests(str(limit), retry_after=RETRY_SECONDS) from None
    except TooManyViewers as limit:
        raise ServiceUnavailable(str(limit), retry_after=RETRY_SECONDS) from None


def stream_response(stream: LiveStream, content_type: str) -> Response:
    """Return *stream* as a response that the server sends as it is."""
    return Response(    # the header makes nginx pass on each picture at once
        stream, headers={"X-Accel-Buffering": "no"}, content_type=content_type,
        direct_passthrough=True)

"""Live view: pages, streams and snapshots."""

import math
import re
import time
from collections.abc import Sequence

from flask import Blueprint, Response, abort, g, render_template, request, url_for
from werkzeug.exceptions import ServiceUnavailable

from pyimagesearch.access.roles import Role
from pyimagesearch.errors import TooManyViewers
from pyimagesearch.status import NO_SIGNAL, CameraStatus, ObjectsStatus
from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster
from pyimagesearch.streaming.camera_video import CameraVideo
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.streaming.variants import CHOICES, VariantOf
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster

from .arming_words import camera_json, mode_json
from .guard import require_owner, see_other
from .params import abort_invalid, choice
from .recent import recent_events
from .services import Feed, get_services, tuning_or_404
from .streams import RETRY_SECONDS, mjpeg_response, video_response

bp = Blueprint("live", __name__)

MAX_COLUMNS = 6         # of tiles
MOSAIC = "mosaic"       # in the place of a camera's name
RATES = ("low", "high")
CAMERA = "camera"       # whose own video is streamed
MJPG_STREAMER_ACTION = re.compile(     # some programs append another ?name=value
    r"(stream|snapshot)(?:_([0-9]{1,9}))?(?:[?/].*)?")


@bp.get("/")
def index() -> str | Response:
    """Show the camera, or all of them in one picture; works without JavaScript."""
    if action := MJPG_STREAMER_ACTION.fullmatch(request.args.get("action", "")):
        return act_as_mjpg_streamer(action[1], int(action[2] or 0))
    services = get_services()
    if needs_camera():
        return see_other(url_for("settings.add"))
    if services.overview is None:
        return camera_page(next(iter(services.feeds), ""), alone=True)
    cameras = [feed.status() for feed in services.feeds.values()]
    return page("grid.html", mosaic=services.overview, cameras=cameras,
                columns=min(MAX_COLUMNS, math.ceil(math.sqrt(len(cameras)))),
                is_classic=is_classic(cameras), can_order=can_order(),
                recent=recent_events(), objects=objects_notice(cameras),
                arming=mode_json(services, time.time()),
                live=sum(camera.is_live for camera in cameras))


def is_classic(cameras: Sequence[CameraStatus]) -> bool:
    """Return whether all *cameras* of known size have pictures of 4:3, or narrower."""
    known = [each for each in cameras if each.width]
    return bool(known) and all(3 * each.width <= 4 * each.height for each in known)


def can_order() -> bool:
    """Return whether this client may change the order of the cameras for all."""
    owner_settings = get_services().owner_settings
    return bool(owner_settings and g.client.may(Role.OWNER)
                and "source" not in owner_settings.file.fixed(None))


def needs_camera() -> bool:
    """Return whether there is nothing to see before this owner chooses a camera."""
    services = get_services()
    if not services.owner_settings or not g.client.may(Role.OWNER):
        return False
    states = [feed.status().state for feed in services.feeds.values()]
    return not states or (not services.owner_settings.file.settings.names_cameras
                          and states == [NO_SIGNAL])


def act_as_mjpg_streamer(action: str, number: int) -> Response:
    """Return stream or snapshot of camera *number*, from 0, as mjpg-streamer does."""
    names = list(get_services().feeds)
    if number >= len(names):
        abort(404, f"There is no camera {number}; the last one is {len(names) - 1}.")
    view = {"stream": video_feed, "snapshot": snapshot}[action]
    return view(names[number])


@bp.get("/camera/<name>")
def camera(name: str) -> str:
    """Show one of several cameras."""
    return camera_page(name, alone=len(get_services().feeds) == 1)


def camera_page(name: str, *, alone: bool) -> str:
    """Return the page of camera *name*, which may be the only one."""
    services = get_services()
    feed = services.feed(name)
    camera, names = feed.status(), list(services.feeds)
    at = names.index(name)
    return page("index.html", camera=camera, alone=alone, overlay=feed.overlay,
                before=None if alone else names[at - 1],
                after=None if alone else names[(at + 1) % len(names)],
                base=feed.width, widths=wider(feed, camera.width),
                recent=recent_events(name), objects=objects_notice([camera]),
                arming=camera_json(services, name, time.time()))


def wider(feed: Feed, width: int) -> list[int]:
    """Return the widths above its own [pixels] in which *feed* is there, of *width*."""
    if feed.variants is None or width <= feed.width:
        return []
    choices = [each for each in CHOICES["width"] if each > feed.width]
    return [each for number, each in enumerate(choices)
            if number == 0 or choices[number - 1] < width]


@bp.get("/video_feed")
@bp.get("/video_feed/<name>")
def video_feed(name: str | None = None) -> Response:
    """
    Stream a camera, by default the first one, as MJPEG for an ``<img>``.

    It may be less in *width*, *quality* and *fps*. An owner may ask for a *view* of its
    detector.
    """
    # looked up here: the app context is gone when the server sends frames
    feed, view = get_services().feed(name), request.args.get("view")
    if not view:
        return mjpeg_response(variant_of(feed))
    return require_owner() or mjpeg_response(detector_view(feed, view))


def variant_of(picture: Feed | Mosaic) -> LatestFrameBroadcaster:
    """Return the stream of the variant that is asked for, or abort (400, 503)."""
    wanted = VariantOf(**{name: choice(name, allowed)
                          for name, allowed in CHOICES.items()})
    if picture.variants is None or wanted == VariantOf():
        return picture.broadcaster
    try:
        return picture.variants.stream(wanted)
    except TooManyViewers as limit:
        raise ServiceUnavailable(str(limit), retry_after=RETRY_SECONDS) from None


def detector_view(feed: Feed, name: str) -> LatestFrameBroadcaster:
    """Return the stream of what the detector of a camera sees, or abort (400, 404)."""
    tuning = tuning_or_404(feed)
    if name not in tuning.view_names:
        abort_invalid("view", name, "one of " + ", ".join(tuning.view_names))
    return tuning.view(name)


@bp.get("/mosaic_feed")
def mosaic_feed() -> Response:
    """Stream all cameras in one picture, as :func:`video_feed` does one of them."""
    services = get_services()
    return mjpeg_response(variant_of(services.overview or services.feed(None)))


@bp.get("/live.mp4")
@bp.get("/live/<name>.mp4")
def video(name: str | None = None) -> Response:
    """
    Stream a camera, by default the first one, or the mosaic, as H.264 in an MP4.

    It has the *rate* ``low`` or ``high``; or it comes untouched *from* the camera.
    """
    videos, rate = shown(name).videos, request.args.get("rate", RATES[0])
    if origin := request.args.get("from"):
        return camera_video(origin, videos.get(CAMERA))
    if rate not in RATES:
        abort_invalid("rate", rate, " or ".join(RATES))
    if rate not in videos:
        abort(404, "This server has no live video in H.264; watch /video_feed.")
    if why_not := videos[rate].why_not:
        abort(503, "There is no live video in H.264 now, so watch /video_feed: "
                   f"{why_not}.")
    return video_response(videos[rate])


def shown(name: str | None) -> Feed | Mosaic:
    """Return a camera, by default the first one, or what shows all of them."""
    services = get_services()
    if name == MOSAIC and name not in services.feeds:
        return services.overview or services.feed(None)
    return services.feed(name)


def camera_video(origin: str, own: VideoBroadcaster | None) -> Response:
    """Stream a camera's *own* video, or abort if it cannot be streamed now (409)."""
    if origin != CAMERA:
        abort_invalid("from", origin, CAMERA)
    if not isinstance(own, CameraVideo):
        abort(409, "Only the own video of an rtsp:// camera can be streamed; leave "
                   "from=camera out.")
    if own.why_not:
        abort(409, f"The camera's own video cannot be streamed: {own.why_not}.")
    return video_response(own, own.content_type)


@bp.get("/snapshot.jpg")
@bp.get("/snapshot/<name>.jpg")
def snapshot(name: str | None = None) -> Response:
    """Return a new frame, also of the mosaic, with its time in ``X-Timestamp``."""
    frame = fresh_frame(shown(name).broadcaster)
    files = get_services().pools.files
    jpeg = files.run(frame.drawn.bytes) if frame.undrawn else frame.jpeg
    return Response(jpeg, mimetype="image/jpeg", headers={
        "X-Timestamp": f"{frame.captured:.6f}"})


def fresh_frame(broadcaster: LatestFrameBroadcaster) -> JpegFrame:
    """Return a new frame; abort if the camera delivers none in time (503)."""
    services = get_services()
    frame = services.wait_for_frame(broadcaster, services.fresh_seconds)
    if frame is None:
        abort(503, "The camera delivered no frame within "
                   f"{services.fresh_seconds:g} seconds.")
    return frame


def objects_notice(cameras: Sequence[CameraStatus]) -> ObjectsStatus | None:
    """
    Return how objects in *cameras* are recognised, for the owner, who may have to act.

    There is nothing to do where that was switched off, or their own detectors do it.
    """
    services = get_services()
    if not services.objects or not g.client.may(Role.OWNER):
        return None
    objects = services.objects()
    if objects.off_reason and (not objects.command or all(
            has_own_detector(each.name) for each in cameras)):
        return None
    return objects


def has_own_detector(name: str) -> bool:
    """Return whether camera *name* has a detector of the owner's."""
    owner_settings = get_services().owner_settings
    return bool(owner_settings and owner_settings.current(name).has_own_detector)


def page(template: str, **values: object) -> str:
    """Render a page with what all pages show."""
    services, is_owner = get_services(), g.client.may(Role.OWNER)
    return render_template(
        template, archive=services.archive and services.archive.status(),
        mode=services.arming and services.arming.mode,
        privacy=services.privacy,
        has_alerts=services.alerts,
        has_schedule=services.arming and services.owner_settings,
        can_mask=services.privacy and is_owner,
        can_zone=services.owner_settings and is_owner, **values)

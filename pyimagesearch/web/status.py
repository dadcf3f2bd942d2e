"""Status for programs: health checks, Prometheus metrics, and JSON."""

import time
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, g

from pyimagesearch import __version__
from pyimagesearch.access import Role
from pyimagesearch.status import ObjectsStatus

from . import arming_words
from .services import Services, get_services

bp = Blueprint("status", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """Report that the server answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> dict[str, str]:
    """Report whether all cameras deliver frames; name late ones after login only."""
    reasons = [feed.status().lateness for feed in get_services().feeds.values()]
    late = " ".join(filter(None, reasons))
    if late:
        abort(503, late if g.client else "Not ready.")
    return {"status": "ready"}


@bp.get("/metrics")
def metrics() -> Response:
    """Return the metrics for Prometheus."""
    services = get_services()

    def render() -> tuple[bytes, str]:
        from .api.prometheus import render_metrics  # slow to import
        return render_metrics(services)

    text, content_type = services.pools.database.run(render)
    return Response(text, content_type=content_type)


@bp.get("/api/status")
def status() -> dict[str, Any]:
    """Return the status of cameras, their memory, viewers, archive and objects."""
    services = get_services()
    cameras = [camera_json(services, name) for name in services.feeds]
    archive = services.archive and {**asdict(services.archive.status()),
                                    "armed": services.armed}
    mosaic = services.overview
    in_pictures = mosaic.broadcaster.viewers if mosaic else 0
    in_videos = mosaic.videos.viewers if mosaic else 0
    memory = services.camera_memory and {"used": services.camera_memory.used,
                                         "total": services.camera_memory.total}
    return {"version": __version__, "time": time.time(),
            "auth": services.authenticator.requires_login(),
            "mosaic_viewers": in_pictures, "mosaic_video_viewers": in_videos,
            "viewers": in_pictures + in_videos + sum(
                camera["viewers"] + camera["video_viewers"] for camera in cameras),
            "off_since": services.privacy.off_since if services.privacy else None,
            "cameras": cameras, "camera_memory": memory,
            "arming": arming_words.mode_json(services, time.time()), "archive": archive,
            "objects": services.objects and objects_json(services.objects())}


def objects_json(objects: ObjectsStatus) -> dict[str, Any]:
    """Return the status of *objects*; only an owner reads the reasons in full."""
    is_owner = g.client.may(Role.OWNER)
    return (objects if is_owner else objects.for_viewers).as_json()


@bp.get("/api/status/<name>")
def camera_status(name: str) -> dict[str, Any]:
    """Return the status of one camera."""
    get_services().feed(name)
    return camera_json(get_services(), name)


def camera_json(services: Services, name: str) -> dict[str, Any]:
    """Return the status of camera *name*, and whether it is armed."""
    arming = arming_words.camera_json(services, name, time.time())
    return {**services.feeds[name].status().as_json(), "arming": arming}

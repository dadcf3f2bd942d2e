"""How things are, for programs."""

import time
from typing import Any

from flask import Blueprint, Response, abort, g

from pyimagesearch import __version__

from .services import get_services

bp = Blueprint("status", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """Alive: the server answers."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> dict[str, str]:
    """Ready: all cameras give pictures. Without a login, no camera is named."""
    told = [feed.status().lateness for feed in get_services().feeds.values()]
    late = " ".join(filter(None, told))
    if late:
        abort(503, late if g.client else "Not ready.")
    return {"status": "ready"}


@bp.get("/metrics")
def metrics() -> Response:
    """Figures for Prometheus."""
    services = get_services()

    def write() -> tuple[bytes, str]:
        # an extra, and slow to import
        from pyimagesearch.web.api.prometheus import exposition

        return exposition(services)

    try:
        text, kind = services.in_thread(write)
    except ModuleNotFoundError as missing:
        if missing.name != "prometheus_client":
            raise
        abort(501, "The figures for Prometheus need a library; run: "
                   "pip install prometheus-client")
    return Response(text, content_type=kind)


@bp.get("/api/status")
def status() -> dict[str, Any]:
    """Everything about cameras and viewers."""
    services = get_services()
    cameras = [feed.status().as_json() for feed in services.feeds.values()]
    archive = services.archive.status().as_json() if services.archive else None
    mosaic = services.mosaic.broadcaster.viewers if services.mosaic else 0
    return {"version": __version__, "time": time.time(), "mosaic_viewers": mosaic,
            "auth": bool(services.authenticator and services.authenticator.asks()),
            "viewers": mosaic + sum(camera["viewers"] for camera in cameras),
            "off_since": services.privacy.off_since if services.privacy else None,
            "cameras": cameras, "archive": archive}


@bp.get("/api/status/<name>")
def camera_status(name: str) -> dict[str, Any]:
    """Everything about one camera."""
    return get_services().feed(name).status().as_json()

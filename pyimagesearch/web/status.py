"""How things are, for programs."""

import time
from typing import Any

from flask import Blueprint

from pyimagesearch import __version__

from .site import this_site

bp = Blueprint("status", __name__)


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """Alive: the server answers."""
    return {"status": "ok"}


@bp.get("/api/status")
def status() -> dict[str, Any]:
    """Everything about cameras and viewers."""
    site = this_site()
    cameras = [feed.status().as_json() for feed in site.feeds.values()]
    archive = site.archive.status().as_json() if site.archive else None
    mosaic = site.mosaic.broadcaster.viewers if site.mosaic else 0
    return {"version": __version__, "time": time.time(), "mosaic_viewers": mosaic,
            "auth": site.gate is not None and site.gate.asks(),
            "viewers": mosaic + sum(camera["viewers"] for camera in cameras),
            "off_since": site.privacy.off_since if site.privacy else None,
            "cameras": cameras, "archive": archive}


@bp.get("/api/status/<name>")
def camera_status(name: str) -> dict[str, Any]:
    """Everything about one camera."""
    return this_site().feed(name).status().as_json()

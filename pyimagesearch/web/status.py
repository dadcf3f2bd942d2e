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
    cameras = [feed.status().as_json() for feed in this_site().feeds.values()]
    return {"version": __version__, "time": time.time(),
            "viewers": sum(camera["viewers"] for camera in cameras),
            "cameras": cameras}

"""Switch all cameras off and on; show and change what is burnt black."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort

from pyimagesearch.errors import FolderError
from pyimagesearch.settings.polygons import MAX_POLYGONS, POLYGON_SYNTAX, is_polygon

from .params import body, truth, wrong
from .services import get_services, privacy_or_404

bp = Blueprint("privacy", __name__)

POLYGONS = (f"a list of up to {MAX_POLYGONS} polygons like \"0,0 300,0 300,250\": "
            f"{POLYGON_SYNTAX}")


@bp.post("/api/cameras")
def switch() -> dict[str, bool]:
    """Switch all cameras on or off."""
    on, privacy = truth("on", body().get("on")), privacy_or_404()
    keep(lambda: privacy.switch(on))
    return {"on": on}


@bp.get("/api/cameras/<name>/mask")
def mask(name: str) -> dict[str, Any]:
    """What is burnt black of a camera: what is set, and what was drawn."""
    get_services().feed(name)
    return privacy_or_404().hidden(name)._asdict()


@bp.put("/api/cameras/<name>/mask")
def draw(name: str) -> dict[str, Any]:
    """Burn these polygons instead of those that were drawn before."""
    get_services().feed(name)
    privacy, drawn = privacy_or_404(), body().get("drawn")
    if not isinstance(drawn, list) or len(drawn) > MAX_POLYGONS or not all(
            map(is_polygon, drawn)):
        wrong("drawn", drawn, POLYGONS)
    keep(lambda: privacy.draw(name, drawn))
    return privacy.hidden(name)._asdict()


def keep(change: Callable[[], None]) -> None:
    """Make a *change*; one that cannot be kept ends the request with 503."""
    try:
        get_services().in_thread(change)
    except FolderError as error:
        sentence = str(error)
        abort(503, f"{sentence[:1].upper()}{sentence[1:]}.")

"""Switch all cameras off and on; read and change privacy masks."""

from typing import Any

from flask import Blueprint

from pyimagesearch.settings.polygons import MAX_POLYGONS, POLYGON_SYNTAX, is_polygon

from .params import abort_invalid, body, boolean
from .services import get_services, privacy_or_404

bp = Blueprint("privacy", __name__)


@bp.post("/api/power")
def switch() -> dict[str, bool]:
    """Switch all cameras on or off."""
    on, privacy = boolean("on", body().get("on")), privacy_or_404()
    get_services().pools.changes.run(lambda: privacy.switch(on))
    return {"on": on}


@bp.get("/api/cameras/<name>/mask")
def mask(name: str) -> dict[str, Any]:
    """Return the masked regions of a camera, from the settings and drawn."""
    get_services().feed(name)
    return privacy_or_404().hidden(name)._asdict()


@bp.put("/api/cameras/<name>/mask")
def draw(name: str) -> dict[str, Any]:
    """Replace the drawn regions of a camera."""
    get_services().feed(name)
    privacy, drawn = privacy_or_404(), body().get("drawn")
    if not isinstance(drawn, list) or len(drawn) > MAX_POLYGONS or not all(
            map(is_polygon, drawn)):
        abort_invalid(
            "drawn", drawn, f"a list of up to {MAX_POLYGONS} polygons such as "
            f'"0,0 300,0 300,250": {POLYGON_SYNTAX}')
    get_services().pools.changes.run(lambda: privacy.draw(name, drawn))
    return privacy.hidden(name)._asdict()

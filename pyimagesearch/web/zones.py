"""The page of a camera's zones, and reading and changing them by the API."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, abort

from pyimagesearch.settings.polygons import (
    MAX_POLYGONS,
    POLYGON_SYNTAX,
    is_polygon,
    split_polygons,
)

from .live import page
from .params import abort_invalid, body
from .services import get_services, owner_settings_or_404

bp = Blueprint("zones", __name__)


@bp.get("/camera/<name>/zones")
def show(name: str) -> str:
    """Show the zones of a camera on its live picture, to draw and change them."""
    services = get_services()
    status, owner_settings = services.feed(name).status(), owner_settings_or_404()
    given = owner_settings.preview(name, {"zones": None}).zones
    return page("zones.html", camera=status, alone=len(services.feeds) == 1,
                settings=owner_settings.current(name),
                given=[asdict(zone) for zone in given])


@bp.get("/api/cameras/<name>/zones")
def zones(name: str) -> dict[str, Any]:
    """Return the zones of a camera, and those that its detector made."""
    feed, owner_settings = get_services().feed(name), owner_settings_or_404()
    settings = owner_settings.current(name)
    counted = split_polygons(settings.count_blinking)
    found = sorted({*feed.automatic_zones(), *counted})
    return {"zones": [asdict(zone) for zone in settings.zones],
            "drawn": "zones" in owner_settings.chosen(name),
            "automatic": [{"polygon": polygon, "counts": polygon in counted}
                          for polygon in found]}


@bp.put("/api/cameras/<name>/zones")
def draw(name: str) -> dict[str, Any]:
    """Replace the zones of a camera, or the blinking regions that count, or both."""
    services, fields = get_services(), body()
    services.feed(name)
    owner_settings, values = owner_settings_or_404(), {}
    if "zones" in fields:
        values["zones"] = fields["zones"]
    if "counted" in fields:
        values["count_blinking"] = joined(fields["counted"])
    if not values:
        abort(400, "zones and counted are missing; one of them is needed: a list of "
                   "zones, or null for those of the settings file; a list of polygons.")
    services.pools.changes.run(lambda: owner_settings.change(name, values))
    return zones(name)


def joined(polygons: Any) -> str | None:
    """Return *polygons* as the text of a setting; ``None`` if there are none."""
    if not isinstance(polygons, list) or len(polygons) > MAX_POLYGONS or not all(
            map(is_polygon, polygons)):
        abort_invalid("counted", polygons, f"a list of up to {MAX_POLYGONS} polygons: "
                      f"{POLYGON_SYNTAX}")
    return "; ".join(polygons) or None

"""Regions of a picture that is turned: they go on to cover the same things."""

from dataclasses import replace
from typing import Any

from pyimagesearch.orientation import Orientation

from .camera_settings import CameraSettings
from .polygons import split_polygons

TURNING_OPTIONS = frozenset({"rotate", "flip"})


def turned_regions(settings: CameraSettings, now: Orientation) -> dict[str, Any]:
    """Return the mask and zones of *settings*, by option, for the orientation *now*."""
    before = settings.orientation
    found: dict[str, Any] = {
        name: "; ".join(now.points(each, before) for each in split_polygons(text))
        for name in ("mask", "count_blinking") if (text := getattr(settings, name))}
    if settings.zones:
        found["zones"] = tuple(
            replace(zone, polygon=now.points(zone.polygon, before))
            for zone in settings.zones)
    return found

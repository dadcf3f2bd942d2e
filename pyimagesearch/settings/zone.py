"""Zones: polygons of the picture in which motion counts, or does not."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from pyimagesearch.errors import SettingsError

from .option import Option, did_you_mean, option, options_of
from .polygons import (
    MAX_POLYGONS,
    POLYGON_PATTERN,
    POLYGON_SYNTAX,
    has_no_area,
)

SENSITIVITIES = ("low", "normal", "high")
ZONE_NAME_PATTERN = r"\w(?:[\w .,'()-]{0,30}[\w.)])?"


@dataclass(frozen=True)
class Zone:
    """
    A polygon of the picture in which motion counts, or is ignored.

    *min_area* and *sensitivity* take the place of the camera's; a zone in which motion
    is ignored has none.
    """

    name: str = option(
        "", "shown with events", group="detection", pattern=ZONE_NAME_PATTERN,
        metavar="drive", allowed="up to 32 letters, digits, blanks and . , ' ( ) -, "
        "with a letter or digit first")
    polygon: str = option(
        "", POLYGON_SYNTAX, group="detection", pattern=POLYGON_PATTERN,
        metavar="'0,500 1000,500 1000,1000'",
        allowed=f"{POLYGON_SYNTAX}; as in '0,500 1000,500 1000,1000'")
    counts: bool = option(
        True, "true: motion counts here; false: it is ignored here", group="detection")
    min_area: float | None = option(
        None, "per mille of the frame that must move here; default: the camera's",
        group="detection", kind=float, high=1000)
    sensitivity: str | None = option(
        None, "how easily a change is taken for motion here; default: the camera's",
        group="detection", kind=str, choices=SENSITIVITIES)

    alerts: bool = option(
        True, "true: motion here raises alerts; false: it is only recorded",
        group="alerts")

    def __str__(self) -> str:
        return self.name if self.counts else f"{self.name} (ignored)"


ZONE_OPTIONS = options_of(Zone)


@dataclass(frozen=True, kw_only=True)
class ZonesOption(Option):
    """The declaration of a setting that is a list of zones."""

    def parse(self, value: Any, where: str) -> tuple[Zone, ...]:
        """Return the zones in *value*, tables or zones; raises SettingsError."""
        if not isinstance(value, list | tuple) or len(value) > MAX_POLYGONS:
            raise SettingsError(f"{where} must be {self.describe_allowed()}")
        zones = tuple(each if isinstance(each, Zone) else
                      parse_zone(each, number, where)
                      for number, each in enumerate(value, 1))
        self.check(zones, where)
        return zones

    def check(self, value: Any, where: str) -> None:
        """Raise :exc:`SettingsError` unless *value* is a tuple of valid zones."""
        if type(value) is not tuple or len(value) > MAX_POLYGONS or not all(
                isinstance(each, Zone) for each in value):
            raise SettingsError(f"{where} must be {self.describe_allowed()}")
        names = set()
        for number, zone in enumerate(value, 1):
            check_zone(zone, number, where)
            if zone.name in names:
                raise SettingsError(f"{where}: two zones are named {zone.name!r}, but "
                                    "each needs its own name")
            names.add(zone.name)


def parse_zone(table: Any, number: int, where: str) -> Zone:
    """Return the zone in *table*, the one with this *number* in *where*."""
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: zone {number} must be a table with name and "
                            "polygon")
    for name in table:
        if name not in ZONE_OPTIONS:
            raise SettingsError(
                f"{where}: {name!r} of zone {number} is not a setting of a zone"
                + did_you_mean(str(name), ZONE_OPTIONS))
    for name in ("name", "polygon"):
        if name not in table:
            raise SettingsError(f"{where}: zone {number} has no {name}")
    zone = Zone(**{name: parse_field(ZONE_OPTIONS[name], value, number, where)
                   for name, value in table.items()})
    return replace(zone, polygon=" ".join(zone.polygon.split()))


def parse_field(item: Option, value: Any, number: int, where: str) -> Any:
    """Return *value* of the setting *item* of a zone; text is no number here."""
    place = f"{where}: {item.name} of zone {number}"
    parsed = item.parse(value, place)
    if not (item.kind is float and type(value) is int):
        item.check(value, place)
    return parsed


def check_zone(zone: Zone, number: int, where: str) -> None:
    """Raise :exc:`SettingsError` unless all settings of *zone* are allowed together."""
    for item in fields(zone):
        ZONE_OPTIONS[item.name].check(
            getattr(zone, item.name), f"{where}: {item.name} of zone {number}")
    if has_no_area(zone.polygon):
        raise SettingsError(f"{where}: polygon of zone {zone.name!r} is "
                            f"{zone.polygon!r}, which is flat, but must have an area")
    for name in ("min_area", "sensitivity"):
        if not zone.counts and getattr(zone, name) is not None:
            raise SettingsError(f"{where}: zone {zone.name!r} does not count, so it "
                                f"cannot have {name}")

"""Polygons as text: corners in per mille of width and height."""

import re
from itertools import combinations

POINT_PATTERN = r"(?:1000|[0-9]{1,3}),(?:1000|[0-9]{1,3})"
POLYGON_PATTERN = rf"{POINT_PATTERN}(?:\s+{POINT_PATTERN}){{2,63}}"
POLYGONS_PATTERN = rf"\s*{POLYGON_PATTERN}(?:\s*;\s*{POLYGON_PATTERN}){{0,31}}\s*"
MAX_POLYGONS = 32       # polygons of one camera
POLYGON_SYNTAX = ("corners X,Y in per mille of the picture's width and height, from "
                  "0 to 1000, 3 to 64 of them for each polygon")


def split_polygons(text: str | None) -> tuple[str, ...]:
    """Return the polygons of a *text* that fits :data:`POLYGONS_PATTERN`, or none."""
    return tuple(" ".join(polygon.split()) for polygon in (text or "").split(";")
                 if polygon.strip())


def is_polygon(text: object) -> bool:
    """Return whether *text* is one polygon, such as ``"0,0 300,0 300,250"``."""
    return isinstance(text, str) and bool(re.fullmatch(POLYGON_PATTERN, text))


def has_no_area(polygon: str) -> bool:
    """Return whether all corners of *polygon* lie on one line: it has no area."""
    (x, y), *others = (map(int, corner.split(",")) for corner in polygon.split())
    sides = [(a - x, b - y) for a, b in others]
    return all(a * d == b * c for (a, b), (c, d) in combinations(sides, 2))

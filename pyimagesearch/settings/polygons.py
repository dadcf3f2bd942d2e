"""Polygons as text: corners in per mille of width and height."""

import re
from itertools import combinations

POINT = r"(?:1000|[0-9]{1,3}),(?:1000|[0-9]{1,3})"
POLYGON = rf"{POINT}(?:\s+{POINT}){{2,63}}"
POLYGONS = rf"\s*{POLYGON}(?:\s*;\s*{POLYGON}){{0,31}}\s*"
MOST = 32       # polygons of one camera
SPELLING = ("corners X,Y in per mille of the picture's width and height, from 0 to "
            "1000, 3 to 64 of them for each polygon")


def split(text: str | None) -> tuple[str, ...]:
    """Return the polygons of a *text* that fits :data:`POLYGONS`, or none."""
    return tuple(" ".join(polygon.split()) for polygon in (text or "").split(";")
                 if polygon.strip())


def is_polygon(text: object) -> bool:
    """Return whether *text* is one polygon, such as ``"0,0 300,0 300,250"``."""
    return isinstance(text, str) and bool(re.fullmatch(POLYGON, text))


def is_flat(polygon: str) -> bool:
    """Return whether all corners of *polygon* lie on one line: it has no area."""
    (x, y), *others = (map(int, corner.split(",")) for corner in polygon.split())
    sides = [(a - x, b - y) for a, b in others]
    return all(a * d == b * c for (a, b), (c, d) in combinations(sides, 2))

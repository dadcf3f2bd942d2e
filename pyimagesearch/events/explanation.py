"""Why a motion event was stored: what its detector saw, and what it decided."""

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pyimagesearch.frames import Box, Size

BEGIN, PEAK = "begin", "peak"
MOMENTS = (BEGIN, PEAK)

Setting = str | int | float | bool | None


class ExplainedRegion(NamedTuple):
    """One region that differed from the background, in pixels of the mask."""

    box: Box
    area: int               # of the region itself [pixels]
    reported: bool          # whether it counted as motion
    rule: str               # what decided that: "has travelled far enough"
    age: float = 0.0        # how long there had been a region here [s]
    travelled: float = 0.0  # how far it went lately [pixels]
    needed: float = 0.0     # how far it had to go to count [pixels]
    seconds: float = 0.0    # that its path took
    path: tuple[tuple[int, int], ...] = ()  # centres of its boxes, the oldest first
    zones: tuple[str, ...] = ()     # names of the zones in which it counted


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """
    What the detector saw in one frame of an event: its first or its largest motion.

    The mask of moved pixels, a PNG of one bit per pixel, is kept beside it; it may be
    smaller than *size*.
    """

    moment: str             # one of MOMENTS
    at: float               # when the frame was captured [s since the epoch]
    size: Size              # of the mask
    area: float             # moved pixels [per mille of the frame]
    min_area: float         # that counted as motion [per mille of the frame]
    fps: float              # frames per second at that time
    settings: dict[str, Setting]    # of the detection, by the name of the option
    regions: tuple[ExplainedRegion, ...] = ()
    left_out: int = 0       # smaller regions that are not listed
    # of those zones in which something counted, where it is not the camera's
    zone_sensitivities: dict[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return it as JSON, as it is stored."""
        regions = [region._asdict() for region in self.regions]
        fields = vars(self) | {"regions": regions}
        return json.dumps(fields, separators=(",", ":"))


def read_explanation(text: str) -> Explanation:
    """Return the explanation that :meth:`Explanation.as_text` wrote."""
    fields: dict[str, Any] = json.loads(text)
    regions = tuple(ExplainedRegion(**each | {
        "box": tuple(each["box"]), "path": tuple(map(tuple, each["path"])),
        "zones": tuple(each["zones"])})
        for each in fields["regions"])
    return Explanation(**fields | {"size": tuple(fields["size"]), "regions": regions})

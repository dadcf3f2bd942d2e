"""Keep with each motion event why it was stored."""

import math
from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np

from pyimagesearch.events.explanation import BEGIN, PEAK, ExplainedRegion, Explanation
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Grey
from pyimagesearch.motion_detection.detection import Detection
from pyimagesearch.motion_detection.regions import Region
from pyimagesearch.settings.camera_settings import CameraSettings

MAX_MASK_BYTES = 2000
MAX_REGIONS = 24
MAX_PATH_POINTS = 16
MIN_MASK_WIDTH = 16     # pixels
DETECTION_OPTIONS = ("detector", "frame_count", "min_area", "min_frames")

Item = TypeVar("Item")


class Explainer:
    """
    Store why motion events of one camera began, and what they were at their peak.

    Does nothing while there is no event. Belongs to the camera loop.
    """

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._began_at = -math.inf

    def begin(self, event: int, at: float, seen: Detection, settings: CameraSettings,
              ) -> None:
        """Explain the *event* by what was *seen* in the frame captured *at*."""
        self._began_at = at
        self._keep(BEGIN, event, at, seen, settings)

    def peak(self, event: int, at: float, seen: Detection, settings: CameraSettings,
             ) -> None:
        """Explain its largest motion so far, unless it began with that frame."""
        if at != self._began_at:
            self._keep(PEAK, event, at, seen, settings)

    def _keep(self, moment: str, event: int, at: float, seen: Detection,
              settings: CameraSettings) -> None:
        if seen.mask is not None:
            self._store.explain(event, explain(moment, at, seen, settings),
                                mask_as_png(seen.mask))


def explain(moment: str, at: float, seen: Detection, settings: CameraSettings,
            ) -> Explanation:
    """Return what was *seen* in the frame captured *at* [s since the epoch]."""
    largest = sorted(seen.regions, key=lambda region: (not region.moving, -region.area))
    return Explanation(
        moment=moment, at=at, size=seen.size, area=round(seen.area, 3),
        min_area=settings.min_area if seen.min_area is None else seen.min_area,
        fps=round(seen.fps, 2),
        settings={name: getattr(settings, name)
                  for name in (*DETECTION_OPTIONS, *settings.detector_options)},
        regions=tuple(explained(region, seen.fps) for region in largest[:MAX_REGIONS]),
        left_out=max(0, len(largest) - MAX_REGIONS),
        zone_sensitivities=zone_sensitivities(seen.regions, settings))


def zone_sensitivities(regions: Sequence[Region], settings: CameraSettings
                       ) -> dict[str, str]:
    """Return that of each zone in which one of *regions* counted, if it has its own."""
    if settings.detector != "adaptive":
        return {}
    names = {name for region in regions for name in region.zones}
    return {zone.name: zone.sensitivity for zone in settings.zones
            if zone.name in names and zone.sensitivity}


def explained(region: Region, fps: float) -> ExplainedRegion:
    """Return *region* as it is kept, of a camera with *fps* frames per second."""
    left, top, right, bottom = map(int, region.box)
    path = tuple((round(x), round(y)) for x, y in thinned(region.path, MAX_PATH_POINTS))
    return ExplainedRegion(
        (left, top, right, bottom), int(region.area), bool(region.moving), region.rule,
        round(float(region.age), 2), round(float(region.travelled), 1),
        round(float(region.needed), 1),
        round((len(region.path) - 1) / fps, 2) if fps and region.path else 0.0, path,
        region.zones)


def thinned(items: Sequence[Item], count: int) -> list[Item]:
    """Return at most *count* of *items*, evenly spaced, with the first and the last."""
    if len(items) <= count:
        return list(items)
    return [items[round(index)] for index in np.linspace(0, len(items) - 1, count)]


def mask_as_png(mask: Grey) -> bytes:
    """Return *mask* as a PNG of one bit per pixel, halved until it is small enough."""
    while True:
        png = cv2.imencode(".png", mask, [cv2.IMWRITE_PNG_BILEVEL, 1,
                                          cv2.IMWRITE_PNG_COMPRESSION, 6])[1].tobytes()
        height, width = mask.shape
        if len(png) <= MAX_MASK_BYTES or width < 2 * MIN_MASK_WIDTH or height < 2:
            return png
        smaller = cv2.resize(mask, (width // 2, height // 2),
                             interpolation=cv2.INTER_AREA)
        # set where at least a quarter of the pixels had moved
        mask = cv2.threshold(smaller, 63, 255, cv2.THRESH_BINARY)[1]

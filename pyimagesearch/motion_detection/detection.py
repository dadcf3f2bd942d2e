"""Detect motion in the pictures of one camera, from learning to boxes."""

import logging
import math
from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import cv2

from pyimagesearch.errors import DetectorFailed
from pyimagesearch.frames import Box, Grey, Image, Picture, Size, size_of
from pyimagesearch.rates import Stopwatch
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.polygons import split_polygons

from .blinkers import Blinkers
from .detector import (
    AdjustableDetector,
    Detector,
    HasThresholdScale,
    RegionDetector,
    TutorialDetector,
    ViewableDetector,
    as_region_detector,
    load_detector,
    takes_picture,
    unused_options,
)
from .look_pace import LookPace
from .preprocessing import for_detection, read_only
from .regions import Found, Region
from .remembered import BackgroundKeeper, RememberedBackground
from .scene_changes import Scene, SceneChanges
from .zones import Zones

log = logging.getLogger(__name__)

LEAST_LENGTHS = 0.75    # of its own that a region has gone, to be no light
MAX_PAUSE_SECONDS = 30.0    # without a signal, after which learning starts over
MAX_SHAPES = 3          # of pictures, of which the background is known at a time
SAME_SHAPE = 0.02       # of the height, by which rounding may make shapes differ
LIGHT_RULE = "differs while the light of the whole picture changes"


class Detection(NamedTuple):
    """What moved in one frame."""

    boxes: tuple[Box, ...]  # in pixels of the mask
    area: float             # moved pixels [per mille of the frame]
    mask: Grey | None       # 255 = moved; None if nothing did
    learnt: int             # frames learnt so far, this one included
    regions: tuple[Region, ...] = ()    # those that are not reported, too
    min_area: float | None = None   # a zone's, in place of the camera's [as area]
    fps: float = 0.0        # frames per second that were looked at; 0 = not known
    scene: Scene = Scene()      # what is the matter with the whole picture
    looked: bool = True     # at this frame; else all this is from an earlier one

    @property
    def size(self) -> Size:
        """Size of the mask, ``(width, height)`` [pixels]."""
        return (0, 0) if self.mask is None else size_of(self.mask)

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones in which something moved."""
        return tuple(dict.fromkeys(
            name for region in self.regions if region.moving for name in region.zones))

    @property
    def labelled(self) -> dict[str, Region]:
        """What the detector says that moved: the most certain region of each label."""
        found: dict[str, Region] = {}
        for region in sorted(self.regions, key=lambda each: each.score, reverse=True):
            if region.moving and region.label:
                found.setdefault(region.label, region)
        return found

    @property
    def change(self) -> str:
        """The kind of event that the whole picture shows, one of SCENE_KINDS or ""."""
        return self.scene.kind

    def beside(self, scene: Scene) -> "Detection":
        """
        Return this with *scene*, and without motion if that is only light.

        What has gone as far as it is long is no light: a car that drives off, and
        the camera's exposure changes for it.
        """
        if not scene.holds or not self.boxes or any(map(has_left, self.regions)):
            return self._replace(scene=scene)
        regions = tuple(region._replace(moving=False, rule=LIGHT_RULE)
                        if region.moving else region for region in self.regions)
        return self._replace(boxes=(), area=0.0, mask=None, regions=regions,
                             scene=scene)

    def is_motion(self, min_area: float) -> bool:
        """Return whether enough moved; *min_area* is the camera's [per mille]."""
        needed = min_area if self.min_area is None else self.min_area
        return 0 < self.area >= needed


NOTHING_SEEN = Detection((), 0.0, None, 0)


def has_left(region: Region) -> bool:
    """Return whether *region* moves, and was on the whole elsewhere when first seen."""
    if not region.moving or len(region.path) < 2:
        return False
    left, top, right, bottom = region.box
    return (math.dist(region.path[0], region.path[-1])
            >= max(right - left, bottom - top) * LEAST_LENGTHS)


class MotionDetection:
    """
    Learn the background of one camera, and find what moves in front of it.

    Detection begins once more than *frame_count* frames were learnt. Pictures of
    another size are scaled, and go on with that; those of another shape have a
    background of their own, which is kept for the last three shapes. Belongs to the
    camera loop; *make_detector* takes the place of the detector in *settings*, which
    raises :exc:`SettingsError` if it cannot be loaded. *keeper* holds the background
    over restarts.
    """

    def __init__(self, settings: CameraSettings,
                 make_detector: Callable[[], Detector] | None = None,
                 keeper: BackgroundKeeper | None = None) -> None:
        self.stopwatch = Stopwatch()      # spent on detection
        self._frame_count = settings.frame_count
        self.settings = settings
        self._make_own = make_detector
        self._make_detector = self._factory()
        self._detector = self._make_detector()
        self.in_colour = takes_picture(self._detector)
        if sentence := unused_options(settings, self._detector):
            log.warning("%s: %s", settings.name, sentence)
        self._zones = self._make_zones()
        self._blinkers = Blinkers(split_polygons(settings.count_blinking))
        self._scene = SceneChanges() if settings.scene_changes else None
        self.remembered = RememberedBackground(settings.name, keeper)
        self.pace = LookPace(settings.detect_fps)
        self._last = NOTHING_SEEN
        self._shape: Size = (0, 0)      # of the pictures given to the detector
        self._learnt = 0        # of these
        self._others: dict[Size, tuple[RegionDetector, int]] = {}   # of other shapes

    def apply(self, settings: CameraSettings) -> None:
        """
        Take new values of adjustable settings; the background stays learnt.

        A detector without a method ``adjust`` takes them at its next start over.
        """
        self.settings = settings
        self._make_detector = self._factory()
        for detector in self._detector, *(other for other, _ in self._others.values()):
            if isinstance(detector, AdjustableDetector):
                detector.adjust(settings)
        self._zones = self._make_zones()
        self._blinkers.count(split_polygons(settings.count_blinking))

    def copied(self, settings: CameraSettings) -> "MotionDetection":
        """
        Return one with other *settings*, which knows the same background.

        Detectors that cannot be copied, as OpenCV's own, learn it again.
        """
        try:
            copy = deepcopy(self)
        except Exception:   # whatever the code of a detector raises
            copy = MotionDetection(settings, self._make_own)
            copy.start_over(self._frame_count)
        else:
            copy.apply(settings)
        return copy

    @property
    def automatic_zones(self) -> tuple[str, ...]:
        """Polygons in which something blinks, and is ignored; for any thread."""
        return self._blinkers.zones

    def view(self, name: str) -> Grey | None:
        """Return the view *name* of the detector, if it has it; see DetectorView."""
        detector = self._detector
        return detector.view(name) if isinstance(detector, ViewableDetector) else None

    def start_over(self, frame_count: int | None = None) -> None:
        """
        Forget the background; learn *frame_count* frames from now on, if given.

        Without it, what else is known of the scene is forgotten, too.
        """
        self._learnt = 0
        self._others.clear()
        if frame_count is not None:
            self._frame_count = frame_count
        elif self._scene:
            self._scene.forget()

    def resume(self, frame_count: int, silence: float = math.inf) -> None:
        """
        Go on after a loss with what was learnt, if the scene is the same.

        Else *frame_count* frames are learnt again. Learning that was interrupted goes
        on after a short *silence* [s], as of a camera that comes and goes.
        """
        self.pace.reset()
        self.remembered.take(self._taught)
        if silence < MAX_PAUSE_SECONDS and 0 < self._learnt <= self._frame_count:
            self._frame_count = frame_count
        else:
            self.start_over(frame_count)

    def forget(self) -> None:
        """Forget the background, also the one kept for the next start."""
        self.remembered.forget()
        self.start_over()

    def close(self) -> None:
        """Keep the background for the next start."""
        self.remembered.keep(self._taught)

    @property
    def _taught(self) -> RegionDetector | None:
        """The detector, unless it is to start over: it may know what is hidden now."""
        return self._detector if self._learnt else None

    def _factory(self) -> Callable[[], RegionDetector]:
        settings, make = self.settings, self._make_own
        if make is None:
            return load_detector(settings)
        return lambda: as_region_detector(make(), settings.threshold)

    def _make_zones(self) -> Zones:
        zones = Zones(self.settings.zones, self.settings.sensitivity)
        if zones.have_sensitivity and not isinstance(self._detector, HasThresholdScale):
            log.warning("%s: zones have a sensitivity, which only --detector adaptive "
                        "can follow; --detector is %s", self.settings.name,
                        self.settings.detector)
        return zones

    def look(self, picture: Picture, at: float, *, every: bool = True) -> Detection:
        """
        Learn from *picture*, which arrived *at* [s, monotonic]; return what moved.

        Unless *every* picture is to be looked at, some are not while nothing differs:
        then this one is not decoded, and what was seen before is returned. Raises
        :exc:`BadPicture`, and :exc:`DetectorFailed` for all errors of the detector.
        """
        learning = self._learnt <= self._frame_count
        by_frames = isinstance(self._detector, TutorialDetector)    # it learns by them
        admitted = self.pace.admits(at, every=every or learning or by_frames)
        if not (admitted or learning):
            return self._last._replace(looked=False)
        self._last = seen = self._look_at(picture, at)
        self.pace.on_look(at, differs=bool(seen.regions))
        return seen

    def _look_at(self, picture: Picture, at: float) -> Detection:
        given = {"picture": read_only(picture.colour())} if self.in_colour else {}
        grey = picture.grey()
        with self.stopwatch:
            image = self._aligned(for_detection(grey, sharp=self._detector.sharp))
            self.remembered.on_frame(self._taught, at)
            try:
                seen = self._detect(image, self.pace.fps(at), given)
            except MemoryError:     # no fault of the detector
                raise
            except Exception as error:
                raise DetectorFailed(f"the detector {self.settings.detector} failed: "
                                     f"{type(error).__name__}: {error}") from error
            self._blinkers.learn(image, at, seen.regions)
            if self._scene is None:
                return seen
            scene = self._scene.look(grey, picture.colour, at, seen.area)
            if scene.elsewhere:
                self.forget()
            return seen.beside(scene)

    def _aligned(self, image: Grey) -> Grey:
        """Return *image*, scaled by a few rows if its shape is known but for these."""
        shape = size_of(image)
        for known in (self._shape, *self._others):
            if shape != known and abs(shape[1] - known[1]) <= SAME_SHAPE * shape[1]:
                return cv2.resize(image, known, interpolation=cv2.INTER_LINEAR)
        return image

    def _turn_to(self, shape: Size) -> None:
        """Go on with what is known of pictures of *shape*, or begin to learn it."""
        if self._learnt:
            self._others[self._shape] = self._detector, self._learnt
        known = self._others.pop(shape, None)
        if known is None:
            log.debug("%s: learning the background", self.settings.name)
            known = self._make_detector(), 0
        self._shape, (self._detector, self._learnt) = shape, known
        while len(self._others) >= MAX_SHAPES:
            self._others.pop(next(iter(self._others)))      # used longest ago

    def _detect(self, image: Grey, fps: float, given: dict[str, Image]) -> Detection:
        """Learn from *image* and what else is *given*; detect once that is enough."""
        if self._learnt == 0 or size_of(image) != self._shape:
            self._turn_to(size_of(image))
        if fps:
            self._detector.fps = fps
        self._zones.scale_thresholds(self._detector, size_of(image))
        if self._learnt <= self._frame_count and self.remembered.recall(
                self._detector, image):
            self._learnt = self._frame_count + 1
        learning = self._learnt <= self._frame_count
        look: Callable[..., Found] = self._detector.look
        found = self._zones.filter(self._blinkers.filter(
            look(image, learning=learning, **given).tidied()))
        self._learnt += 1
        if not found.boxes or found.mask is None:
            return Detection((), 0.0, None, self._learnt, found.regions,
                             fps=fps)
        area = 1000 * cv2.countNonZero(found.mask) / found.mask.size
        return Detection(found.boxes, area, found.mask, self._learnt, found.regions,
                         found.min_area, fps)

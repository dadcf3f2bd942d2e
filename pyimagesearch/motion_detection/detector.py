"""The protocols of motion detectors, and loading the one of ``--detector``."""

import importlib
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import Box, Grey, Image
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS, CameraSettings

from .adaptive import AdaptiveMotionDetector
from .learnt_background import LearntBackground
from .regions import NOTHING_FOUND, Found, Region
from .singlemotiondetector import SingleMotionDetector
from .stock import STOCK_DETECTORS


class Detector(Protocol):
    """
    What ``SingleMotionDetector`` does, and any class that takes its place.

    Images are ``uint8`` of shape ``(height, width)``: 400 px wide and blurred. One
    detector belongs to one camera loop, which makes a new one to start over. A class
    with a parameter *accumWeight* gets ``--accum-weight``. A :meth:`detect` with a
    parameter *picture* gets the whole picture, too: see :func:`takes_picture`.
    """

    def update(self, image: Grey) -> None:
        """Learn from *image*; called for each frame, after :meth:`detect`."""

    def detect(self, image: Grey, tVal: int) -> (
            tuple[Grey, Box | Sequence[Box]]
            | tuple[Grey, Box | Sequence[Box], str | Sequence[str]] | None):
        """
        Compare *image* with the background; ``None`` means nothing moved.

        *tVal* is ``--threshold`` (0-255). Returns the mask of moved pixels (0 or 255,
        the shape of *image*) and one box around them, or a list of boxes; and a label
        for each box, if it knows what that is ("" = it does not).
        """


@runtime_checkable
class RegionDetector(Protocol):
    """
    A detector that finds several regions, and says why it reports them.

    One detector belongs to one camera loop, which makes a new one to start over. A
    :meth:`look` with a parameter *picture* gets the whole picture, too: see
    :func:`takes_picture`.
    """

    sharp: bool     # whether it wants images without the 7x7 blur
    fps: float      # of the images [1/s]; set again whenever it changes

    def look(self, image: Grey, *, learning: bool = False) -> Found:
        """
        Compare *image* with the background, and learn from it.

        *image* is ``uint8`` of shape ``(height, width)``, 400 px wide. While
        *learning*, nothing is reported.
        """


@runtime_checkable
class AdjustableDetector(Protocol):
    """A :class:`RegionDetector` that takes new settings without learning again."""

    def adjust(self, settings: CameraSettings) -> None:
        """Take new values of those *settings* that are for this detector."""


@runtime_checkable
class HasThresholdScale(Protocol):
    """A detector that can be more or less sensitive in parts of the picture."""

    threshold_scale: NDArray[np.float32] | float
    """By what the threshold of each pixel of the next image is multiplied."""


@runtime_checkable
class ViewableDetector(Protocol):
    """A :class:`RegionDetector` that shows what it sees."""

    def view(self, name: str) -> Grey | None:
        """
        Return the *background*, *difference* or *mask* of the last image, by name.

        It is ``uint8`` of the image's shape; ``None`` if there is no such view.
        """


@runtime_checkable
class RemembersBackground(Protocol):
    """A detector that can go on with what another one has learnt."""

    def learnt_background(self) -> LearntBackground | None:
        """Return a copy of what is learnt; ``None`` before detection began."""

    def recall(self, learnt: LearntBackground, image: Grey) -> bool:
        """Go on with *learnt* if *image*, the next one, shows that scene."""


class TutorialDetector:
    """A :class:`RegionDetector` made of one with the tutorial's two methods."""

    sharp = False

    def __init__(self, detector: Detector, threshold: int) -> None:
        self.fps = 0.0      # not used: these count frames
        self.detector = detector
        self.detect: Callable[..., Sequence[Any] | None] = detector.detect
        self._threshold = threshold
        self._image: Grey | None = None     # the last one, and what moved in it
        self._mask: Grey | None = None

    def adjust(self, settings: CameraSettings) -> None:
        """Take the threshold of *settings*."""
        self._threshold = settings.threshold

    def look(self, image: Grey, *, learning: bool = False, **given: Image) -> Found:
        """Call ``detect``, unless *learning*, and then ``update``."""
        found = None if learning else self.detect(image, self._threshold, **given)
        self.detector.update(image)
        self._image, self._mask = image, None if found is None else found[0]
        if found is None or not (boxes := as_boxes(found[1])):
            return NOTHING_FOUND
        mask, labels = found[0], as_labels(found[2:], boxes)
        return Found(mask, tuple(
            Region(box, area_in(mask, box), True, "differs from the background",
                   label=label)
            for box, label in zip(boxes, labels, strict=True)))

    def view(self, name: str) -> Grey | None:
        """Return a view of a :class:`SingleMotionDetector`; of others, the mask."""
        if self._image is None:
            return None
        if name == "mask":
            return np.zeros_like(self._image) if self._mask is None else self._mask
        if not isinstance(self.detector, SingleMotionDetector) or (
                self.detector.bg is None):
            return None
        if name == "background":
            return self.detector.bg.astype(np.uint8)
        if name != "difference":
            return None
        # the image has gone into the background since, with this weight
        remaining = max(0.01, 1.0 - self.detector.accumWeight)
        difference = cv2.absdiff(self.detector.bg, self._image.astype(np.float64))
        return cv2.convertScaleAbs(difference, alpha=1 / remaining)


def as_boxes(found: object) -> tuple[Box, ...]:
    """Return the one box or the sequence of boxes that a detector *found*."""
    rows = np.reshape(np.asarray(found, int), (-1, 4)).tolist()
    return tuple((left, top, right, bottom) for left, top, right, bottom in rows)


def as_labels(found: Sequence[Any], boxes: Sequence[Box]) -> Sequence[str]:
    """Return a label for each of *boxes*, of what a detector *found* besides."""
    if not found:
        return [""] * len(boxes)
    (labels,) = found
    labels = [labels] if isinstance(labels, str) else labels
    if len(labels) != len(boxes):
        raise ValueError(f"detect() returned {len(boxes)} boxes, but {len(labels)} "
                         "labels")
    return labels


def area_in(mask: Grey, box: Box) -> int:
    """Return how many pixels of *mask* are set inside of *box*."""
    left, top, right, bottom = box
    part = mask[max(0, top):max(0, bottom), max(0, left):max(0, right)]
    return cv2.countNonZero(part) if part.size else 0


def load_detector(settings: CameraSettings) -> Callable[[], RegionDetector]:
    """
    Return a factory of the detector that ``--detector`` names.

    Raises :exc:`SettingsError` if there is no such class, if it lacks a method, or if
    it cannot be made.
    """
    if settings.detector == "single":
        return lambda: TutorialDetector(
            SingleMotionDetector(accumWeight=settings.accum_weight), settings.threshold)
    if settings.detector == "adaptive":
        return lambda: AdaptiveMotionDetector(sensitivity=settings.sensitivity)
    if settings.detector in STOCK_DETECTORS:
        return STOCK_DETECTORS[settings.detector]
    try:
        factory = find_class(settings.detector)
        taken = inspect.signature(factory).parameters
        offered = {"accumWeight": settings.accum_weight,
                   "sensitivity": settings.sensitivity}
        factory = partial(factory, **{
            name: value for name, value in offered.items() if name in taken})
        check_interface(factory())
    except Exception as error:      # whatever the code of the module raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SettingsError(
            f"--detector of camera {settings.name!r} is {settings.detector!r}, "
            f"but {reason}") from error
    return lambda: as_region_detector(factory(), settings.threshold)


def takes_picture(detector: RegionDetector) -> bool:
    """
    Return whether *detector* has a parameter *picture*.

    Then it gets the whole picture as the camera sends it, but for the privacy mask:
    ``uint8`` BGR of shape ``(height, width, 3)``, which must not be written to.
    """
    method = (detector.detect if isinstance(detector, TutorialDetector)
              else detector.look)
    try:
        return "picture" in inspect.signature(method).parameters
    except ValueError:      # it is not written in Python
        return False


def unused_options(settings: CameraSettings, detector: RegionDetector) -> str:
    """
    Return a sentence about those *settings* that *detector* does not use.

    Empty if there are none; a setting with its default value is none.
    """
    uses = (("threshold", "single"), ("accum_weight", "single"),
            ("sensitivity", "adaptive"))
    used = {"single": isinstance(detector, TutorialDetector),
            "adaptive": isinstance(detector, AdaptiveMotionDetector)}
    unused = [(CAMERA_OPTIONS[name], owner) for name, owner in uses if not used[owner]
              and getattr(settings, name) != CAMERA_OPTIONS[name].default]
    if not unused:
        return ""
    flags = " and ".join(option.flag for option, _ in unused)
    verb = "is" if len(unused) == 1 else "are"
    owners = " and ".join(dict.fromkeys(owner for _, owner in unused))
    return (f"{flags} {verb} for --detector {owners}, and not used by "
            f"{settings.detector}")


def as_region_detector(detector: Detector | RegionDetector, threshold: int
                       ) -> RegionDetector:
    """Return *detector*, or an adapter for one with the tutorial's two methods."""
    if isinstance(detector, RegionDetector):
        return detector
    return TutorialDetector(detector, threshold)


def find_class(spec: str) -> Callable[..., Detector | RegionDetector]:
    """Import and return the detector class *spec*, written ``package.module:Class``."""
    module, _, name = spec.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except Exception as error:
        raise ImportError(f"importing {module} failed: {error}") from error
    if not isinstance(found, type):
        raise TypeError(f"{module} has no class {name}")
    if not callable(getattr(found, "look", None)):
        check_interface(found)
    return found


def check_interface(found: object) -> None:
    """Raise :exc:`TypeError` if *found*, a detector or its class, lacks a method."""
    if isinstance(found, RegionDetector):
        return
    name = getattr(found, "__name__", type(found).__name__)
    for method in ("update", "detect"):
        if not callable(getattr(found, method, None)):
            raise TypeError(f"{name} has a method look(), but no attributes sharp and "
                            "fps" if hasattr(found, "look") else
                            f"{name} has no method {method}()")

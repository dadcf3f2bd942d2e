"""The protocol of motion detectors, and loading the one of ``--detector``."""

import importlib
import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import Box, Grey
from pyimagesearch.settings.settings import CameraSettings

from .singlemotiondetector import SingleMotionDetector


class Detector(Protocol):
    """
    What ``SingleMotionDetector`` does, and any class that takes its place.

    Images are ``uint8`` of shape ``(height, width)``: 400 px wide and blurred. One
    detector belongs to one camera loop, which makes a new one to start over. A class
    with a parameter *accumWeight* gets ``--accum-weight``.
    """

    def update(self, image: Grey) -> None:
        """Learn from *image*; called for each frame, after :meth:`detect`."""

    def detect(self, image: Grey, tVal: int) -> tuple[Grey, Box | Sequence[Box]] | None:
        """
        Compare *image* with the background; ``None`` means nothing moved.

        *tVal* is ``--threshold`` (0-255). Returns the mask of moved pixels (0 or 255,
        the shape of *image*) and one box around them, or a list of boxes.
        """


def load_detector(settings: CameraSettings) -> Callable[[], Detector]:
    """
    Return a factory of the detector that ``--detector`` names.

    Raises :exc:`SettingsError` if there is no such class, if it lacks a method, or if
    it cannot be made.
    """
    if settings.detector == "single":
        return partial(SingleMotionDetector, accumWeight=settings.accum_weight)
    try:
        factory = find_class(settings.detector)
        if "accumWeight" in inspect.signature(factory).parameters:
            factory = partial(factory, accumWeight=settings.accum_weight)
        factory()
    except Exception as error:      # whatever the code of the module raises
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SettingsError(
            f"--detector of camera {settings.name!r} is {settings.detector!r}, "
            f"but {reason}") from error
    return factory


def find_class(spec: str) -> Callable[..., Detector]:
    """Import and return the detector class *spec*, written ``package.module:Class``."""
    module, _, name = spec.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except Exception as error:
        raise ImportError(f"importing {module} failed: {error}") from error
    if not isinstance(found, type):
        raise TypeError(f"{module} has no class {name}")
    for method in ("update", "detect"):
        if not callable(getattr(found, method, None)):
            raise TypeError(f"{name} has no method {method}()")
    return found

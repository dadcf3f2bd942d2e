"""``webstreaming objects``: fetch the model that recognises objects, or try it."""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from pyimagesearch.errors import SettingsError, SurveillanceError, reason
from pyimagesearch.folders import DataFolder
from pyimagesearch.frames import Box, Image, Size, size_of
from pyimagesearch.settings.settings import Settings

from .crops import MIN_CROP_SIDE, part_of
from .look import FoundObject
from .model_download import fetch
from .model_files import YOLOX_NANO, ModelChoice, model_for
from .moved_objects import distinct, located
from .object_groups import group_of
from .object_model import ObjectModel

LISTED_LABELS = 5       # of the model's classes


def objects(settings: Settings, program: str, *, picture: str | None, get: bool) -> int:
    """
    Print which model *settings* choose, and what it finds in the file *picture*.

    If *get*, fetch the model first. *program* is how to run this program. Returns the
    exit status; raises :exc:`SettingsError`, and :exc:`SurveillanceError` if there is
    no model.
    """
    data = DataFolder(settings.data).path
    if get:
        print(get_model(data), flush=True)
    if get and picture is None:
        return 0
    image = None if picture is None else read_picture(picture)
    choice = model_for(settings, data, program)
    if choice.path is None:
        raise SurveillanceError(choice.words)
    for line in description(choice, image, settings.object_score):
        print(line)
    return 0


def get_model(data: Path) -> str:
    """Fetch the model into the folder *data*, unless it is there; return a sentence."""
    path = YOLOX_NANO.path(data)
    if not YOLOX_NANO.trouble(data):
        return f"the model that recognises objects is in {path.parent}"
    fetch(YOLOX_NANO, data)
    return (f"fetched the model that recognises objects into {path.parent} (YOLOX-Nano "
            "by Megvii, Apache-2.0); a server uses it from its next start on")


def read_picture(name: str) -> Image:
    """Return the picture in file *name* as BGR; raises :exc:`SettingsError`."""
    if "://" in name:
        raise SettingsError(f"PICTURE is {name!r}, but must be a file, not an address")
    if Path(name).exists() and not Path(name).is_file():
        raise SettingsError(f"PICTURE is {name!r}, but must be a file")
    try:
        content = np.frombuffer(Path(name).read_bytes(), np.uint8)
        image = cv2.imdecode(content, cv2.IMREAD_COLOR)
    except OSError as error:
        raise SettingsError(f"PICTURE is {name!r}, which cannot be read: "
                            f"{reason(error)}") from None
    except cv2.error:       # an empty file, or a picture of far too many pixels
        image = None
    if image is None:
        raise SettingsError(f"PICTURE is {name!r}, but must be a picture, such as a "
                            "JPEG or PNG")
    return np.asarray(image, np.uint8)


def description(choice: ModelChoice, image: Image | None, least: float
                ) -> Iterator[str]:
    """
    Yield lines on the model of *choice*, and what it finds in *image*.

    It looks at the whole of it, and closer at squares of half its height or width.
    """
    began = time.perf_counter()
    model = choice.load()
    loaded = time.perf_counter()
    yield f"model    {choice.path}"
    yield f"layout   {model.layout}"
    yield f"input    {model.size[0]}x{model.size[1]} pixels"
    yield f"classes  {len(model.labels)}: {', '.join(model.labels[:LISTED_LABELS])}" + (
        ", …" if len(model.labels) > LISTED_LABELS else "")
    yield f"load     {1000 * (loaded - began):.0f} ms"
    if image is not None:
        looked = time.perf_counter()
        whole = model.find(image, least)
        yield f"look     {1000 * (time.perf_counter() - looked):.0f} ms"
        yield from found_lines("whole", whole, least)
        if parts := squares(size_of(image)):
            yield f"squares  {len(parts)} of {parts[0][2]}x{parts[0][3]} pixels"
            yield from found_lines("closer", found_in_parts(model, image, parts, least),
                                   least)


def squares(size: Size) -> list[Box]:
    """Return squares that cover a picture of *size*, and overlap by half or more."""
    side = max(min(size) // 2, MIN_CROP_SIDE)
    if side >= min(size):
        return []
    lefts, tops = ({round(number * (length - side) / steps)
                    for number in range(steps + 1)}
                   for length in size if (steps := math.ceil(2 * length / side) - 2))
    return [(left, top, left + side, top + side)
            for top in sorted(tops) for left in sorted(lefts)]


def found_in_parts(model: ObjectModel, image: Image, parts: Sequence[Box],
                   least: float) -> list[FoundObject]:
    """Return what *model* finds in *parts* of *image*, once each, the best first."""
    found = [each for part in parts for each in located(
        model.find(part_of(image, part, size_of(image)), least),
        (part[2] - part[0], part[3] - part[1]), part)]
    return distinct(sorted(found, key=lambda each: each.score, reverse=True))


def found_lines(how: str, found: Sequence[FoundObject], least: float
                ) -> Iterator[str]:
    """Yield a line for each of *found*; *how* it was looked for begins it."""
    yield from (f"{how:8} {line(each)}" for each in found)
    if not found:
        yield f"{how:8} nothing with a score of {least:g} or more"


def line(found: FoundObject) -> str:
    """Return label, score, group and box of what was *found* in words."""
    group = group_of(found.label)
    kind = "" if group == found.label else f" ({group or 'ignored'})"
    left, top, right, bottom = found.box
    return f"{found.label}{kind} {found.score:.2f} at {left},{top} to {right},{bottom}"

"""Find the objects that moved, in the crops of one look."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Box, Image, Size, scaled, size_of

from .crops import closer, part_of
from .look import Crop, FoundObject, Look
from .movement_rule import counted, is_same

BEFORE_SCORE = 0.3      # least, of what was there before the event


class Model(Protocol):
    """What finds objects in a picture; used by one thread at a time."""

    def find(self, image: Image, least: float) -> Sequence[FoundObject]:
        """Return the objects in *image*, BGR, with a score of at least *least*."""


def find_moved(model: Model, look: Look) -> list[FoundObject]:
    """
    Return what moved and is a person, vehicle or animal; the surest first.

    Boxes are in pixels of the camera's picture. What several crops show, or is of two
    classes of one group, comes once. A crop in which nothing is found is looked at
    again, closer.
    """
    before = functools.cache(lambda: before_of(look))       # decoded once, or never
    found: list[FoundObject] = []
    for crop in look.crops:
        found += moved_in(model, crop, look, before) or [
            each for part in closer(crop, look.mask, look.size)
            for each in moved_in(model, part, look, before)]
    return distinct(sorted(found, key=lambda each: each.score, reverse=True))


def moved_in(model: Model, crop: Crop, look: Look,
             before: Callable[[], Image | None]) -> list[FoundObject]:
    """Return what moved in *crop* of *look*, in pixels of the camera's picture."""
    def there_before() -> list[FoundObject]:
        picture = before()
        if picture is None:
            return []
        image = part_of(picture, crop.part, look.size)
        return located(model.find(image, BEFORE_SCORE), size_of(image), crop.part)

    found = located(model.find(crop.image, look.least_score), size_of(crop.image),
                    crop.part)
    return counted(found, crop, look.mask, look.size, there_before)


def before_of(look: Look) -> Image | None:
    """Return the picture from before the event, if there is a good one."""
    try:
        return look.before and look.before.image()
    except BadPicture:      # as a camera may have sent it
        return None


def located(found: Sequence[FoundObject], of: Size, part: Box) -> list[FoundObject]:
    """Return *found* in a crop of size *of* in pixels of the picture around *part*."""
    left, top, right, bottom = part
    boxes = [scaled(each.box, of, (right - left, bottom - top)) for each in found]
    return [each._replace(box=(left + x0, top + y0, left + x1, top + y1))
            for each, (x0, y0, x1, y1) in zip(found, boxes, strict=True)]


def distinct(found: Iterable[FoundObject]) -> list[FoundObject]:
    """Return the first of *found* at each place, for each group."""
    kept: list[FoundObject] = []
    for each in found:
        if not any(is_same(each, other) for other in kept):
            kept.append(each)
    return kept

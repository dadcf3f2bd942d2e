"""
Read footage whose moving pixels or moments of motion are known.

A folder of footage has a ``MANIFEST.json`` with a list ``items``. Of each item are read
``name``, ``fps``, ``path`` (a video, or a folder of ``in000001.jpg`` ...), ``gt`` (a
folder of ``gt000001.png`` ..., or null) and the lists ``events`` and ``quiet`` of
intervals ``[first, end)`` in frames, null where the masks say it. Masks follow the
convention of changedetection.net (N. Goyette et al., 2012): 255 moves, 0 and 50 (a
shadow) do not, all others are not judged.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pyimagesearch.errors import SettingsError
from pyimagesearch.frames import DETECTION_WIDTH, Grey, Image

Interval = tuple[int, int]      # frames [first, end)
Prepare = Callable[[Image], Image]

MOVES = 255
STILL = (0, 50)
MIN_JUDGED_SHARE = 0.05         # of a mask's pixels, for it to count as one
MIN_MASKS = 5                   # with fewer, pixels are not judged


@dataclass(frozen=True)
class Recording:
    """Frames that can be played again and again, and what moves in them."""

    name: str
    fps: float
    play: Callable[[], Iterable[Image]]     # BGR
    masks: dict[int, Path] = field(default_factory=dict)    # by number of the frame
    events: tuple[Interval, ...] | None = None      # None: the masks say it
    quiet: tuple[Interval, ...] = ()

    def mask(self, number: int) -> Grey | None:
        """Return the mask of frame *number* at 400 px, if there is one."""
        if number not in self.masks:
            return None
        mask = cv2.imread(str(self.masks[number]), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise SettingsError(f"{self.masks[number]} cannot be read")
        return cv2.resize(mask, size_for_detection(mask),
                          interpolation=cv2.INTER_NEAREST)

    def first_mask(self) -> int:
        """Return the first frame whose mask judges more than a few pixels; or 0."""
        for number in sorted(self.masks):
            mask = self.mask(number)
            if mask is not None and np.mean(
                    moving(mask) | resting(mask)) > MIN_JUDGED_SHARE:
                return number
        return 0

    def has_pixel_truth(self) -> bool:
        """Whether there are enough masks to judge pixels by."""
        return len(self.masks) >= MIN_MASKS


def moving(mask: Grey) -> Any:
    """Return where *mask* says that something moves."""
    return mask == MOVES


def resting(mask: Grey) -> Any:
    """Return where *mask* says that nothing moves."""
    return (mask == STILL[0]) | (mask == STILL[1])


def for_detectors(image: Image) -> Image:
    """Return *image* 400 px wide, so that all detectors see the same."""
    return cv2.resize(image, size_for_detection(image), interpolation=cv2.INTER_AREA)


def as_recorded(image: Image) -> Image:
    """Return *image* as it is."""
    return image


def read_footage(folder: Path, prepare: Prepare = for_detectors) -> list[Recording]:
    """
    Return the recordings in *folder*, whose frames are what *prepare* makes of them.

    Raises :exc:`SettingsError` without any.
    """
    manifest = folder / "MANIFEST.json"
    try:
        items = json.loads(manifest.read_text())["items"]
    except OSError as error:
        raise SettingsError(f"--footage is {str(folder)!r}, but {manifest.name} in it "
                            f"cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"{manifest} must be JSON with a list of items") from None
    return [as_recording(item, folder, prepare) for item in items]


def as_recording(item: dict[str, Any], folder: Path, prepare: Prepare) -> Recording:
    """Return the recording that *item* of a manifest describes."""
    path = folder / item["path"]
    files = sorted(path.glob("*.jpg")) if path.is_dir() else []
    masks = {}
    if item.get("gt"):
        index = {number_of(file): number for number, file in enumerate(files)}
        masks = {index[number_of(file)]: file
                 for file in sorted((folder / item["gt"]).glob("*.png"))
                 if number_of(file) in index}
    events = item.get("events")
    return Recording(
        item["name"], float(item["fps"]),
        lambda: map(prepare, map(read_image, files) if files else read_video(path)),
        masks, None if events is None else intervals(events),
        intervals(item.get("quiet") or ()))


def intervals(pairs: Iterable[Iterable[int]]) -> tuple[Interval, ...]:
    """Return *pairs* of a manifest as intervals."""
    return tuple((first, end) for first, end in pairs)


def number_of(file: Path) -> int:
    """Return the number in the name of *file*; -1 if there is none."""
    found = re.search(r"\d+$", file.stem)
    return int(found[0]) if found else -1


def read_image(file: Path) -> Image:
    """Return the image in *file*."""
    image = cv2.imread(str(file))
    if image is None:
        raise SettingsError(f"{file} cannot be read")
    return image


def read_video(file: Path) -> Iterator[Image]:
    """Yield the frames of the video *file*."""
    capture = cv2.VideoCapture(str(file))
    try:
        if not capture.isOpened():
            raise SettingsError(f"{file} cannot be read")
        while (read := capture.read())[0]:
            yield read[1]
    finally:
        capture.release()


def size_for_detection(image: Image) -> tuple[int, int]:
    """Return the size of *image* at a width of 400 px."""
    height, width = image.shape[:2]
    return DETECTION_WIDTH, int(height * (DETECTION_WIDTH / width))


def clean_background(recording: Recording, samples: int = 31,
                     least: int = 5) -> Image | None:
    """
    Return the median of what the masks call background, pixel by pixel.

    Made of up to *samples* frames; a pixel needs *least* of them. Pixels that are not
    judged, as outside of a region of interest, take the median of all. None if more
    than one of a hundred judged pixels was never seen at rest for long enough.
    """
    first = recording.first_mask()
    numbers = [number for number in sorted(recording.masks) if number >= first]
    wanted = {numbers[round(at)]: True for at in
              np.linspace(0, len(numbers) - 1, min(samples, len(numbers)))}
    frames, rests, judged = [], [], []
    for number, frame in enumerate(recording.play()):
        if number in wanted and (mask := recording.mask(number)) is not None:
            frames.append(frame)
            rests.append(resting(mask))
            judged.append(moving(mask) | resting(mask))
    at_rest, of_interest = np.stack(rests), np.stack(judged).any(0)
    seen = at_rest.sum(0)
    if np.mean(seen[of_interest] < least) > 0.01:
        return None
    return median_where(np.stack(frames), at_rest | (seen < least))


def median_where(frames: Any, chosen: Any) -> Image:
    """Return the median of *frames* over those *chosen*, pixel by pixel."""
    median: Image = np.empty_like(frames[0])
    middle = (chosen.sum(0) - 1) // 2
    for channel in range(frames.shape[3]):
        values = np.where(chosen, frames[..., channel], np.int16(256))
        ranked = np.sort(values.transpose(1, 2, 0))     # those not chosen come last
        median[..., channel] = np.take_along_axis(ranked, middle[..., None], 2)[..., 0]
    return median

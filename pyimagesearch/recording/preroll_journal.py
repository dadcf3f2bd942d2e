"""Write JPEGs that wait to be encoded to the disk at once, so a crash loses none."""

import json
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pyimagesearch.errors import BadPicture
from pyimagesearch.folders import sync_folder
from pyimagesearch.frames import Box, Size
from pyimagesearch.jpeg import MAX_SIDE, LazyJpeg, jpeg_size
from pyimagesearch.overlay import CLOCK_PLACES, Annotation, ClockStyle
from pyimagesearch.permissions import FILE_MODE

from .clip_metadata import ClipMetadata, read_metadata
from .paths import JOURNAL_SUFFIX, NEW_JOURNAL_SUFFIX
from .preroll import MAX_BYTES, EncodedFrame, Preroll

log = logging.getLogger(__name__)

MIN_SECONDS = 1.0       # of waiting JPEGs for which a journal is written
SAFE_SECONDS = 1.0      # after which a clip has on the disk what it was given
SPARE_BYTES = 64_000_000    # that must be free beside the journal
BATCH_FRAMES = 8        # that are copied to be written
MAX_HEAD_BYTES = 4096   # of the line before a JPEG


class Journal:
    """
    A copy on disk of the JPEGs in *preroll* that a clip needs, until they are encoded.

    A clip begins with seconds of JPEGs that take a while to encode; written to *path*
    as they are, they take milliseconds. There is no file before :meth:`begin`, nor if
    the disk refuses, as the clip matters more. Belongs to the recorder's thread.
    """

    def __init__(self, path: Path, preroll: Preroll, *,
                 spare_bytes: int = SPARE_BYTES) -> None:
        self._path = path
        self._preroll = preroll
        self._next = 0          # number of the first frame that is not in it
        self._last_at = 0.0     # when its newest was captured [s, monotonic]
        self._spare_bytes = spare_bytes
        self._growing = True    # until the encoder has caught up
        self._file = -1

    def begin(self, metadata: ClipMetadata, first: int) -> None:
        """
        Write the file if there is a second or more to encode, from frame *first* on.

        *metadata* is its first line; then each JPEG follows a line of JSON.
        """
        self._next = first
        if self._preroll.behind(first) > MIN_SECONDS:
            self._attempt(lambda: self._begin(metadata))

    def update(self) -> None:
        """Write down what has come since."""
        if self._file >= 0 and self._growing:
            self._attempt(self._write_new)

    def sync(self) -> None:
        """Force the file to the disk."""
        if self._file >= 0 and self._growing:
            self._attempt(self._sync)

    def settle(self, last_at: float) -> None:
        """Remove the file once the clip, complete up to *last_at*, is safe itself."""
        self._growing = False
        if last_at > self._last_at + SAFE_SECONDS:
            self.remove()

    def remove(self) -> None:
        """Remove the file, as the clip has what is in it."""
        if self._file >= 0:
            self.leave()
            self._attempt(self._path.unlink)

    def leave(self) -> None:
        """Close the file, and leave it to the next start."""
        number, self._file = self._file, -1
        if number >= 0:
            os.close(number)

    def _begin(self, metadata: ClipMetadata) -> None:
        """Write all there is before naming the file: half a journal is of no use."""
        name = self._path.name.removesuffix(JOURNAL_SUFFIX)
        new = self._path.with_name(name + NEW_JOURNAL_SUFFIX)
        self._file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            self._write(metadata.as_comment().encode() + b"\n")
            self._write_new()
            new.rename(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _sync(self) -> None:
        os.fdatasync(self._file)
        sync_folder(self._path.parent)

    def _write_new(self) -> None:
        """Write what came since the last time, some frames at once."""
        while frames := self._preroll.after(self._next, BATCH_FRAMES):
            self._write(b"".join(part for frame in frames for part in as_parts(frame)))
            self._next, self._last_at = frames[-1].number + 1, frames[-1].at

    def _write(self, data: bytes) -> None:
        """Write all of *data*; raises :exc:`OSError` if there is little room."""
        free = shutil.disk_usage(self._path.parent).free
        if free < len(data) + self._spare_bytes:
            raise OSError("there is little room")
        left = memoryview(data)
        while left:
            left = left[os.write(self._file, left):]

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            log.debug("no journal at %s: %s", self._path, error)
            self.remove()


def as_parts(frame: EncodedFrame) -> tuple[bytes, bytes]:
    """Return the line before the JPEG of *frame*, and the JPEG."""
    jpeg = frame.content
    head: dict[str, object] = {"captured": frame.captured, "at": frame.at,
                               "bytes": len(jpeg.data)}
    if isinstance(jpeg, LazyJpeg) and jpeg.overlay:
        head["undrawn"] = [edge for box in jpeg.overlay.boxes for edge in box]
        head["clock"] = jpeg.overlay.clock
    if isinstance(jpeg, LazyJpeg) and jpeg.given not in (None, jpeg.size):
        head["size"] = jpeg.size
    return json.dumps(head).encode() + b"\n", jpeg.data


def read_journal(path: Path) -> tuple[ClipMetadata | None, list[EncodedFrame]]:
    """
    Return the metadata and the frames of the journal at *path*, as far as intact.

    Raises :exc:`OSError`.
    """
    frames: list[EncodedFrame] = []
    with open(path, "rb") as file:
        metadata = read_metadata(file.readline(MAX_HEAD_BYTES).decode(errors="replace"))
        while line := file.readline(MAX_HEAD_BYTES):
            try:
                head = json.loads(line)
                size, at = int(head["bytes"]), float(head["at"])
                data = file.read(size) if 0 < size <= MAX_BYTES else b""
                captured = float(head["captured"])
                overlay = (Annotation(as_boxes(head["undrawn"]), captured,
                                      clock=as_clock(head.get("clock", ClockStyle())))
                           if "undrawn" in head else None)
                jpeg = LazyJpeg(data, jpeg_size(data), overlay)
                if "size" in head:
                    jpeg = jpeg._replace(size=as_size(head["size"]), given=jpeg.size)
            except (ValueError, TypeError, KeyError, OverflowError,
                    RecursionError, BadPicture):
                break       # a crash cut it off here
            if len(data) != size:
                break
            frames.append(EncodedFrame(len(frames) + 1, captured, at, jpeg))
    return metadata, frames


def as_size(sides: Sequence[int]) -> Size:
    """Return ``(width, height)``; raises ValueError unless *sides* are two that fit."""
    width, height = map(int, sides)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise ValueError(f"{width}x{height} is no size")
    return width, height


def as_boxes(edges: list[int]) -> tuple[Box, ...]:
    """Return the boxes whose *edges* follow one another; raises ValueError if odd."""
    return tuple(zip(*[iter(edges)] * 4, strict=True))


def as_clock(words: Sequence[str]) -> ClockStyle:
    """Return the clock; raises ValueError unless *words* are a place and a format."""
    place, written = map(str, words)
    if place not in CLOCK_PLACES:
        raise ValueError(f"{place} is no place of the clock")
    return ClockStyle(place, written)

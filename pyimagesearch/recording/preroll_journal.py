"""Pictures that wait to be encoded, on the disk at once: so a crash loses none."""

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Box, Undrawn

from .clip_metadata import ClipMetadata, read_metadata
from .preroll import MOST_BYTES, EncodedFrame, Preroll

log = logging.getLogger(__name__)

JOURNAL = ".part.jpegs"
NEW = ".part.jpegs.new"     # until there is in it all that waits
WORTH = 1.0             # seconds of pictures that are worth a journal
SAFE = 1.0              # seconds after which the clip has on the disk what it was given
SPARE = 64_000_000      # bytes that must be free beside the journal
MOST_HEAD = 4096        # bytes of a line that tells of a picture

Redraw = Callable[[bytes, float, Box | None], Undrawn]


class Journal:
    """
    What a clip is still to be made of, as it lies on *preroll* from piece *first* on.

    A clip begins with seconds of pictures that take a while to encode; written down
    as they are, they take milliseconds. Each is a line of JSON and its JPEG; the first
    line is the metadata. Where the disk does not take it, there is none: the clip
    is what matters. Belongs to the recorder's thread.
    """

    def __init__(self, path: Path, metadata: ClipMetadata, preroll: Preroll,
                 first: int) -> None:
        self._path = path
        self._preroll = preroll
        self._next = first      # number of the first piece that is not in it
        self._last_at = 0.0     # when its newest was captured [s, monotonic]
        self._growing = True    # until all is encoded that lay there
        self._file = -1
        if preroll.behind(first) > WORTH:
            self._attempt(lambda: self._begin(metadata))

    def jot(self) -> None:
        """Write down what has come."""
        if self._file >= 0 and self._growing:
            self._attempt(self._write_news)

    def settle(self, last_at: float) -> None:
        """Go once the clip, which has taken all up to *last_at*, is safe itself."""
        self._growing = False
        if last_at > self._last_at + SAFE:
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
        """Write all there is, and only then name it: half of it would help nobody."""
        new = self._path.with_name(self._path.name.removesuffix(JOURNAL) + NEW)
        self._file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        try:
            self._write(metadata.as_comment().encode() + b"\n")
            self._write_news()
            new.rename(self._path)
        except OSError:
            new.unlink(missing_ok=True)
            raise

    def _write_news(self) -> None:
        """Write what came since the last time, a second or two of it at once."""
        while pieces := self._preroll.after(self._next):
            self._write(b"".join(
                part for piece in pieces for part in (head(piece), piece.data)))
            self._next, self._last_at = pieces[-1].number + 1, pieces[-1].at

    def _write(self, data: bytes) -> None:
        """Write all of *data*; raises :exc:`OSError` without room for it."""
        if shutil.disk_usage(self._path.parent).free < len(data) + SPARE:
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


def head(piece: EncodedFrame) -> bytes:
    """Return the line that stands before the JPEG of *piece*."""
    told: dict[str, object] = {"captured": piece.captured, "at": piece.at,
                              "bytes": len(piece.data)}
    if piece.undrawn:
        told["undrawn"] = piece.undrawn.box or []
    return json.dumps(told).encode() + b"\n"


def read_journal(path: Path, redraw: Redraw
                 ) -> tuple[ClipMetadata | None, list[EncodedFrame]]:
    """
    Return the metadata and the pieces of the journal at *path*, as far as whole.

    *redraw* makes of a JPEG, its time and its box the picture that is yet to be drawn.
    Raises :exc:`OSError`.
    """
    pieces: list[EncodedFrame] = []
    with open(path, "rb") as file:
        metadata = read_metadata(file.readline(MOST_HEAD).decode(errors="replace"))
        while line := file.readline(MOST_HEAD):
            try:
                told = json.loads(line)
                size, at = int(told["bytes"]), float(told["at"])
                data = file.read(size) if 0 < size <= MOST_BYTES else b""
                captured = float(told["captured"])
                undrawn = redraw(data, captured, tuple(told["undrawn"]) or None
                                 ) if "undrawn" in told else None
            except (ValueError, TypeError, KeyError, OverflowError,
                    RecursionError, BadPicture):
                break       # a crash cut it off here
            if not data or len(data) != size:
                break
            pieces.append(EncodedFrame(len(pieces) + 1, data, captured, at, True, None,
                                       0, 0, undrawn))
    return metadata, pieces

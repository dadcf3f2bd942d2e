"""What a camera gave in its last seconds, encoded: where clips get their pre-roll."""

import collections
import math
import mmap
import threading
from typing import NamedTuple

from pyimagesearch.frames import Undrawn, VideoHeader

MOST_BYTES = 16_000_000     # of a pre-roll, however far the recorder is behind
CHUNK = 256 * 1024          # bytes that are asked of the kernel at once
SILENCE = 2.5               # seconds without a piece that are no slow camera
ROOMY = 5_500_000           # to which pictures are taken as they came, however large


class EncodedFrame(NamedTuple):
    """One encoded picture: a JPEG, or a packet of the camera's own video."""

    number: int         # 1, 2, 3 ... since the preroll was made
    data: bytes
    captured: float     # wall-clock time [seconds since the epoch]
    at: float           # the same moment on the monotonic clock [seconds]
    key: bool           # whether a clip may begin here
    header: VideoHeader | None  # of the video that a packet belongs to
    pts: int            # of a packet: when it is shown [1/90000 s]
    dts: int            # and when it is decoded
    undrawn: Undrawn | None = None  # what is yet to be drawn; *data* is its JPEG


class Chunks:
    """
    Memory for what lies for seconds, apart from what comes and goes with each picture.

    Among that, it would leave the heap in holes as it goes, and the program would grow
    by megabytes an hour. A chunk goes back to the kernel when all in it is forgotten.
    """

    def __init__(self) -> None:
        self._left = memoryview(b"")

    def keep(self, data: bytes) -> memoryview:
        """Return a copy of *data*."""
        size = len(data)
        if size > len(self._left):
            self._left = memoryview(mmap.mmap(
                -1, max(CHUNK, size), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        kept, self._left = self._left[:size], self._left[size:]
        kept[:] = data
        return kept


class Preroll:
    """
    Keep the newest pieces, of *seconds* and a little more, at most *most_bytes*.

    One thread puts, the recorder takes: all it keeps is the number of the last
    piece it took. What it has not taken yet stays longer (:meth:`hold`), up to
    the bytes; beyond, pieces are lost and :attr:`lost` counts them. Every method
    may be called from any thread.
    """

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self.lost = 0
        self.bytes = 0
        self._seconds = seconds
        self._most = most_bytes
        self._pieces: collections.deque[EncodedFrame] = collections.deque()
        self._data: collections.deque[memoryview] = collections.deque()
        self._chunks = Chunks()
        self._number = 0
        self._needed = math.inf     # number of the first piece not taken yet
        self._header: VideoHeader | None = None
        self._lock = threading.Lock()       # guards all above

    def begin(self, header: VideoHeader | None) -> None:
        """
        Start a new video: its packets do not fit behind those that are there.

        Without a *header*, pictures come from now on.
        """
        with self._lock:
            self._header = header

    def put(self, data: bytes, captured: float, at: float, *, key: bool = True,
            pts: int = 0, dts: int = 0, since: float | None = None,
            undrawn: Undrawn | None = None) -> None:
        """
        Add what was captured at *captured* [s since the epoch], *at* [s, monotonic].

        *undrawn* is the picture if time and box are not drawn on it yet.
        *since* is the moment from which an event may yet begin, if it lies before
        *at*: the preroll's seconds count from there.
        """
        with self._lock:
            self._number += 1
            self._pieces.append(EncodedFrame(self._number, b"", captured, at, key,
                                      self._header, pts, dts, undrawn))
            self._data.append(self._chunks.keep(data))
            self.bytes += len(data)
            self._trim((at if since is None else min(at, since)) - self._seconds)

    def has_room(self, data: bytes) -> bool:
        """Return whether *data* may go on the preroll though smaller could be made."""
        return self.bytes + len(data) <= ROOMY

    def clear(self) -> None:
        """Forget everything, as nothing is to be kept any more."""
        with self._lock:
            self._pieces.clear()
            self._data.clear()
            self.bytes = 0

    def hold(self, number: float) -> None:
        """Keep all pieces from *number* on for the recorder; infinity for none."""
        with self._lock:
            self._needed = number

    def start_for(self, at: float) -> int:
        """
        Return the number of the piece with which a clip from *at* on begins.

        The last key piece before, or the first one after a silence in which *at* lies:
        what a camera gave before it was lost, or switched off, is no pre-roll.
        """
        with self._lock:
            before = [piece for piece in self._pieces if piece.at <= at]
            stale = len(before) if before and at - before[-1].at > SILENCE else 0
            keys = [piece for index, piece in enumerate(self._pieces)
                    if piece.key and index >= stale]
            earlier = [piece.number for piece in keys if piece.at <= at]
            first = keys[0].number if keys else self._number + 1
            return earlier[-1] if earlier else first

    def after(self, number: int, most: int = 32) -> list[EncodedFrame]:
        """Return up to *most* pieces from *number* on, oldest first."""
        with self._lock:
            if not self._pieces or self._pieces[-1].number < number:
                return []
            skip = max(0, number - self._pieces[0].number)
            return [self._pieces[index]._replace(data=bytes(self._data[index]))
                    for index in range(skip, min(len(self._pieces), skip + most))]

    def behind(self, number: int) -> float:
        """Return how many seconds of pieces there are from *number* on."""
        with self._lock:
            if not self._pieces or self._pieces[-1].number < number:
                return 0.0
            skip = max(0, number - self._pieces[0].number)
            return self._pieces[-1].at - self._pieces[skip].at

    def _trim(self, horizon: float) -> None:
        """Drop what no clip can begin with any more: whole groups up to a key."""
        while self.bytes > self._most:
            self.lost += self._drop() >= self._needed
        while (end := self._next_key()) and self._pieces[end].at <= horizon and (
                self._pieces[end].number <= self._needed):
            for _ in range(end):
                self._drop()

    def _next_key(self) -> int:
        """Return the index of the second key piece; 0 if there is none."""
        return next((index for index in range(1, len(self._pieces))
                     if self._pieces[index].key), 0)

    def _drop(self) -> int:
        self.bytes -= len(self._data.popleft())
        return self._pieces.popleft().number

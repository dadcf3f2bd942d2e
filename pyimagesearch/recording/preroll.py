"""The last seconds of a camera, encoded: clips start with them."""

import collections
import itertools
import math
import threading
from typing import NamedTuple

from pyimagesearch.frames import VideoHeader
from pyimagesearch.jpeg import LazyJpeg

from .drawn_pictures import DrawnPictures

MAX_BYTES = 16_000_000  # of a pre-roll, however far the recorder is behind
OWN_SHARE = 0.875   # of these, up to which a camera's own JPEGs are kept; the rest is
                    # for frames that the recorder has not taken yet
LEAD_SECONDS = 1.0      # by which filling it may be ahead of the time
MAX_SILENCE = 2.5           # seconds between two frames of a fast camera, not lost


class Packet(NamedTuple):
    """A packet of a camera's own video."""

    data: bytes
    header: VideoHeader
    key: bool           # whether decoding can start here
    pts: int            # presentation time [1/90000 s]
    dts: int            # decoding time [1/90000 s]


class EncodedFrame(NamedTuple):
    """One frame of a pre-roll."""

    number: int         # 1, 2, 3 ... since the pre-roll was made
    captured: float     # wall-clock time [seconds since the epoch]
    at: float           # the same moment on the monotonic clock [seconds]
    content: LazyJpeg | Packet

    @property
    def key(self) -> bool:
        """Whether a clip can start here."""
        return isinstance(self.content, LazyJpeg) or self.content.key


class Preroll:
    """
    Keep the newest frames, of *seconds* and a little more, at most *max_bytes*.

    One thread puts; the recorder takes and remembers only the number of the last frame
    it took. Frames that it still needs stay longer (see :meth:`hold`), up to
    *max_bytes*; beyond, they are dropped and counted in :attr:`lost`. Every method may
    be called from any thread.
    """

    def __init__(self, seconds: float, max_bytes: int = MAX_BYTES) -> None:
        self.lost = 0
        self.bytes = 0
        self.forgotten = 0      # number of the newest frame that was to be forgotten
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._frames: collections.deque[EncodedFrame] = collections.deque()
        self._keys = 0              # of these, where a clip can start
        self._last = 0              # number of the newest frame
        self._needed = math.inf     # number of the first frame not taken yet
        self._lock = threading.Lock()       # guards all above
        self.drawn = DrawnPictures()

    def put(self, content: LazyJpeg | Packet, captured: float, at: float, *,
            since: float | None = None) -> int:
        """
        Add what was captured at *captured* [s since the epoch], *at* [s, monotonic].

        *since* is the moment from which an event may yet begin, if that is before
        *at*: the seconds to keep count from there. Returns the number of the frame.
        """
        with self._lock:
            self._last += 1
            frame = EncodedFrame(self._last, captured, at, content)
            self._frames.append(frame)
            self.bytes += len(content.data)
            self._keys += frame.key
            self._trim((at if since is None else min(at, since)) - self._seconds)
            return self._last

    @property
    def has_key(self) -> bool:
        """Whether a clip can start somewhere in it."""
        return self._keys > 0

    def has_room(self, jpeg: bytes) -> bool:
        """
        Return whether a camera's own *jpeg* fits without being encoded smaller.

        The memory is filled evenly: of pictures that are too large for it, some fit
        all the time, rather than all of them until it is full.
        """
        with self._lock:
            span = self._frames[-1].at - self._frames[0].at if self._frames else 0.0
            share = min(1.0, (span + LEAD_SECONDS) / (self._seconds + LEAD_SECONDS))
            return self.bytes + len(jpeg) <= OWN_SHARE * share * self._max_bytes

    def clear(self) -> None:
        """Drop all frames, also for those that took them and did not use them yet."""
        with self._lock:
            self.forgotten = self._last
            self._frames.clear()
            self.bytes = self._keys = 0

    def hold(self, number: float) -> None:
        """Keep all frames from *number* on for the recorder; infinity for none."""
        with self._lock:
            self._needed = number

    def start_for(self, at: float) -> int:
        """
        Return the number of the frame with which a clip from *at* [s] on begins.

        That is the last key frame before *at*, or the first one after a silence in
        which *at* falls: frames from before a loss of the camera are no pre-roll.
        """
        with self._lock:
            before = [frame for frame in self._frames if frame.at <= at]
            silence = at - before[-1].at if before else 0.0
            stale = len(before) if silence > self._max_silence() else 0
            keys = [frame for frame in itertools.islice(self._frames, stale, None)
                    if frame.key]
            earlier = [frame.number for frame in keys if frame.at <= at]
            first = keys[0].number if keys else self._last + 1
            return earlier[-1] if earlier else first

    def _max_silence(self) -> float:
        """Return how long the camera may be silent [s] without having been lost."""
        gaps = [later.at - earlier.at
                for earlier, later in itertools.pairwise(self._frames)]
        return max(MAX_SILENCE, 2 * min(gaps)) if len(gaps) > 1 else MAX_SILENCE

    def after(self, number: int, limit: int = 32) -> list[EncodedFrame]:
        """Return up to *limit* frames from *number* on, oldest first."""
        with self._lock:
            skip = self._index(number)
            return list(itertools.islice(self._frames, skip, skip + limit))

    def behind(self, number: int) -> float:
        """Return how many seconds of frames there are from *number* on."""
        with self._lock:
            skip = self._index(number)
            if skip >= len(self._frames):
                return 0.0
            return self._frames[-1].at - self._frames[skip].at

    def _index(self, number: int) -> int:
        return max(0, number - self._frames[0].number) if self._frames else 0

    def _trim(self, horizon: float) -> None:
        """Drop frames before *horizon* [s]: whole groups, each up to a key frame."""
        while self.bytes > self._max_bytes:
            self.lost += self._drop() >= self._needed
        while (end := self._second_key()) and self._frames[end].at <= horizon and (
                self._frames[end].number <= self._needed):
            for _ in range(end):
                self._drop()

    def _second_key(self) -> int:
        """Return the index of the second key frame; 0 if there is none."""
        return next((index for index in range(1, len(self._frames))
                     if self._frames[index].key), 0)

    def _drop(self) -> int:
        frame = self._frames.popleft()
        self.bytes -= len(frame.content.data)
        self._keys -= frame.key
        return frame.number

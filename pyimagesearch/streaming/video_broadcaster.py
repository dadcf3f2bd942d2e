"""One encoded video, many viewers: give each the fragments since the last key frame."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Fragment(NamedTuple):
    """One picture of a fragmented MP4, shared by all viewers."""

    number: int         # 1, 2, 3 ... as published, also over changes of the format
    is_key: bool        # whether decoding can start here
    captured: float     # wall-clock time [seconds since the epoch]
    at: float           # when it was published [s, monotonic]
    header: bytes       # the MP4 that comes before it (ftyp, moov), once a viewer
    data: bytes         # the picture (prft, moof, mdat)


class VideoBroadcaster:
    """
    Give any number of viewers the same fragments, without queues.

    Kept are the fragments since the last key frame, which decode without others: a
    viewer is only the number of the fragment that it was sent last. One who is too late
    for the next goes on with the newest key frame, which :meth:`ask_for_key` can bring
    about. Every method may be called and every attribute read from any thread.
    """

    def __init__(self) -> None:
        self.viewers = 0        # that watch at this moment
        self.closed = False
        self.group: tuple[Fragment, ...] = ()   # the first one is a key frame
        self._number = 0        # of the newest fragment
        self._key_wanted = False
        self._lock = threading.Lock()       # guards changes of all above
        self._listeners: list[Callable[[], object]] = []

    def publish(self, header: bytes, data: bytes, captured: float, at: float, *,
                is_key: bool) -> None:
        """Add a fragment and wake viewers; without a group, only a key frame counts."""
        with self._lock:
            if not is_key and not self.group:
                return
            self._number += 1
            fragment = Fragment(self._number, is_key, captured, at, header, data)
            self.group = (fragment,) if is_key else (*self.group, fragment)
            self._key_wanted &= not is_key
        self._notify()

    @property
    def key_wanted(self) -> bool:
        """Whether the next picture is to be a key frame."""
        return self._key_wanted or not self.group

    def ask_for_key(self) -> None:
        """Ask for a key frame, as a viewer cannot go on without one."""
        self._key_wanted = True

    def hide(self) -> None:
        """Drop what came so far: no fragment from before is given out any more."""
        with self._lock:
            self.group = ()

    def add_listener(self, callback: Callable[[], object]) -> None:
        """
        Call *callback* after each :meth:`publish` and :meth:`close`.

        It runs on the publishing thread and must be quick.
        """
        with self._lock:
            self._listeners = [*self._listeners, callback]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a viewer inside the ``with`` block; the first one finds no group."""
        with self._lock:
            if self.viewers == 0:
                self.group = ()
            self.viewers += 1
        try:
            yield
        finally:
            with self._lock:
                self.viewers -= 1

    def close(self) -> None:
        """End the streams of all viewers, present and future."""
        self.closed = True
        self._notify()

    def _notify(self) -> None:
        for callback in self._listeners:
            callback()

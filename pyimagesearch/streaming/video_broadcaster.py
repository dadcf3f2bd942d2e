"""One encoded video, many viewers: give each the fragments since the last key frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .broadcast import Broadcast


class Fragment(NamedTuple):
    """One picture of a fragmented MP4, shared by all viewers."""

    number: int         # 1, 2, 3 ... as published, also over changes of the format
    is_key: bool        # whether decoding can start here
    captured: float     # wall-clock time [seconds since the epoch]
    at: float           # when it was published [s, monotonic]
    header: bytes       # the MP4 that comes before it (ftyp, moov), once a viewer
    data: bytes         # the picture (prft, moof, mdat)


class VideoBroadcaster(Broadcast):
    """
    Give any number of viewers the same fragments, without queues.

    Kept are the fragments since the last key frame, which decode without others: a
    viewer is only the number of the fragment that it was sent last. One who is too late
    for the next goes on with the newest key frame, which :meth:`ask_for_key` can bring
    about. One thread calls :meth:`publish`; every other method may be called and every
    attribute read from any thread.
    """

    makes_keys = True       # else viewers begin with the last key frame, however old

    def __init__(self) -> None:
        super().__init__()
        self.group: tuple[Fragment, ...] = ()   # the first one is a key frame
        self.number = 0         # of the newest fragment
        self.hidden = 0         # the newest that must not be sent any more, not even
        #                         the rest of it
        self._key_wanted = False

    def publish(self, header: bytes, data: bytes, captured: float, at: float, *,
                is_key: bool) -> None:
        """
        Add the fragment after :attr:`number` and wake viewers.

        Without a group, only a key frame counts.
        """
        with self._changed:
            if not is_key and not self.group:
                return
            self.number += 1
            fragment = Fragment(self.number, is_key, captured, at, header, data)
            self.group = (fragment,) if is_key else (*self.group, fragment)
            self._key_wanted &= not is_key
        self._notify()

    @property
    def key_wanted(self) -> bool:
        """Whether the next picture is to be a key frame."""
        return self._key_wanted or not self.group

    @property
    def why_not(self) -> str:
        """Why it cannot be watched now, as a clause, or ""."""
        return ""

    def ask_for_key(self) -> None:
        """Ask for a key frame, as a viewer cannot go on without one."""
        self._key_wanted = True

    def drop_group(self) -> None:
        """Begin a new group; what viewers were sent of the old one may be completed."""
        with self._changed:
            self.group = ()

    def hide(self) -> None:
        """Withdraw all fragments, even the rest of those that are being sent."""
        with self._changed:
            self.group, self.hidden = (), self.number
        self._notify()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a viewer inside the ``with`` block; the first one finds no group."""
        with self._changed:
            if self.viewers == 0:
                self.group = ()
            self.viewers += 1
        try:
            yield
        finally:
            with self._changed:
                self.viewers -= 1

    def wait_for_newer(self, number: int, timeout: float) -> bool:
        """Return whether one after *number* comes within *timeout* [s]; blocks."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self.number > number or self.closed, timeout)

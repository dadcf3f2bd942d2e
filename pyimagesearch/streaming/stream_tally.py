"""Count what single viewers are sent, for pages that choose a stream by it."""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from .selection import Selection


class StreamTally:
    """
    Count the pictures and bytes that one viewer is sent.

    A picture is skipped if the viewer was still taking an older one when it was
    published. Counted by the thread that sends, read by any.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic,
                 selection: Selection | None = None) -> None:
        self.sent = 0           # pictures
        self.skipped = 0        # pictures
        self.bytes = 0          # that the socket took
        self.selection = selection      # of the viewer, if it may watch several cameras
        self._last = 0          # number of the picture sent last
        self._now = now
        self._begin = now()

    def count(self, number: int) -> None:
        """Count picture *number* of the stream as sent, unless it is repeated."""
        if number != self._last:
            self.add(number - self._last - 1 if self.sent else 0)
            self._last = number

    def add(self, skipped: int) -> None:
        """Count a picture as sent, after so many that were *skipped*."""
        self.sent += 1
        self.skipped += skipped

    def as_json(self) -> dict[str, Any]:
        """Return the counts, and the time since the begin [s]."""
        return {"sent": self.sent, "skipped": self.skipped, "bytes": self.bytes,
                "seconds": round(self._now() - self._begin, 3)}


class StreamTallies:
    """
    Find the tally of an open stream by the token its page chose, and its client.

    There are no more than open streams. Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[Hashable, str], StreamTally] = {}
        self._lock = threading.Lock()

    @contextmanager
    def counting(self, client: Hashable, token: str,
                 selection: Selection | None = None) -> Iterator[StreamTally]:
        """Let *token* mean a new tally inside the ``with`` block, or until the next."""
        tally = StreamTally(selection=selection)
        with self._lock:
            self._open[client, token] = tally
        try:
            yield tally
        finally:
            with self._lock:
                if self._open.get((client, token)) is tally:
                    del self._open[client, token]

    def find(self, client: Hashable, token: str) -> StreamTally | None:
        """Return the tally of the stream that *client* opened with *token*."""
        return self._open.get((client, token))

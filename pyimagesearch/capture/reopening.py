"""Open a source again when it fails, for as long as the camera's patience allows."""

import gc
import logging
import math
import threading
from dataclasses import dataclass, field

import cv2

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost, LoginRefused, PollFailed, reason
from pyimagesearch.frames import Picture
from pyimagesearch.rates import Stopwatch

from .patience import LEAST_SECONDS, Patience
from .source import Opener, Source

log = logging.getLogger(__name__)

MIN_REOPEN_SECONDS, MAX_REOPEN_SECONDS = 0.25, 0.5      # from one try to the next
REFUSED_SECONDS = 1.0   # after a refused login, before the second and last try
QUIET_SECONDS = 60.0    # without a reconnect, after which the next one is logged


@dataclass
class ConnectionCounts:
    """Failures of a camera's connection and its cost, since the program started."""

    losses: int = 0         # times the signal was lost
    reconnects: int = 0     # times the connection ended, and was back before that
    failed_polls: int = 0   # requests for a single picture that failed
    receiving: Stopwatch = field(default_factory=Stopwatch)     # spent on reading
    decoding: Stopwatch = field(default_factory=Stopwatch)      # spent on pictures


class ReopeningSource:
    """
    A source that was opened, and is opened again when it fails.

    Many cameras end their stream every few minutes, or after each picture. That is a
    loss of the signal only if no picture comes for as long as *patience* says; then,
    and if the source never gave a picture, :meth:`read` raises :exc:`CameraLost`. It
    raises the second :exc:`LoginRefused` in a row: more tries could lock the user.
    """

    def __init__(self, open_source: Opener, name: str, closing: threading.Event,
                 clock: Clock, patience: Patience, counts: ConnectionCounts) -> None:
        self.trouble = ""       # why there was no picture since the last one
        self._open_source = open_source
        self._name = name
        self._closing = closing
        self._clock = clock
        self._patience = patience
        self._counts = counts
        self._delay = MIN_REOPEN_SECONDS    # from one opening to the next
        self._is_broken = False             # since the last picture
        self._failing_since: float | None = None    # after the last picture
        self._reconnected_at = -math.inf
        self._opened_at = clock.monotonic()
        self._source: Source | None = open_source(closing)
        self.granted = self._source.granted
        self._least = self._source.read_timeout

    @property
    def read_timeout(self) -> float:
        """How long it may give no picture before it counts as frozen [s]."""
        return self._patience.while_open(self._least)

    @property
    def failing_timeout(self) -> float:
        """How long it may give garbled pictures only [s]."""
        return self._patience.while_failing(self._least)

    def read(self) -> Picture:
        """Wait for the next picture; see :class:`~pyimagesearch.capture.Source`."""
        while not self._closing.is_set():
            try:
                picture = self._opened().read()
            except PollFailed as error:
                self._endure(str(error), self._least)
                self._counts.failed_polls += 1
            except LoginRefused as error:
                self._endure_refusal(error)
            except (CameraLost, cv2.error, OSError) as error:
                self.close()
                self._endure(str(error) if isinstance(error, CameraLost)
                             else f"the camera failed: {reason(error)}", LEAST_SECONDS)
                self._is_broken = True
            else:
                self._on_picture()
                return picture
        raise CameraLost("closing")

    def close(self) -> None:
        """Close the source, unless it is closed."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _opened(self) -> Source:
        """Return the source; open it, as soon as it may be, if it was closed."""
        if self._source is None:
            gc.collect()    # an error's traceback holds decoders and pictures
            due = self._opened_at + self._delay
            if self._clock.wait(self._closing, due - self._clock.monotonic()):
                raise CameraLost("closing")
            self._delay = min(2 * self._delay, MAX_REOPEN_SECONDS)
            self._opened_at = self._clock.monotonic()
            self._source = self._open_source(self._closing)
            self.granted = self._source.granted
            self._least = self._source.read_timeout
        return self._source

    def _endure(self, reason: str, least: float) -> None:
        """Note a failure; raise it as a loss if failures alone go on too long."""
        now = self._clock.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        failing = now - self._failing_since
        if self._patience.silence(now) is None or (
                failing > self._patience.while_failing(least)):
            raise CameraLost(reason)
        self.trouble = reason

    def _endure_refusal(self, error: LoginRefused) -> None:
        """Note the refusal of a login; raise it if it is the first answer, or again."""
        self.close()
        now = self._clock.monotonic()
        if self.trouble == str(error) or self._patience.silence(now) is None:
            raise error
        self._endure(str(error), LEAST_SECONDS)
        self._is_broken, self._opened_at, self._delay = True, now, REFUSED_SECONDS

    def _on_picture(self) -> None:
        now = self._clock.monotonic()
        if self._source is not None:    # which may know only now what it reads
            self.granted = self._source.granted
            self._least = self._source.read_timeout
        if self._is_broken:
            self._counts.reconnects += 1
            self._log_reconnect(now)
        self._patience.on_picture(now)
        self._delay = max(MIN_REOPEN_SECONDS, self._patience.interval)
        self._is_broken, self._failing_since, self.trouble = False, None, ""

    def _log_reconnect(self, now: float) -> None:
        rare = now - self._reconnected_at >= QUIET_SECONDS
        self._reconnected_at = now
        log.log(logging.INFO if rare else logging.DEBUG,
                "%s: reconnected within %.1f s, after: %s", self._name,
                self._patience.silence(now), self.trouble)

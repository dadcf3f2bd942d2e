"""One camera, watched: read, detect, annotate, encode, publish."""

import datetime
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

import cv2

from .capture.opening import Camera
from .capture.reader import FrameReader
from .clock import Clock
from .errors import BadPicture, CameraLost, SourceEnded
from .evidence import Evidence
from .frames import Box, Frame, Grey, Size, for_detection, size_of
from .metrics import (
    ENDED,
    LEARNING,
    LIVE,
    NO_SIGNAL,
    STARTING,
    CameraStatus,
    Rate,
    RateLimit,
)
from .settings import CameraSettings
from .streaming.screen import Screen

log = logging.getLogger(__name__)

RETRY_FIRST, RETRY_MOST = 0.25, 2.0     # seconds between two tries to open
CLOSING = 0.3       # seconds that a reader is given to leave its last read
GARBLED = 2.5       # seconds of nothing but garbled pictures that are a loss
RESTING = 2.0       # seconds between two turns of a loop that has nothing more to do
MOST_STUCK = 4      # abandoned threads; with more, a dead driver would drain us


class Detector(Protocol):
    """What can take the place of ``SingleMotionDetector``."""

    def update(self, image: Grey) -> None:
        """Learn from *image*."""

    def detect(self, image: Grey, tVal: int) -> tuple[Grey, Box] | None:
        """Return the mask of what moved and the box around it, or ``None``."""


class Surveillance:
    """
    Watch one camera from one thread, for months.

    The thread ``camera-NAME`` owns detector and *screen*; the camera itself is
    drained by the reader's thread, so that this one never waits on a device and
    can be stopped at once. :meth:`stop` and :meth:`status` may be
    called from anywhere.
    """

    def __init__(self, camera: Camera, screen: Screen, evidence: Evidence,
                 settings: CameraSettings, clock: Clock, *,
                 make_detector: Callable[[], Detector],
                 turned: Callable[[], object] = lambda: None) -> None:
        self.name = name = settings.name
        self._evidence = evidence
        self._camera = camera
        self._screen = screen
        self._settings = settings
        self._clock = clock
        self._make_detector = make_detector
        self._turned = turned       # told that the loop is not stuck
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self.run, name=f"camera-{name}", daemon=True)
        self._reader: FrameReader | None = None
        self._stuck: list[FrameReader] = []
        self._rate = Rate()
        self._state, self._since, self._reason = STARTING, clock.time(), ""
        self._size: Size = (0, 0)
        self._last_seen: float | None = None
        self._seen_at = self._gone_at = 0.0     # the same, and a loss [s, monotonic]
        self._learnt = self._frames = self._skipped = 0
        self._losses = 0
        self._motion = False
        self._bad = 0
        screen.show_card("STARTING", f"opening {camera.label}", clock.time())

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the camera loop and all viewers to end; returns at once."""
        self._stopping.set()
        self._screen.close()
        if reader := self._reader:
            reader.cancel()

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the loop; return whether it ended."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def stuck_reads(self) -> int:
        """How many abandoned threads still wait for a read to return."""
        return sum(reader.alive for reader in self._stuck)

    def status(self) -> CameraStatus:
        """Return how the camera is doing at this moment."""
        return CameraStatus(
            name=self.name, source=self._camera.label,
            granted=self._reader.granted if self._reader else "", state=self._state,
            since=self._since, reason=self._reason, learnt=self._learnt,
            frame_count=self._settings.frame_count, motion=self._motion,
            width=self._size[0], height=self._size[1],
            fps=self._rate.per_second(self._clock.monotonic()),
            frames=self._frames, skipped=self._skipped, losses=self._losses,
            garbled=self._bad, stuck_reads=self.stuck_reads,
            encoded=self._screen.encoded, viewers=self._screen.viewers,
            recording=self._evidence.recording,
            recording_since=self._evidence.recording_since,
            recording_trouble=self._evidence.trouble)

    def run(self) -> None:
        """Watch until :meth:`stop`, whatever the camera does."""
        delay = RETRY_FIRST
        while not self._stopping.is_set():
            before, begin = self._frames, self._clock.monotonic()
            self._turned()
            try:
                self.run_once()
            except SourceEnded as end:
                log.info("%s: %s", self.name, end)
                self._evidence.rest()
                self._screen.show_card("THE END", str(end), self._clock.time())
                self._enter(ENDED, str(end))
                while not self._clock.wait(self._stopping, RESTING):
                    self._turned()
            except CameraLost as lost:
                self._lose(str(lost))
            except Exception as error:
                log.exception("%s: the camera loop failed", self.name)
                self._lose(f"{type(error).__name__} in the camera loop")
            in_vain = self._frames == before
            delay = min(2 * delay, RETRY_MOST) if in_vain else RETRY_FIRST
            took = self._clock.monotonic() - begin      # waiting in vain is waiting too
            self._clock.wait(self._stopping, max(RETRY_FIRST, delay - took))
        self._evidence.close()

    def run_once(self) -> None:
        """Open the camera and watch it until it fails."""
        self._stuck = [reader for reader in self._stuck if reader.alive]
        if len(self._stuck) >= MOST_STUCK:
            raise CameraLost(f"the camera is frozen: {MOST_STUCK} reads never returned")
        self._reader = reader = FrameReader(self._camera.open, self.name, self._clock)
        if self._stopping.is_set():
            reader.cancel()
        try:
            self.detect_motion(reader.frames(), self._settings.frame_count)
        finally:
            if not reader.close(CLOSING):
                self._stuck.append(reader)

    def detect_motion(self, frames: Iterable[Frame], frameCount: int) -> None:
        """
        Publish each of *frames*, with a box around what moves.

        Detection begins once more than *frameCount* frames were learnt; a
        camera that returns, or changes its size, is learnt anew.
        """
        limit = RateLimit(self._settings.fps)
        total, last, good = 0, 0, None
        for frame in frames:
            self._turned()
            self._skipped += frame.number - last - 1
            last = frame.number
            if not limit.admits(frame.arrived):
                continue
            good = frame.arrived if good is None else good
            try:
                if self._screen.wanted or self._evidence.wants(0.0):
                    frame.picture.colour()      # before its grey: decoded only once
                grey = for_detection(frame.picture.grey())
                if frame.picture.size != self._size or total == 0:
                    detector, total = self._make_detector(), 0
                motion = (detector.detect(grey, self._settings.threshold)
                          if total > frameCount else None)
                detector.update(grey)
                total += 1
                self._note(frame, total, motion is not None)
                self._show(frame, motion, size_of(grey))
            except BadPicture:
                self._forgive(frame.arrived - good)
                continue
            good = frame.arrived

    def _show(self, frame: Frame, motion: tuple[Grey, Box] | None, of: Size) -> None:
        """Show *frame* to who watches, and hand it on as evidence."""
        area, box = (1000 * cv2.countNonZero(motion[0]) / motion[0].size, motion[1]
                     ) if motion else (0.0, None)
        keep = self._evidence.wants(area)
        if not (keep or self._screen.wanted):
            self._screen.pass_over()
            self._evidence.see(frame, area, None, None)
            return
        note = "" if self._state == LIVE else self._state
        shown = self._screen.show(frame.picture.colour(), frame.captured, box, of, note,
                                  keep=keep)
        self._evidence.see(frame, area, shown.box, shown.jpeg)

    def _forgive(self, since_good: float) -> None:
        """Pass over a garbled picture; too many in a row are a loss."""
        self._bad += 1
        if since_good > GARBLED:
            raise CameraLost(f"only garbled pictures for {GARBLED:g} seconds")

    def _note(self, frame: Frame, total: int, motion: bool) -> None:
        self._size = frame.picture.size
        self._last_seen, self._seen_at = frame.captured, frame.arrived
        self._frames += 1
        self._rate.count(frame.arrived)
        self._learnt, self._motion = total, motion
        self._enter(LIVE if total > self._settings.frame_count else LEARNING)

    def _enter(self, state: str, reason: str = "", since: float | None = None) -> None:
        if state != self._state:
            if state == LEARNING and self._state == NO_SIGNAL:
                log.info("%s: the picture is back after %.1f s", self.name,
                         self._clock.monotonic() - self._gone_at)
                self._evidence.returned(self._clock.time())
            self._state = state
            self._since = self._clock.time() if since is None else since
        self._reason = reason

    def _lose(self, reason: str) -> None:
        if (self._state, self._reason) == (NO_SIGNAL, reason):
            return
        now = self._clock.monotonic()
        if self._state != NO_SIGNAL:
            self._losses += 1
            self._gone_at = now if self._last_seen is None else self._seen_at
        hint = "" if self._frames else " (without a camera, try: --source demo)"
        log.warning("%s: no signal: %s%s", self.name, reason, hint)
        self._enter(NO_SIGNAL, reason, self._last_seen)
        self._evidence.lost(self._since, reason, now - self._gone_at)
        self._rate.forget()
        self._motion = False
        since = datetime.datetime.fromtimestamp(self._since)
        self._screen.show_card(
            "NO SIGNAL", f"since {since:%d %B, %H:%M:%S}\n{reason}", self._clock.time())

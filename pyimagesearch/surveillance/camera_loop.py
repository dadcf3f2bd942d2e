"""One camera, watched: read, detect, annotate, encode, publish."""

import datetime
import logging
import threading
from collections.abc import Callable, Iterable

import cv2

from pyimagesearch.capture.cameras import Camera
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost, SourceEnded
from pyimagesearch.frames import (
    Box,
    Frame,
    Grey,
    Size,
    size_of,
)
from pyimagesearch.motion_detection.detector import Detector
from pyimagesearch.motion_detection.preprocessing import for_detection
from pyimagesearch.privacy.mask import PrivacyMask
from pyimagesearch.rates import Effort, Rate, RateLimit
from pyimagesearch.settings.settings import CameraSettings
from pyimagesearch.status import (
    ENDED,
    LEARNING,
    LIVE,
    NO_SIGNAL,
    OFF,
    STARTING,
    CameraStatus,
)
from pyimagesearch.streaming.publisher import Publisher
from pyimagesearch.system.process import collect
from pyimagesearch.threads import Worker

from .evidence import Evidence

log = logging.getLogger(__name__)

RETRY_FIRST, RETRY_MOST = 0.25, 2.0     # seconds between two tries to open
CLOSING = 0.3       # seconds that a reader is given to leave its last read
GARBLED = 2.5       # seconds of nothing but garbled pictures that are a loss
RESTING = 2.0       # seconds between two turns of a loop that has nothing more to do
MOST_STUCK = 4      # abandoned threads; with more, a dead driver would drain us


class Surveillance(Worker):
    """
    Watch one camera from one thread, for months.

    The thread ``camera-NAME`` owns detector and *publisher*; the camera itself is
    drained by the reader's thread, so that this one never waits on a device and
    can be stopped at once. :meth:`stop`, :meth:`status`, :meth:`hide` and
    :meth:`switch` may be called from anywhere.
    """

    def __init__(self, camera: Camera, publisher: Publisher, evidence: Evidence,
                 settings: CameraSettings, clock: Clock, *,
                 make_detector: Callable[[], Detector],
                 heartbeat: Callable[[], object] = lambda: None) -> None:
        super().__init__(f"camera-{settings.name}")
        self.camera = settings.name
        self._evidence = evidence
        self._camera = camera
        self._publisher = publisher
        self._settings = settings
        self._clock = clock
        self._make_detector = make_detector
        self._heartbeat = heartbeat       # told that the loop is not stuck
        self._news = threading.Event()      # there is more to do than to wait
        self._off_since: float | None = None
        self._masking = threading.Lock()    # guards the next line, and what is shown
        self._mask = self._burnt = PrivacyMask()    # what is to be, and what is burnt
        self._reader: FrameReader | None = None
        self._stuck: list[FrameReader] = []
        self._rate = Rate()
        self._state, self._since, self._reason = STARTING, clock.time(), ""
        self._size: Size = (0, 0)
        self._last_seen: float | None = None
        self._arrived: float | None = None      # of the last good frame [s, monotonic]
        self._gone_at = 0.0                     # of a loss [s, monotonic]
        self._detecting = Effort()
        self._learnt = self._frames = self._skipped = 0
        self._given = self._left_out = 0
        self._losses = 0
        self._motion = False
        self._bad = 0
        self._show_start()

    def stop(self) -> None:
        """Tell the camera loop and all viewers to end; returns at once."""
        super().stop()
        self._publisher.close()
        self._interrupt()

    def hide(self, mask: PrivacyMask) -> None:
        """
        Burn *mask* into all pictures from now on; they are learnt anew.

        Once this returns, nobody is shown what was captured before.
        """
        if mask.polygons == self._mask.polygons:
            return
        with self._masking:
            self._mask = mask
            if mask:
                self._evidence.refuse_packets()
                self._evidence.forget()
                self._publisher.hide()

    def switch(self, off_since: float | None) -> None:
        """Let go of the camera, as of *off_since* [s since the epoch]; or open it."""
        if off_since != self._off_since:
            self._off_since = off_since
            self._interrupt()

    @property
    def stuck_reads(self) -> int:
        """How many abandoned threads still wait for a read to return."""
        return sum(reader.alive for reader in self._stuck)

    def status(self) -> CameraStatus:
        """Return how the camera is doing at this moment."""
        now, reader = self._clock.monotonic(), self._reader
        return CameraStatus(
            name=self.camera, source=self._camera.label,
            granted=reader.granted if reader else "", state=self._state,
            since=self._since, reason=self._reason, learnt=self._learnt,
            frame_count=self._settings.frame_count, motion=self._motion,
            width=self._size[0], height=self._size[1],
            fps=self._rate.per_second(now),
            fps_in=reader.rate.per_second(now) if reader else 0.0,
            age=None if self._arrived is None else max(0.0, now - self._arrived),
            given=self._given, left_out=self._left_out,
            detect_seconds=self._detecting.seconds,
            encode_seconds=self._publisher.encoding.seconds,
            frames=self._frames, skipped=self._skipped, losses=self._losses,
            garbled=self._bad, stuck_reads=self.stuck_reads,
            encoded=self._publisher.encoded, viewers=self._publisher.viewers,
            recording=self._evidence.recording, recordings=self._evidence.recordings,
            recording_since=self._evidence.recording_since,
            recording_trouble=self._evidence.trouble)

    def run(self) -> None:
        """Watch until :meth:`stop`, whatever the camera does."""
        delay = RETRY_FIRST
        while self._goes_on():
            if (off_since := self._off_since) is not None:
                self._rest(off_since)
                continue
            before, begin = self._frames, self._clock.monotonic()
            self._heartbeat()
            try:
                self.run_once()
            except SourceEnded as end:
                log.info("%s: %s", self.camera, end)
                self._evidence.rest()
                self._publisher.show_card("THE END", str(end), self._clock.time())
                self._enter(ENDED, str(end))
                while not self._clock.wait(self._news, RESTING):
                    self._heartbeat()
            except CameraLost as lost:
                self._lose(str(lost))
            except Exception as error:
                log.exception("%s: the camera loop failed", self.camera)
                self._lose(f"{type(error).__name__} in the camera loop")
            collect()
            in_vain = self._frames == before
            delay = min(2 * delay, RETRY_MOST) if in_vain else RETRY_FIRST
            took = self._clock.monotonic() - begin      # waiting in vain is waiting too
            self._clock.wait(self._news, max(RETRY_FIRST, delay - took))
        self._evidence.close()

    def run_once(self) -> None:
        """Open the camera and watch it until it fails."""
        self._stuck = [reader for reader in self._stuck if reader.alive]
        if len(self._stuck) >= MOST_STUCK:
            raise CameraLost(f"the camera is frozen: {MOST_STUCK} reads never returned")
        self._reader = reader = FrameReader(
            self._camera.open, self.camera, self._clock, self._camera.open_timeout)
        if self.stopping.is_set() or self._off_since is not None:
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
        camera that returns, changes its size or is masked otherwise, is learnt anew.
        """
        limit = RateLimit(self._settings.fps)
        total, last, good = 0, 0, None
        for frame in frames:
            self._heartbeat()
            self._given += frame.number - last
            self._skipped += frame.number - last - 1
            last = frame.number
            if not limit.admits(frame.arrived):
                self._leave_out(frame)
                continue
            good = frame.arrived if good is None else good
            if self._burnt is not self._mask:
                self._burn_anew()
                total = 0
            frame = frame._replace(picture=self._burnt.over(frame.picture))
            try:
                if self._publisher.wanted or self._evidence.wants(
                        0.0, self._publisher.reusable(frame.picture)):
                    frame.picture.colour()      # before its grey: decoded only once
                with self._detecting:
                    grey = for_detection(frame.picture.grey())
                    if frame.picture.size != self._size or total == 0:
                        detector, total = self._make_detector(), 0
                    motion = (detector.detect(grey, self._settings.threshold)
                              if total > frameCount else None)
                    detector.update(grey)
                total += 1
                self._note(frame, total, motion is not None)
                with self._masking:
                    if self._burnt is self._mask:   # else it shows what is hidden now
                        self._show(frame, motion, size_of(grey))
            except BadPicture:
                self._forgive(frame.arrived - good)
                continue
            good = frame.arrived

    def _burn_anew(self) -> None:
        with self._masking:     # or packets could be let through for a mask of before
            self._burnt = self._mask
            self._evidence.begin_anew(masked=bool(self._burnt))

    def _show(self, frame: Frame, motion: tuple[Grey, Box] | None, of: Size) -> None:
        """Show *frame* to who watches, and hand it on as evidence."""
        area, box = (1000 * cv2.countNonZero(motion[0]) / motion[0].size, motion[1]
                     ) if motion else (0.0, None)
        keep = self._evidence.wants(area, self._publisher.reusable(frame.picture))
        note = "" if self._state == LIVE else self._state
        shown = self._publisher.show(frame, (box,) if box else (), of, note, keep=keep)
        self._evidence.see(frame, area, shown)

    def _leave_out(self, frame: Frame) -> None:
        """Pass over a frame that is one too many; a camera that is well stays so."""
        self._left_out += 1
        if self._state in (LEARNING, LIVE):
            self._arrived = frame.arrived

    def _forgive(self, since_good: float) -> None:
        """Pass over a garbled picture; too many in a row are a loss."""
        self._bad += 1
        if since_good > GARBLED:
            raise CameraLost(f"only garbled pictures for {GARBLED:g} seconds")

    def _note(self, frame: Frame, total: int, motion: bool) -> None:
        self._size, self._last_seen = frame.picture.size, frame.captured
        self._arrived = frame.arrived
        self._frames += 1
        self._rate.count(frame.arrived)
        self._learnt, self._motion = total, motion
        self._enter(LIVE if total > self._settings.frame_count else LEARNING)

    def _enter(self, state: str, reason: str = "", since: float | None = None) -> None:
        if state != self._state:
            if state == LEARNING and self._state == NO_SIGNAL:
                log.info("%s: the picture is back after %.1f s", self.camera,
                         self._clock.monotonic() - self._gone_at)
                self._evidence.returned(self._clock.time())
            self._state = state
            self._since = self._clock.time() if since is None else since
        self._reason = reason

    def _goes_on(self) -> bool:
        self._news.clear()      # first: what comes now must end the next wait
        return not self.stopping.is_set()

    def _interrupt(self) -> None:
        self._news.set()
        if reader := self._reader:
            reader.cancel()

    def _show_start(self) -> None:
        self._publisher.show_card("STARTING", f"opening {self._camera.label}",
                               self._clock.time())

    def _rest(self, off_since: float) -> None:
        """Have the camera closed and a card shown until it is switched on again."""
        since = datetime.datetime.fromtimestamp(off_since)
        self._publisher.show_card(
            "SWITCHED OFF", f"by the owner, since {since:%d %B, %H:%M}",
            self._clock.time())
        self._enter(OFF, "by the owner", off_since)
        self._evidence.switch(False)
        self._rate.forget()
        self._motion = False
        while self._goes_on() and self._off_since == off_since:
            self._heartbeat()
            self._clock.wait(self._news, RESTING)
        if self.stopping.is_set():
            return
        self._evidence.switch(True)
        self._enter(STARTING)
        self._show_start()

    def _lose(self, reason: str) -> None:
        if (self._state, self._reason) == (NO_SIGNAL, reason):
            return
        now = self._clock.monotonic()
        if self._state != NO_SIGNAL:
            self._losses += 1
            self._gone_at = now if self._arrived is None else self._arrived
        hint = "" if self._frames else " (without a camera, try: --source demo)"
        log.warning("%s: no signal: %s%s", self.camera, reason, hint)
        self._enter(NO_SIGNAL, reason, self._last_seen)
        self._evidence.lost(self._since, reason, now - self._gone_at)
        self._rate.forget()
        self._motion = False
        since = datetime.datetime.fromtimestamp(self._since)
        self._publisher.show_card(
            "NO SIGNAL", f"since {since:%d %B, %H:%M:%S}\n{reason}", self._clock.time())

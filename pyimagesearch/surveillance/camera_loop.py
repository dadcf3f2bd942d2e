"""The camera loop: read, mask, detect, publish and keep the frames of one camera."""

import datetime
import gc
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict

from pyimagesearch.capture.cameras import Camera
from pyimagesearch.capture.patience import LEAST_SECONDS, UNKNOWN_RATE_SECONDS, Patience
from pyimagesearch.capture.reader import WAIT_SECONDS, FrameReader
from pyimagesearch.capture.url import redact_url
from pyimagesearch.clock import Clock
from pyimagesearch.errors import (
    BadPicture,
    CameraLost,
    DetectorFailed,
    LoginRefused,
    SourceEnded,
)
from pyimagesearch.frames import Frame, UnreadablePicture
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.privacy.mask import MaskInForce, PrivacyMask
from pyimagesearch.rates import RateLimit
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.status import ENDED, OFF, STARTING, CameraStatus
from pyimagesearch.streaming.publisher import Publisher, Shown
from pyimagesearch.threads import Worker

from .camera_state import CameraState
from .evidence import Evidence
from .failures import Failures
from .load_shedding import LoadShedding
from .retry_delay import RetryDelay
from .timed_picture import TimedPicture
from .tuning import Tuning

log = logging.getLogger(__name__)

CLOSE_SECONDS = 0.3         # for a reader to leave its last read
IDLE_SECONDS = 2.0          # between two looks for an end of the pause
MAX_STUCK_READS = 4         # abandoned threads; more would be a leak


class Surveillance(Worker):
    """
    Watch one camera from one thread, for months.

    The thread ``camera-NAME`` owns *detection* and *publisher*. A reader thread drains
    the camera, so that this one never waits on a device and can be stopped at once.
    :meth:`stop`, :meth:`status`, :meth:`set_mask`, :meth:`switch` and :meth:`apply` may
    be called from any thread. *heartbeat* is called in every turn of the loop, and
    while it waits.
    """

    def __init__(self, camera: Camera, detection: MotionDetection, publisher: Publisher,
                 evidence: Evidence, settings: CameraSettings, clock: Clock, *,
                 heartbeat: Callable[[], object] = lambda: None) -> None:
        super().__init__(f"camera-{settings.name}")
        self._camera = camera
        self._detection = detection
        self._publisher = publisher
        self._evidence = evidence
        self._settings = settings
        self._clock = clock
        self._heartbeat = heartbeat
        self.tuning = Tuning(detection, evidence, clock)
        self._state = CameraState(settings, camera.label, clock)
        self._load = LoadShedding(settings.name, publisher, detection.pace,
                                  self._state.counts,
                                  lambda: evidence.recorder.is_late, clock)
        self._wake = threading.Event()      # ends the waits of the loop
        self._off_since: float | None = None
        self._mask = MaskInForce()
        self._reader: FrameReader | None = None
        self._open_timeout = camera.open_timeout    # of the next reader
        self._stuck: list[FrameReader] = []
        self._show_start()

    def stop(self) -> None:
        """Signal the camera loop and all viewers to end; returns at once."""
        super().stop()
        self._publisher.close()
        self.tuning.close()
        self._interrupt()

    def set_mask(self, mask: PrivacyMask) -> None:
        """
        Blacken the regions of *mask* from now on; the background is learnt again.

        Once this returns, no picture from before is shown or kept.
        """
        if mask.polygons == self._mask.wanted.polygons:
            return
        self._detection.remembered.set_mask(mask.polygons)
        with self._mask.lock:
            self._mask.wanted = mask
            if mask:
                self._evidence.refuse_packets()
                self._evidence.forget()
                self._publisher.hide()
                self.tuning.hide()

    def apply(self, settings: CameraSettings) -> None:
        """Take new values of adjustable settings, from the next frame on."""
        self._settings = settings

    def switch(self, off_since: float | None) -> None:
        """Close the camera, as of *off_since* [s since the epoch]; None: open it."""
        if off_since != self._off_since:
            with self._mask.lock:   # the loop may take a moment to end
                self._off_since = off_since
                self._evidence.objects.forget()
                if off_since is not None:
                    self._publisher.hide()
            self._interrupt()

    def status(self) -> CameraStatus:
        """Return how the camera is doing at this moment."""
        return self._state.status(
            self._reader, sum(reader.alive for reader in self._stuck), self._detection,
            self._publisher, self._evidence, self._load)

    def run(self) -> None:
        """Watch until :meth:`stop`; a camera that fails is opened again."""
        log.info("%s: settings: %s", self._settings.name,
                 as_words(self._settings, self._camera.label))
        delay, failures = RetryDelay(), Failures()
        while self._goes_on():
            if (off_since := self._off_since) is not None:
                self._rest(off_since)
                continue
            before, begin = self._state.counts.frames, self._clock.monotonic()
            crashed = refused = False
            self._heartbeat()
            try:
                self.run_once()
            except SourceEnded as end:
                self._end(str(end))
            except CameraLost as lost:
                self._lose(str(lost))
                refused = isinstance(lost, LoginRefused)
            except Exception as error:
                failures.log(self._settings.name, error)
                self._lose(str(error) if isinstance(error, DetectorFailed)
                           else f"{type(error).__name__} in the camera loop")
                crashed = True
            # a lost camera's errors and decoders are cycles that hold pictures: Python
            # would collect them megabytes later, and after gc.freeze() it takes 1 ms
            gc.collect()
            self._pause(delay.after(
                self._clock.monotonic() - begin,
                pictures=self._state.counts.frames > before, crashed=crashed,
                refused=refused))
        self._evidence.close()
        self._detection.close()

    def run_once(self) -> None:
        """Open the camera and watch it until it fails."""
        self._stuck = [reader for reader in self._stuck if reader.alive]
        if len(self._stuck) >= MAX_STUCK_READS:
            raise CameraLost(
                f"the camera is frozen: {MAX_STUCK_READS} reads never returned")
        self._reader = reader = FrameReader(
            self._camera.open, self._settings.name, self._clock,
            self._open_timeout,
            Patience(self._settings.fps, rate_known=self._camera.rate_known),
            self._state.connection, self._camera.allowance)
        if self.stopping.is_set() or self._off_since is not None:
            reader.cancel()
        try:
            self.detect_motion(reader.frames(self._on_wait), self._settings.frame_count)
        finally:
            self._open_timeout = self._next_open_timeout(reader)
            if not reader.close(CLOSE_SECONDS):
                self._stuck.append(reader)

    def _next_open_timeout(self, reader: FrameReader) -> float:
        """Return how long the next first frame may take [s], after *reader* failed."""
        if self._camera.rate_known or not reader.is_silent:
            return self._camera.open_timeout
        return min(2 * self._open_timeout, UNKNOWN_RATE_SECONDS)    # it may be slow

    def detect_motion(self, frames: Iterable[Frame], frameCount: int) -> None:
        """
        Publish each of *frames*, with a box around what moves.

        Detection begins once more than *frameCount* frames were learnt.
        """
        self._detection.resume(frameCount, self._state.silence)
        good = None     # when the newest frame that was not garbled arrived
        for frame in self._load.watch(self._admitted(frames)):
            good = frame.arrived if good is None else good
            frame = self._masked(frame)
            self._adjust()
            try:
                seen = self._look(frame)
                with self._mask.lock:
                    if self._may_show:      # else it shows what is hidden now
                        shown = self._show(frame, seen)
                        self._evidence.keep(frame, seen, shown)
                        if seen.looked:
                            self.tuning.on_frame(frame, seen)
            except BadPicture as error:
                self._state.counts.garbled += 1
                if frame.arrived - good > (most := self._garbled_timeout):
                    raise CameraLost("only garbled pictures for more than "
                                     f"{most:.0f} seconds: {error}") from None
                self._on_wait()
                continue
            if seen.looked:     # else it may be garbled, too
                good = frame.arrived

    @property
    def _garbled_timeout(self) -> float:
        """How long there may be nothing but garbled pictures [s]; then it is a loss."""
        return self._reader.failing_timeout if self._reader else LEAST_SECONDS

    def _on_wait(self) -> None:
        """Keep busy while there is no new picture."""
        self._heartbeat()
        with self._mask.lock:   # what a mask hides, the publisher has forgotten
            self._publisher.catch_up(self._clock.monotonic())
            if self._mask.is_current:
                self.tuning.catch_up()

    @property
    def _may_show(self) -> bool:
        """Whether the newest frame may be seen; the lock of the mask must be held."""
        return self._mask.is_current and self._off_since is None

    def _pause(self, seconds: float) -> bool:
        """Wait for *seconds*, still busy; return at once, ``True``, if interrupted."""
        while seconds > 0:
            step = min(seconds, WAIT_SECONDS)
            if self._clock.wait(self._wake, step):
                return True
            seconds -= step
            self._on_wait()
        return self._wake.is_set()

    def _admitted(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Yield those of *frames* that the frame rate of the settings allows."""
        limit, last = RateLimit(self._settings.fps), 0
        for frame in frames:
            self._heartbeat()
            self._state.receive(frame.number - last)
            last = frame.number
            if isinstance(frame.picture, UnreadablePicture) or (
                    limit.admits(frame.arrived)):
                yield frame
            else:
                self._state.leave_out(frame)

    def _masked(self, frame: Frame) -> Frame:
        """Return *frame* turned, and with the mask applied; a new one starts over."""
        if not self._mask.is_current:
            with self._mask.lock:   # or packets of a masked camera could be let through
                self._mask.applied = self._mask.wanted
                self._evidence.start_over(masked=bool(self._mask.applied))
            self._detection.remembered.use_mask(self._mask.applied.polygons)
            self._detection.start_over()
            self.tuning.start_over()
        picture = self._mask.applied.apply(
            self._settings.orientation.picture(frame.picture))
        return frame._replace(picture=TimedPicture(
            picture, self._state.connection.decoding))

    def _adjust(self) -> None:
        """Take the settings that were changed since the last frame."""
        settings = self._settings
        if self._detection.settings is not settings:
            self._detection.apply(settings)
            self._evidence.apply(settings)

    def _look(self, frame: Frame) -> Detection:
        """Detect motion in *frame*, unless it is left out; note the camera is live."""
        is_tuned = self.tuning.needs_every
        if (self._publisher.needs_image(frame) or is_tuned
                or self._evidence.wants(None, frame.picture.jpeg())):
            frame.picture.colour(       # before its grey: decoded only once
                None if self._detection.in_colour else self._settings.width)
        seen = self._detection.look(frame.picture, frame.arrived, every=(
            is_tuned or self._evidence.motion_since is not None))
        if not self._state.is_live:
            is_steady = self._evidence.losses.unsteady_since is None
            log.log(logging.INFO if is_steady else logging.DEBUG,
                    "%s: opened %s, %dx%d: %s", self._settings.name,
                    self._camera.label, *frame.picture.size,
                    self._reader.granted if self._reader else "")
        self._state.on_frame(frame, seen)
        return seen

    def _show(self, frame: Frame, seen: Detection) -> Shown:
        """Publish *frame* to viewers, and encode it if it is needed as evidence."""
        keep = self._evidence.wants(seen, frame.picture.jpeg())
        tags = self._evidence.objects.follow(frame, seen)
        return self._publisher.show(frame, seen.boxes, seen.size, self._state.note,
                                    tags, keep=keep)

    def _goes_on(self) -> bool:
        self._wake.clear()      # first: an event after this must end the next wait
        return not self.stopping.is_set()

    def _interrupt(self) -> None:
        self._wake.set()
        if reader := self._reader:
            reader.cancel()

    def _show_start(self) -> None:
        self._show_card("STARTING", f"opening {self._camera.label}")

    def _end(self, reason: str) -> None:
        """Show a card and wait for :meth:`stop` or :meth:`switch`."""
        log.info("%s: %s", self._settings.name, reason)
        self._evidence.end_all()
        self._show_card("THE END", reason)
        self._state.enter(ENDED, reason)
        while not self._pause(IDLE_SECONDS):
            pass

    def _rest(self, off_since: float) -> None:
        """Show a card until the camera is switched on again."""
        since = datetime.datetime.fromtimestamp(off_since)
        self._show_card("SWITCHED OFF", f"by the owner, since {since:%d %B, %H:%M}")
        self._state.enter(OFF, "by the owner", off_since)
        self._evidence.switch(False)
        self._state.pause()
        while self._goes_on() and self._off_since == off_since:
            self._pause(IDLE_SECONDS)
        if self.stopping.is_set():
            return
        self._evidence.switch(True)
        self._state.enter(STARTING)
        self._show_start()

    def _lose(self, reason: str) -> None:
        is_new = self._state.lose(reason)
        self._evidence.lose(self._state.since, reason, self._state.silence,
                            self._state.hint)
        if not is_new:
            return
        since = datetime.datetime.fromtimestamp(self._state.since)
        self._show_card("NO SIGNAL", f"since {since:%d %B, %H:%M:%S}\n{reason}")

    def _show_card(self, title: str, text: str) -> None:
        now = self._clock.time()
        self._publisher.show_card(title, text, now, self._clock.monotonic())
        self.tuning.show_card(title, text, now)


def as_words(settings: CameraSettings, source: str) -> str:
    """Return all *settings* that have a value; *source* is without credentials."""
    proxy = settings.proxy and redact_url(settings.proxy)
    zones = " and ".join(map(str, settings.zones)) or None
    values = asdict(settings) | {"source": source, "proxy": proxy, "zones": zones}
    return ", ".join(f"{name} {value}" for name, value in values.items()
                     if value is not None and name != "name")

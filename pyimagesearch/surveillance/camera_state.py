"""State, counters and rates of one camera."""

import logging

from pyimagesearch.capture.patience import LEAST_SECONDS
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.reopening import ConnectionCounts
from pyimagesearch.clock import Clock
from pyimagesearch.frames import Frame, Size
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.rates import Rate
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.status import LEARNING, LIVE, NO_SIGNAL, STARTING, CameraStatus
from pyimagesearch.streaming.publisher import Publisher

from .evidence import Evidence
from .frame_counts import FrameCounts
from .load_shedding import LoadShedding

log = logging.getLogger(__name__)


class CameraState:
    """
    Keep the state of one camera, count its frames and report both.

    The camera loop changes it; :meth:`status` may be called from any thread.
    """

    def __init__(self, settings: CameraSettings, source: str, clock: Clock) -> None:
        self.state = STARTING
        self.since = clock.time()   # of the state [s since the epoch]
        self.counts = FrameCounts()
        self.connection = ConnectionCounts()    # its readers count, too
        self._name = settings.name
        self._source = source       # where it comes from, without credentials
        self._frame_count = settings.frame_count
        self._clock = clock
        self._reason = ""           # why there is no picture
        self._lost_at = 0.0         # when the loss began [s, monotonic]
        self._rate = Rate()         # of processed frames
        self._size: Size = (0, 0)   # of the newest frame, like the four below
        self._captured: float | None = None     # [s since the epoch]
        self._arrived: float | None = None      # [s, monotonic]
        self._learnt = 0
        self._motion = False

    @property
    def is_live(self) -> bool:
        """Whether frames come, even if the background is still learnt."""
        return self.state in (LEARNING, LIVE)

    @property
    def note(self) -> str:
        """What is special about the state; empty if the camera is live."""
        return "" if self.state == LIVE else self.state

    @property
    def hint(self) -> str:
        """What may help a beginner whose camera never gave a picture; else empty."""
        is_known = self.counts.frames or "://" in self._source
        return "" if is_known else " (without a camera, try: --source demo)"

    @property
    def silence(self) -> float:
        """Seconds since the signal was lost."""
        return self._clock.monotonic() - self._lost_at

    def enter(self, state: str, reason: str = "", since: float | None = None) -> None:
        """Change to *state*, as of *since* [s since the epoch] or now."""
        self._reason = reason       # first: status() may be called at any moment
        if state != self.state:
            log.debug("%s: state %s", self._name, state)
            self.state = state
            self.since = self._clock.time() if since is None else since

    def receive(self, count: int) -> None:
        """Count *count* frames of the camera, of which only the newest was taken."""
        self.counts.given += count
        self.counts.skipped += count - 1

    def leave_out(self, frame: Frame) -> None:
        """Count a frame beyond the frame rate asked for; the camera stays live."""
        self.counts.left_out += 1
        if self.is_live:
            self._arrived = frame.arrived

    def on_frame(self, frame: Frame, seen: Detection) -> None:
        """Count a processed frame; the camera is live once its background is learnt."""
        self._size, self._captured = frame.picture.size, frame.captured
        self._arrived = frame.arrived
        self.counts.frames += 1
        self._rate.count(frame.arrived)
        self._learnt, self._motion = seen.learnt, bool(seen.boxes)
        self.enter(LIVE if seen.learnt > self._frame_count else LEARNING)

    def lose(self, reason: str) -> bool:
        """Enter NO_SIGNAL; return ``False`` if it is known, for the same *reason*."""
        if (self.state, self._reason) == (NO_SIGNAL, reason):
            return False
        if self.state != NO_SIGNAL:
            self.connection.losses += 1
            self._lost_at = (self._clock.monotonic() if self._arrived is None
                             else self._arrived)
        self.enter(NO_SIGNAL, reason, self._captured)
        self.pause()
        return True

    def pause(self) -> None:
        """Forget rate and motion, as no frames come for a while."""
        self._rate.reset()
        self._motion = False

    def status(self, reader: FrameReader | None, stuck_reads: int,
               detection: MotionDetection, publisher: Publisher,
               evidence: Evidence, load: LoadShedding) -> CameraStatus:
        """Return how the camera is doing at this moment."""
        now = self._clock.monotonic()
        granted = reader.granted if reader else ""
        detect_seconds = (detection.stopwatch.seconds
                          + evidence.objects.stopwatch.seconds)
        return CameraStatus(
            name=self._name, source=self._source,
            granted=granted, state=self.state,
            since=self.since, learnt=self._learnt,
            reason=granted if self.state == STARTING else self._reason,
            frame_count=self._frame_count, motion=self._motion,
            width=self._size[0], height=self._size[1],
            fps=self._rate.per_second(now),
            fps_in=reader.rate.per_second(now) if reader else 0.0,
            age=None if self._arrived is None else max(0.0, now - self._arrived),
            patience=reader.read_timeout if reader else LEAST_SECONDS,
            **vars(self.counts), losses=self.connection.losses,
            reconnects=self.connection.reconnects,
            failed_polls=self.connection.failed_polls, stuck_reads=stuck_reads,
            unsteady_since=evidence.losses.unsteady_since,
            detect_seconds=detect_seconds,
            looks=detection.pace.looks, detect_fps=detection.pace.fps(now),
            busy=load.busy, shedding=load.is_shedding,
            encode_seconds=publisher.encoding.seconds,
            encoded=publisher.encoded, viewers=publisher.viewers,
            video_viewers=publisher.videos.viewers,
            video_encoded=publisher.videos.encoded,
            video_encode_seconds=publisher.videos.encode_seconds,
            recording=evidence.recorder.recording,
            recordings=evidence.recorder.recordings,
            recording_since=evidence.manual.since,
            recording_trouble=evidence.recorder.trouble,
            stage_seconds={
                "receive": self.connection.receiving.seconds,
                "decode": self.connection.decoding.seconds, "detect": detect_seconds,
                "draw": publisher.drawing.seconds,
                "encode": publisher.encoding.seconds,
                "video": publisher.videos.encode_seconds,
                "send": publisher.send_seconds,
                "record": evidence.recorder.working.seconds})

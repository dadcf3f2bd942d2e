"""Turn one camera's detections into events, clips and activity levels."""

import logging

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import MOTION, SNAPSHOT, STILL
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import Frame
from pyimagesearch.motion_detection.detection import MAX_PAUSE_SECONDS, Detection
from pyimagesearch.motion_detection.motionevents import MotionEvents
from pyimagesearch.object_detection.recognizer import ObjectRecognizer
from pyimagesearch.recording.preroll_input import PrerollInput
from pyimagesearch.recording.receipt import Receipt
from pyimagesearch.recording.recorder import Recorder
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.streaming.broadcaster import JpegFrame
from pyimagesearch.streaming.publisher import Shown

from .activity_level import ActivityLevel
from .event_objects import EventObjects
from .event_thumbnail import EventThumbnail
from .manual_recording import ManualRecording
from .ongoing_event import OngoingEvent, metadata_of
from .peak_motion import PeakMotion
from .scene_events import SceneEvents
from .signal_losses import SignalLosses

log = logging.getLogger(__name__)


class Evidence:
    """
    Turn one camera's detections into events, and order clips from its recorder.

    While *preroll_input* takes the camera's own packets, clips are made of these, and
    pictures are needed for thumbnails and *recognizer* only. :meth:`keep_still`,
    :meth:`arm`, :meth:`forget`, :meth:`refuse_packets` and :attr:`manual` may be used
    from any thread, all else from the camera loop only.
    """

    def __init__(self, settings: CameraSettings, recorder: Recorder,
                 preroll_input: PrerollInput, store: EventStore, clock: Clock,
                 recognizer: ObjectRecognizer | None = None) -> None:
        self._settings = settings
        self.recorder = recorder
        self._clock = clock
        self._preroll_input = preroll_input
        self._store = store
        self.manual = ManualRecording(settings.name, recorder, store, clock)
        self.losses = SignalLosses(settings.name, store, clock)
        self.scenes = SceneEvents(settings.name, recorder, store, clock)
        self._motion = MotionEvents(min_frames=settings.min_frames,
                                    post_roll=settings.post_roll)
        self._ongoing: OngoingEvent | None = None   # the motion event that lasts
        self._thumbnail = EventThumbnail(recorder)
        self._peak = PeakMotion(store, self._thumbnail)
        self._level = ActivityLevel(settings.name, store)
        self.objects = EventObjects(settings, store, self._thumbnail, recognizer)
        self._armed = True

    @property
    def motion_since(self) -> float | None:
        """When the motion event that lasts began [s, monotonic], if one does."""
        return None if self._ongoing is None else self._ongoing.at

    def apply(self, settings: CameraSettings) -> None:
        """Take new values of adjustable settings; an event that lasts goes on."""
        self._settings = settings
        self._motion.apply(min_frames=settings.min_frames,
                           post_roll=settings.post_roll)
        self.objects.apply(settings)

    def arm(self, armed: bool) -> None:
        """Turn motion into events, or ignore it."""
        self._armed = armed

    def refuse_packets(self) -> None:
        """Keep none of the camera's own packets, as they cannot be masked."""
        self._preroll_input.mask()

    def forget(self) -> None:
        """Keep no picture from before now; not to be called during :meth:`keep`."""
        self._peak.forget()
        self.objects.forget()
        self.scenes.forget()
        self.recorder.forget()

    def start_over(self, masked: bool) -> None:
        """End the motion event and forget all pictures, as the mask has changed."""
        self.forget()
        self.end_all()
        if not masked:
            self._preroll_input.unmask()

    def switch(self, on: bool) -> None:
        """Allow manual recordings; or end all events, as the camera is switched off."""
        self.manual.allow(on)
        if not on:
            self.end_all()
            self.objects.forget()
            self.losses.abandon()

    def lose(self, since: float, reason: str, silence: float = 0.0,
             hint: str = "") -> None:
        """
        Begin a loss *since* [s since the epoch], *silence* seconds ago, or go on.

        It ends all events, unless the signal comes and goes: then motion that goes on
        within half a minute is the same event. *hint* is for the log.
        """
        self.losses.begin(since, reason, silence, hint)
        if self.losses.unsteady_since is None or silence >= MAX_PAUSE_SECONDS:
            self.end_all()
        else:
            self._motion.pause()

    def wants(self, seen: Detection | None, own: bytes | None = None) -> bool:
        """
        Return whether a frame in which that was *seen* must be encoded.

        *seen* is ``None`` before detection. A frame that was not looked at is for clips
        only. The camera's *own* JPEG does as well while the pre-roll has room for it.
        """
        if own and self.recorder.preroll.has_room(own):
            return False
        if self._fills_preroll or self.manual.needs_thumbnail:
            return True
        if seen is None or not seen.looked or not self._armed:
            return False
        return self.scenes.wants_picture(seen) or (
            seen.is_motion(self._settings.min_area) and seen.area > self._peak.area)

    def keep(self, frame: Frame, seen: Detection, shown: Shown) -> None:
        """Keep what was *seen* in *frame*, and how it was *shown*."""
        self.losses.on_frame(frame.arrived, frame.captured)
        if seen.looked:
            self._keep_seen(frame, seen, shown)
        else:
            self._keep_picture(frame, shown)
        if shown.jpeg:
            self.manual.on_frame(frame, shown.jpeg)

    def keep_still(self, frame: JpegFrame) -> Receipt:
        """Keep *frame* as an event."""
        event = self._store.add(SNAPSHOT, frame.captured, frame.captured,
                                self._settings.name)
        return self.recorder.keep_still(event.id, frame.captured, frame.drawn, STILL)

    def end_motion(self) -> None:
        """End the motion event that lasts, as no more frames come."""
        for end in self._motion.reset():
            self._finish_motion(end.at, self._clock.monotonic())

    def end_all(self) -> None:
        """End the events that pictures show, as no more of them come."""
        self.end_motion()
        self.scenes.end()

    def close(self) -> None:
        """End all events, as the program ends."""
        self.end_all()
        self.losses.close()
        self.manual.record(False)

    @property
    def _fills_preroll(self) -> bool:
        """Whether clips are, or soon may be, made of the pictures."""
        return self._preroll_input.takes_pictures and (
            (self._armed and self._settings.record) or self.manual.since is not None)

    def _keep_seen(self, frame: Frame, seen: Detection, shown: Shown) -> None:
        """Keep *frame*, and turn what was *seen* in it into events."""
        self._level.note(frame.captured, seen.area)
        self._keep_motion(frame, seen, shown)
        if self._armed:
            self.scenes.on_frame(frame, seen, shown.jpeg)
        else:
            self.scenes.end(frame.arrived)

    def _keep_picture(self, frame: Frame, shown: Shown) -> None:
        """Keep *frame* for clips, as far as they are made of pictures."""
        if self._fills_preroll and shown.jpeg:
            self._preroll_input.put_picture(
                shown.jpeg, frame.captured, frame.arrived,
                since=self._motion.candidate_since, drawn=shown.drawn)

    def _keep_motion(self, frame: Frame, seen: Detection, shown: Shown) -> None:
        """Begin a motion event, go on with it, or end it."""
        motion = self._armed and seen.is_motion(self._settings.min_area)
        changes = [*([] if self._armed else self._motion.reset()),
                   *self._motion.on_frame(frame.arrived, motion)]
        if motion:
            self._peak.on_frame(frame, seen, shown)
        self._keep_picture(frame, shown)
        for change in changes:
            if change.started:
                self._begin_motion(change.at, frame, seen)
            else:
                until = min(frame.arrived, change.at + self._settings.post_roll)
                self._finish_motion(change.at, until)
        if self._ongoing:
            self._peak.store_early(self._ongoing.event.id, frame.arrived,
                                   self._settings)
        if self._ongoing and motion:
            self._ongoing.note_zones(self._store, seen.zones)
            self.objects.take_labels(frame, seen)
            self.objects.look(frame, seen)
        if self._motion.candidate_since is None and not self._motion.ongoing:
            self._peak.start_over()
            if self._armed:
                self.objects.remember(frame, shown)

    def _begin_motion(self, at: float, frame: Frame, seen: Detection) -> None:
        captured = frame.captured - (frame.arrived - at)
        event = self._store.add(MOTION, captured, None, self._settings.name)
        self._ongoing = OngoingEvent(event, at)
        log.info("%s: motion event %d began", event.camera, event.id)
        if self._settings.record:
            self.recorder.begin(metadata_of(event), at - self._settings.pre_roll)
        self._thumbnail.begin(event.id)
        self._peak.begin(event.id, at, frame, seen, self._settings)
        self.objects.begin(event.id, at)

    def _finish_motion(self, at: float, until: float) -> None:
        """End the event *at* [s, monotonic], and its clip at *until*."""
        ongoing, self._ongoing = self._ongoing, None
        if ongoing is None:
            return
        event = ongoing.end(self._store, at, self._peak.area, self._peak.box)
        log.info("%s: motion event %d ended after %.1f s, largest area %.1f per mille",
                 event.camera, event.id, at - ongoing.at, event.peak_area)
        self._peak.store(event.id, self._settings)
        self._peak.start_over()
        self.objects.end()
        self._thumbnail.end()
        if self._settings.record:
            self.recorder.end(metadata_of(event), until)

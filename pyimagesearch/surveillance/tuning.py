"""What an owner sees and tries while tuning the detection of one camera."""

import logging
import math
from typing import Any

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.frames import Frame
from pyimagesearch.motion_detection.detection import Detection, MotionDetection
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.owner_settings import TUNED_OPTIONS
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster

from .detector_views import VIEW_NAMES, DetectorViews, Look
from .evidence import Evidence
from .motion_levels import MotionLevels
from .settings_trial import Trial

log = logging.getLogger(__name__)

FORGOTTEN_SECONDS = 15.0    # without a request, after which a trial ends


def reasons(seen: Detection) -> tuple[str, ...]:
    """Return the rules by which regions are not reported, each once."""
    return tuple(dict.fromkeys(
        region.rule for region in seen.regions if not region.moving))


class Tuning:
    """
    Views of *detection*, settings on trial, and levels of motion, of one camera.

    A trial changes neither events nor clips nor what viewers see, and ends by itself
    when no page asks for :meth:`levels` any more. :meth:`view`, :meth:`try_out`,
    :meth:`levels` and :meth:`hide` may be called from any thread, all else from the
    camera loop only.
    """

    view_names: tuple[str, ...] = VIEW_NAMES

    def __init__(self, detection: MotionDetection, evidence: Evidence,
                 clock: Clock) -> None:
        settings = detection.settings
        self._detection = detection
        self._evidence = evidence
        self._clock = clock
        self._views = DetectorViews(width=settings.width, quality=settings.quality)
        self._levels = MotionLevels()
        self._wanted: CameraSettings | None = None      # on trial
        self._trial: Trial | None = None
        self._trouble = ""          # why there is no trial; else empty
        self._asked = -math.inf     # when a page asked last [s, monotonic]
        self._event_at: float | None = None     # of the event that lasts
        self._ignored: tuple[str, ...] = ()     # why, in the newest frame

    @property
    def needs_every(self) -> bool:
        """Whether a page shows what is seen in each frame, or what a trial sees."""
        return self._views.wanted or self._wanted is not None or (
            self._clock.monotonic() - self._asked < FORGOTTEN_SECONDS)

    def view(self, name: str) -> LatestFrameBroadcaster:
        """Return the stream of the view *name*, one of :attr:`view_names`."""
        return self._views.broadcasters[name]

    def try_out(self, settings: CameraSettings | None) -> None:
        """Put *settings* on trial in place of others; ``None`` ends the trial."""
        self._asked, self._trouble = self._clock.monotonic(), ""
        self._wanted = settings

    def levels(self, after: float) -> dict[str, Any]:
        """
        Return the motion since *after* [s since the epoch], ready for JSON.

        A trial goes on for another 15 seconds.
        """
        self._asked = self._clock.monotonic()
        samples, begun = self._levels.since(after), self._levels.beginnings()
        tried = [each.tried for each in samples]
        return {
            "now": round(self._clock.time(), 2),
            "at": [round(each.at, 2) for each in samples],
            "area": [round(each.area, 2) for each in samples],
            "tried": [None if each is None else round(each, 2) for each in tried],
            "events": [round(each.at, 2) for each in begun if not each.tried],
            "tried_events": [round(each.at, 2) for each in begun if each.tried],
            "ignored": list(self._ignored),
            "trial": self._describe_trial(), "trouble": self._trouble}

    def on_frame(self, frame: Frame, seen: Detection) -> None:
        """Show and note what was *seen* in *frame*, and what a trial sees in it."""
        tried = self._try(frame, seen)
        self._levels.note(frame.captured, seen.area, tried.seen.area if tried else None)
        self._note_event(frame)
        self._ignored = reasons(tried.seen if tried else seen)
        self._views.show(frame, Look(seen, self._detection, self._detection.settings),
                         tried)

    def catch_up(self) -> None:
        """Show the last frame to owners who came after it."""
        self._views.catch_up()

    def start_over(self) -> None:
        """Show nothing from before, as the privacy mask has changed."""
        self._views.hide()
        if self._trial:
            self._trial.start_over()

    def show_card(self, title: str, text: str, now: float) -> None:
        """Publish a card that stands in for the camera, *now* [s since the epoch]."""
        self._views.show_card(title, text, now)

    def hide(self) -> None:
        """Withdraw the last pictures, as a region of them is to be hidden."""
        self._views.hide()

    def close(self) -> None:
        """End all streams."""
        self._views.close()

    def _current_trial(self) -> Trial | None:
        """Return the trial that is wanted, begun or ended if need be."""
        wanted = self._wanted
        if wanted and self._clock.monotonic() - self._asked > FORGOTTEN_SECONDS:
            log.info("%s: the trial of settings ended, as no page asks for it",
                     wanted.name)
            wanted = self._wanted = None
        last = self._trial
        if wanted is None:
            if last:
                self._levels.forget_trial()
            self._trial = None
        elif last is None or last.settings is not wanted:
            underway = self._evidence.motion_since is not None or bool(
                last and last.ongoing)
            self._trial = Trial(wanted, self._detection, underway=underway)
        return self._trial

    def _try(self, frame: Frame, seen: Detection) -> Look | None:
        """Return what the settings on trial see in *frame*; an error ends the trial."""
        try:
            trial = self._current_trial()
            if trial is None:
                return None
            tried = trial.look(frame, seen)
        except SurveillanceError as error:
            log.warning("%s: the trial of settings ended: %s",
                        self._detection.settings.name, error)
            self._trouble, self._wanted = str(error), None
            return None
        for change in trial.changes(frame, tried):
            if change.started:
                self._levels.begin(frame.captured - (frame.arrived - change.at),
                                   tried=True)
        return Look(tried, trial.detection or self._detection, trial.settings)

    def _note_event(self, frame: Frame) -> None:
        began = self._evidence.motion_since
        if began is not None and began != self._event_at:
            self._levels.begin(frame.captured - (frame.arrived - began))
        self._event_at = began

    def _describe_trial(self) -> dict[str, Any] | None:
        wanted, trial = self._wanted, self._trial
        if wanted is None:
            return None
        cost = trial.stopwatch.seconds / max(1, trial.frames) if trial else 0.0
        return {"settings": {name: getattr(wanted, name)
                             for name in TUNED_OPTIONS},
                "second_detector": bool(trial and trial.detection),
                "learning": bool(trial and trial.learning),
                "milliseconds": round(1000 * cost, 1)}

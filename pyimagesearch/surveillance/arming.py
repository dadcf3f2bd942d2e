"""Arm and disarm motion events: by mode, for a time, and by the hours of a camera."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable

from pyimagesearch.clock import EARLIEST_TIME, Clock, short_time
from pyimagesearch.events.event import ARMED, DISARMED
from pyimagesearch.events.store import EventStore
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.schedule import schedule_of
from pyimagesearch.status import (
    MODE_AWAY,
    MODE_HOME,
    MODE_OFF,
    CameraArmed,
    ModeStatus,
)

from .mode_layers import (
    AWAY_FOR_GOOD,
    Layer,
    check_mode,
    parse_layers,
    stacked,
    status_of,
)

log = logging.getLogger(__name__)

STATE_KEY = "armed"         # in the store
MAX_COMPUTED_SECONDS = 3600.0       # for which the state of a camera is kept
MAX_STEPS = 64              # looked ahead for the next change of a camera


class ArmedCamera:
    """One camera: its settings, whether it is armed now, and what to call then."""

    def __init__(self, settings: CameraSettings, listener: Callable[[bool], object]
                 ) -> None:
        self.settings = settings
        self.listener = listener
        self.state = CameraArmed(True, "", None)
        self.computed, self.due = 0.0, 0.0      # from when to when the state is valid

    def take(self, state: CameraArmed, now: float) -> None:
        """Take the *state* of *now* [s since the epoch]."""
        self.state, self.computed = state, now
        self.due = min(state.until or math.inf, now + MAX_COMPUTED_SECONDS)


class Arming:
    """
    Whether motion starts events, across restarts. May be used from any thread.

    A mode holds for good or for a time, after which the previous one returns. It is
    *away* until :meth:`restore` reads it from the store. *place* is for schedules that
    follow the sun. :meth:`tick` must be called once a second.
    """

    def __init__(self, store: EventStore, clock: Clock, place: str | None = None
                 ) -> None:
        self._store = store
        self._clock = clock
        self._place = place
        self._lock = threading.RLock()      # guards all below
        self._layers = AWAY_FOR_GOOD        # the last one is in force
        self._is_known = False              # restored, or set for good since the start
        self._cameras: dict[str, ArmedCamera] = {}
        self._utc_offset: int | None = None     # for which the states were computed [s]

    @property
    def armed(self) -> bool:
        """Whether motion starts events of cameras whose hours allow it."""
        return self.mode.mode != MODE_OFF

    @property
    def mode(self) -> ModeStatus:
        """The mode in force, until when, and which one is next."""
        return status_of(self._layers)

    def camera(self, name: str) -> CameraArmed:
        """Return whether camera *name* is armed, why, and until when."""
        with self._lock:    # it may just have been removed
            return (self._cameras[name].state if name in self._cameras
                    else CameraArmed(self.armed, "", None))

    def is_armed(self, name: str) -> bool:
        """Return whether camera *name* is armed; of no camera, whether any may be."""
        return self.camera(name).armed

    def add(self, settings: CameraSettings, listener: Callable[[bool], object]) -> None:
        """Add a camera; call *listener* with its state, now and at each change."""
        with self._lock:
            self._cameras[settings.name] = camera = ArmedCamera(settings, listener)
            now = self._clock.time()
            camera.take(self._state_of(settings, now), now)
            listener(camera.state.armed)

    def remove(self, name: str) -> None:
        """Forget camera *name*, whose listener is not called any more."""
        with self._lock:
            self._cameras.pop(name, None)

    def apply(self, settings: CameraSettings) -> None:
        """Take new settings of a camera that was added."""
        with self._lock:
            camera = self._cameras[settings.name]
            camera.settings, camera.due = settings, 0.0
            self._refresh()

    def follow(self, place: str | None) -> None:
        """Compute sunrise and sunset for another *place*."""
        with self._lock:
            if place != self._place:
                self._place = place
                self._refresh(True)

    def set_mode(self, mode: str, until: float | None = None) -> None:
        """
        Put *mode* in force, for good or *until* then [s since the epoch]; idempotent.

        Raises :exc:`SettingsError` if either is not allowed. Does not wait for the
        disk.
        """
        now = self._clock.time()
        check_mode(mode, until, now)
        until = None if until is None else float(until)
        with self._lock:
            before, was_known = self._layers, self._is_known
            self._layers = stacked(before, Layer(mode, until))
            self._is_known = was_known or until is None
            if self._layers != before or not was_known:
                self._keep()
            if self.mode != status_of(before):
                self._add_event(now)
            self._refresh(self._layers != before)

    def restore(self) -> None:
        """Read the mode from the store, unless it was set for good since the start."""
        with self._store.reading() as reader:
            stored = parse_layers(reader.remembered(STATE_KEY))
        with self._lock:
            if self._is_known:
                return
            since_start, self._layers = self._layers[1:], stored
            for layer in since_start:
                self._layers = stacked(self._layers, layer)
            self._is_known = True
            if since_start:
                self._keep()
            self._refresh(True)
            if self._layers != AWAY_FOR_GOOD:
                log.info("mode %s, as before", self.mode.words(self._clock.time()))

    def tick(self) -> None:
        """Apply the changes that are due; cheap if there are none."""
        with self._lock:
            self._refresh()

    def _refresh(self, mode_changed: bool = False) -> None:
        """Bring the mode and the cameras up to this moment."""
        now, before = self._clock.time(), self._layers
        self._layers = tuple(each for each in before
                             if each.until is None or each.until > now)
        if self._layers != before:
            mode_changed = True
            self._keep()
            self._add_event(now)
            log.info("mode %s again", self.mode.words(now))
        offset = time.localtime(now).tm_gmtoff
        is_valid = not mode_changed and offset == self._utc_offset
        self._utc_offset = offset
        for name, camera in self._cameras.items():
            if is_valid and camera.computed <= now < camera.due:
                continue
            was_armed = camera.state.armed
            camera.take(self._state_of(camera.settings, now), now)
            if camera.state.armed != was_armed:
                log.info("%s: %s, %s", name, "armed" if camera.state.armed else
                         "disarmed", camera.state.reason)
                camera.listener(camera.state.armed)

    def _keep(self) -> None:
        if self._is_known:      # else what is stored is still to be read
            self._store.remember(STATE_KEY, json.dumps(self._layers))

    def _add_event(self, now: float) -> None:
        mode = self.mode
        words = ["home"] if mode.mode == MODE_HOME else []
        words += [f"until {short_time(mode.until, now)}"] if mode.until else []
        self._store.add(DISARMED if mode.mode == MODE_OFF else ARMED, now, now,
                        note=" ".join(words))

    def _state_of(self, settings: CameraSettings, now: float) -> CameraArmed:
        """Return the state of the camera with these *settings*."""
        armed, reason = self._armed_at(settings, now)
        schedule, when = schedule_of(settings.armed_hours, self._place), now
        for _ in range(MAX_STEPS):
            mode, mode_until = self._mode_at(when)
            moments = [mode_until]
            if admits(mode, settings):      # else the hours do not matter
                moments.append(schedule.next_change(when))
            if not (coming := [each for each in moments if each is not None]):
                break
            when = min(coming)
            if self._armed_at(settings, when)[0] != armed:
                return CameraArmed(armed, reason, when)
        return CameraArmed(armed, reason, None)

    def _armed_at(self, settings: CameraSettings, when: float) -> tuple[bool, str]:
        """Return whether a camera is armed *when* [s since the epoch], and why."""
        mode, hours = self._mode_at(when).mode, settings.armed_hours
        if mode == MODE_OFF:
            return False, "mode off"
        if not admits(mode, settings):
            return False, f"only in mode {MODE_AWAY}"
        if hours is None or when < EARLIEST_TIME:       # a clock that was never set
            return True, f"mode {mode}"
        if schedule_of(hours, self._place).contains(when):
            return True, f"mode {mode}, within its hours"
        return False, "outside its hours"

    def _mode_at(self, when: float) -> Layer:
        return next(each for each in reversed(self._layers)
                    if each.until is None or each.until > when)


def admits(mode: str, settings: CameraSettings) -> bool:
    """Return whether a camera with these *settings* may be armed in *mode*."""
    return mode == MODE_AWAY or (mode == MODE_HOME and settings.armed_home)

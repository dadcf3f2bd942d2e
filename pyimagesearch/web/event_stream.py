"""Server-sent events: what happens, for pages and programs, as it happens."""

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request

from pyimagesearch.errors import EventsError
from pyimagesearch.events.event import Event
from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.message_log import (
    EVENT_STREAM,
    RESET,
    MessageLog,
    Subscription,
    as_event,
    generate_messages,
)
from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.threads import Worker

from . import arming_words
from .events.api import as_json
from .services import Services, get_services
from .status import camera_json
from .streams import admit, stream_response

bp = Blueprint("event_stream", __name__)
log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0      # between looks at the cameras
PACE_SECONDS = 0.25     # between two looks
LINGER_SECONDS = 60.0   # after the last subscriber, for those that come back
FOLLOWED_EVENTS = 30    # the newest ones, beside those that last
BACK_SOON = b"retry: 2000\n\n"      # ms until a browser connects again
# of a camera's status, what is worth a message when it changes
TELLING = ("state", "since", "reason", "unsteady_since", "recording", "recording_since",
           "recording_trouble")


@bp.get("/api/stream")
def stream() -> Response:
    """
    Stream events, and states of cameras and of the mode, as they change.

    It begins with all states as they are; a subscriber that comes back with
    ``Last-Event-ID`` is sent what it missed instead, or ``reset`` if that is gone.
    """
    services, sent = get_services(), request.headers.get("Last-Event-ID")
    messages = services.messages
    seen = messages.number_of(sent) if sent else None
    subscription = Subscription(messages, BACK_SOON, seen or 0)
    if seen is None:
        subscription.seen = messages.number
        subscription.greeting += greeting(services, messages, is_reset=bool(sent))
    return stream_response(LiveStream(
        subscription, generate_messages(subscription), StreamTally(),
        admit(messages.limits).close), EVENT_STREAM)


def greeting(services: Services, messages: MessageLog, *, is_reset: bool) -> bytes:
    """Return the states as they are, as messages, for a new subscriber."""
    id = messages.id_of(messages.number)
    states = [as_event("camera", camera_json(services, name), id)
              for name in services.feeds]
    if mode := arming_words.mode_json(services, time.time()):
        states.append(as_event("mode", mode, id))
    return b"".join([as_event(RESET, {}, id)] * is_reset + states)


class Announcer(Worker):
    """
    Publish what changes while there are subscribers, in the thread ``announcer``.

    It is woken by each change of the events, and looks at the cameras each second.
    """

    def __init__(self, app: Flask) -> None:
        super().__init__("announcer")
        self._app = app
        self._services: Services = app.extensions["services"]
        self._wake = threading.Event()
        self._watched_at: float | None = None   # by subscribers [s, monotonic]
        self._events: dict[int, str] | None = None      # as JSON, by id
        self._states: dict[str, Any] = {}       # of cameras, by name
        self._mode: Any = None

    def start(self) -> None:
        """Start the thread; it looks at each change of events and settings."""
        services = self._services
        services.messages.on_watch = self._wake.set
        if services.archive:
            services.archive.store.on_commit.append(self._wake.set)
        if services.owner_settings:
            services.owner_settings.file.listeners.append(self.announce_settings)
        super().start()

    def stop(self) -> None:
        """Signal the thread to end, and end all streams."""
        super().stop()
        self._services.messages.close()
        self._wake.set()

    def announce_settings(self, settings: object, renamed: Mapping[str, str]) -> None:
        """Announce that settings changed; the listener comes after those that apply."""
        self._services.messages.publish("settings", {
            "cameras": list(self._services.feeds), "renamed": dict(renamed)})

    def run(self) -> None:
        """Look for changes until :meth:`stop`."""
        while not self.stopping.is_set():
            self._wake.wait(LOOK_SECONDS if self._watched_at is not None else None)
            self._wake.clear()
            if self._is_watched():
                try:
                    self.run_once()
                except EventsError as error:
                    log.debug("announcer: %s", error)
                except Exception:       # what changes next may be announced
                    log.exception("changes cannot be announced")
            self.stopping.wait(PACE_SECONDS)

    def run_once(self) -> None:
        """Publish what has changed since the last time."""
        with self._app.test_request_context():
            self._follow_states()
            if self._services.archive:
                self._follow_events()

    def _is_watched(self) -> bool:
        """Return whether there are subscribers, or were a minute ago."""
        now, messages = time.monotonic(), self._services.messages
        if messages.viewers:
            self._watched_at = now
        elif self._watched_at is not None and now - self._watched_at > LINGER_SECONDS:
            self._watched_at = None
            messages.forget()
            self._events, self._states, self._mode = None, {}, None
        return self._watched_at is not None

    def _follow_states(self) -> None:
        services = self._services
        before, self._states = self._states, {}
        for name in services.feeds:
            status = camera_json(services, name)
            arming = status["arming"] and status["arming"]["armed"]
            state = self._states[name] = (*map(status.get, TELLING), arming)
            if before.get(name, state) != state:
                services.messages.publish("camera", status)
        mode = arming_words.mode_json(services, time.time())
        if mode and self._mode and mode != self._mode:
            services.messages.publish("mode", mode)
        self._mode = mode

    def _follow_events(self) -> None:
        archive = self._services.archive
        assert archive
        with archive.store.reading() as reader:
            newest, _ = reader.page(FOLLOWED_EVENTS)
            lasting = [each for each in reader.open_events() if each not in newest]
        followed = sorted([*lasting, *newest], key=lambda each: each.id)
        before, self._events = self._events, {
            event.id: json.dumps(as_json(event)) for event in followed}
        if before is None:
            return
        for event in followed:
            if before.get(event.id) != self._events[event.id]:
                self._announce(event, before)

    def _announce(self, event: Event, before: Mapping[int, str]) -> None:
        """Announce *event*, unless it only came among those that are followed."""
        if event.id not in before:
            if before and event.id < min(before):
                return
            change = "begun"
        else:
            had_ended = json.loads(before[event.id])["end"] is not None
            change = "updated" if event.end is None or had_ended else "ended"
        self._services.messages.publish("event", {"change": change, **as_json(event)})

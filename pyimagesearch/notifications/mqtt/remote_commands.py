"""Carry out commands received by MQTT, on a thread of its own, as they may block."""

import logging
import queue
import re
from collections.abc import Callable

from pyimagesearch.clock import Clock
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.status import ARMING_MODES, MODE_AWAY, MODE_OFF
from pyimagesearch.threads import Worker

from .broker_connection import Message
from .controlled import ControlledServer
from .home_assistant import OFF, ON, PRESS
from .topics import Topics

log = logging.getLogger(__name__)

QUEUE_SIZE = 10         # commands that may wait; more are dropped
PAUSE_SECONDS = 0.2     # after each command, as each becomes an event in the list
REPORT_SECONDS = 60.0   # between two lines about dropped commands
SWITCHED = {ON: True, OFF: False}
MODE_PATTERN = re.compile(rf"({'|'.join(ARMING_MODES)})(?: ([1-9][0-9]{{0,5}}))?")

Action = Callable[[], object]


class RemoteCommands(Worker):
    """
    Carry out commands for *server* one after the other, five a second at most.

    :meth:`put` may be called from any thread and never waits.
    """

    def __init__(self, server: ControlledServer, clock: Clock) -> None:
        super().__init__("mqtt-commands")
        self._server = server
        self._clock = clock
        self._queue: queue.Queue[tuple[str, Action] | None] = (
            queue.Queue(QUEUE_SIZE))
        self._reported_at = float("-inf")

    def put(self, topics: Topics, message: Message) -> None:
        """
        Queue the command in *message*; ignore any other message.

        Retained commands are ignored, as they may be older than the last restart.
        """
        parts = topics.command(message.topic)
        if parts is None or message.retained:
            return
        value = message.payload.decode("utf-8", "replace")
        action = self._action(parts, value)
        if action is None:
            self._report("ignored an unknown command by MQTT: topic %.200r, %d bytes",
                         message.topic, len(message.payload))
            return
        try:
            self._queue.put_nowait((f"{'/'.join(parts)} {value}", action))
        except queue.Full:
            self._report("commands come by MQTT faster than they are carried out; "
                         "dropped one for %s", "/".join(parts))

    def stop(self) -> None:
        """End after the command that is carried out now; returns at once."""
        super().stop()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            log.debug("the commands' thread is awake: its queue is full")

    def run(self) -> None:
        """Carry out commands until :meth:`stop`."""
        while not self.stopping.is_set():
            item = self._queue.get()
            if item is None:
                return
            command, action = item
            try:
                action()
            except SurveillanceError as error:
                log.warning("the command %s by MQTT failed: %s", command, error)
            else:
                log.info("the command %s by MQTT was carried out", command)
            self._clock.wait(self.stopping, PAUSE_SECONDS)

    def _action(self, parts: tuple[str, ...], value: str) -> Action | None:
        """Return what the command for *parts* does; ``None`` if there is none such."""
        server, on = self._server, SWITCHED.get(value)
        if parts == ("mode",) and (mode := MODE_PATTERN.fullmatch(value)):
            until = self._clock.time() + 60 * int(mode[2]) if mode[2] else None
            return lambda: server.set_mode(mode[1], until)
        if parts == ("armed",) and on is not None:
            return lambda: server.set_mode(MODE_AWAY if on else MODE_OFF, None)
        if parts == ("cameras",) and on is not None:
            return lambda: server.switch_cameras(on)
        camera = server.camera(parts[0]) if len(parts) == 2 else None
        if camera and parts[1] == "recording" and on is not None:
            return lambda: camera.record(on)
        if camera and parts[1] == "snapshot" and value == PRESS:
            return camera.take_still
        return None

    def _report(self, text: str, *values: object) -> None:
        now = self._clock.monotonic()
        if now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            log.warning(text, *values)

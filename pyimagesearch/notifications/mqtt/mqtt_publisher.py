"""The thread that publishes by MQTT, and its connection to the broker."""

import logging
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

from pyimagesearch.clock import Clock
from pyimagesearch.errors import FolderError
from pyimagesearch.notifications.alert_sources import AlertSources
from pyimagesearch.notifications.channel import (
    ChannelStatus,
    TestOutcome,
    channel_key,
)
from pyimagesearch.threads import Worker

from .broker import Broker, BrokerError, BrokerRefused
from .broker_connection import BrokerConnection, Will, open_connection
from .broker_session import OFFLINE, BrokerSession, Publication
from .controlled import ControlledServer
from .event_messages import message_of_test
from .home_assistant import Offer
from .live_events import LiveEvents
from .node_state import NodeState
from .remote_commands import RemoteCommands
from .topics import Topics
from .wake_up import WakeUp

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0      # between two looks at states that nothing announces
GATHER_SECONDS = 0.05   # after a commit, so that several are read at once
WAITING_SECONDS = 0.1   # between two looks for the picture of an event
RETRY_SECONDS = (1.0, 2.0, 3.0)     # the last again and again: brokers are back soon
REFUSED_SECONDS = 60.0  # the most after refusals, which may lock a user out
STEADY_SECONDS = 30.0   # for which a connection lasts that makes up for failures
TEST_SECONDS = 10.0     # for a test event to be acknowledged


class MqttPublisher(Worker):
    """
    Publish states and events to *broker*, and obey commands, for as long as it runs.

    *prefix* and *discovery* are those of the topics. Every method but :meth:`run` may
    be called from any thread.
    """

    def __init__(self, broker: Broker, prefix: str, discovery: str,
                 publication: Publication, clock: Clock) -> None:
        super().__init__("mqtt")
        self.key = channel_key("mqtt", broker.host, str(broker.port), prefix)
        self._broker = broker
        self._prefix, self._discovery = prefix, discovery
        self._publication = publication
        self._clock = clock
        self._wake_up = WakeUp()
        self._status = ChannelStatus(name=broker.name)
        self._failures = 0
        self._is_connected = threading.Event()
        self._test: threading.Event | None = None   # set once it is acknowledged
        publication.store.on_commit.append(self._wake_up.set)

    def start(self) -> None:
        """Start the threads; may be called once."""
        super().start()
        if self._publication.commands:
            self._publication.commands.start()

    def stop(self) -> None:
        """Signal the threads to end; returns at once."""
        super().stop()
        self._wake_up.set()
        if self._publication.commands:
            self._publication.commands.stop()

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the thread, unless it only tries to connect."""
        return not self._is_connected.is_set() or super().join(timeout)

    def forget(self) -> None:
        """Do nothing: a broker is not removed while the program runs."""

    def status(self) -> ChannelStatus:
        """Return how the broker is doing."""
        return self._status

    def test(self) -> TestOutcome:
        """Publish a test event; return the result. Blocks up to 10 s."""
        name, done = self._broker.name, threading.Event()
        if not self._is_connected.is_set():
            return TestOutcome(name, self._status.trouble or "not connected yet")
        self._test = done
        self._wake_up.set()
        if done.wait(TEST_SECONDS):
            return TestOutcome(name)
        return TestOutcome(name, self._status.trouble or "the broker does not respond")

    def run(self) -> None:
        """Publish until :meth:`stop`; connect again after each error."""
        while not self.stopping.is_set():
            began = self._clock.monotonic()
            try:
                self._run_once()
            except (BrokerError, FolderError) as error:
                if self._clock.monotonic() - began >= STEADY_SECONDS:
                    self._failures = 0
                self._wait_after(error)
        self._wake_up.close()

    def _run_once(self) -> None:
        """Connect and publish until :meth:`stop`; raises :exc:`BrokerError`."""
        topics = Topics(self._prefix, self._publication.state.node, self._discovery)
        connection = open_connection(
            self._broker, topics.device, Will(topics.availability, OFFLINE),
            on_acknowledged=self._note_acknowledged)
        self._is_connected.set()
        try:
            session = BrokerSession(connection, topics, self._publication, self._clock)
            session.open()
            self._note_connected()
            while not self.stopping.is_set():
                self._serve(connection, session, topics)
            session.close()
        finally:
            self._is_connected.clear()
            connection.close()

    def _serve(self, connection: BrokerConnection, session: BrokerSession,
               topics: Topics) -> None:
        waiting = self._publication.live.is_waiting
        until = time.monotonic() + (WAITING_SECONDS if waiting else STEP_SECONDS)
        while not self._wake_up.is_set and (left := until - time.monotonic()) > 0:
            connection.serve(left, self._wake_up.number)
            session.take_messages()
        self._clock.wait(self.stopping, GATHER_SECONDS)
        self._wake_up.clear()
        session.step()
        if test := self._test:
            self._test = None
            connection.publish(topics.server("event"),
                               message_of_test(self._publication.offer.url))
            if connection.settle(TEST_SECONDS):
                test.set()

    def _wait_after(self, error: BrokerError | FolderError) -> None:
        self._failures += 1
        delay = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1]
        if isinstance(error, BrokerRefused):
            delay = min(2.0 ** (self._failures - 1), REFUSED_SECONDS)
        if str(error) != self._status.trouble:
            log.warning("%s: %s; trying again", self._broker.name, error)
        self._status = replace(
            self._status, trouble=str(error), failed=self._status.failed + 1,
            next_try=self._clock.time() + delay)
        self._clock.wait(self.stopping, delay)

    def _note_connected(self) -> None:
        log.info("%s: connected", self._broker.name)
        self._status = replace(self._status, trouble="", next_try=None)

    def _note_acknowledged(self, retained: bool) -> None:
        """Count a message that the broker has acknowledged; states are no alerts."""
        if not retained:
            self._status = replace(self._status, last_success=self._clock.time(),
                                   delivered=self._status.delivered + 1)


def make_publisher(broker: Broker, sources: AlertSources, server: ControlledServer,
                   folder: Path) -> MqttPublisher:
    """Connect what is published to *broker*; *folder* is that of the data."""
    settings, clock = sources.settings, sources.clock
    are_named = not sources.objects_off or any(
        camera.has_own_detector for camera in settings.cameras())
    offer = Offer(stills=settings.mqtt_stills, objects=are_named,
                  control=settings.mqtt_control, url=sources.url,
                  host=socket.gethostname().partition(".")[0])
    return MqttPublisher(
        broker, settings.mqtt_prefix.strip("/"), settings.mqtt_discovery.strip("/"),
        Publication(server, offer, sources.store, LiveEvents(sources.store, clock),
                    NodeState(folder, sources.ready), sources.still,
                    RemoteCommands(server, clock) if settings.mqtt_control else None),
        clock)

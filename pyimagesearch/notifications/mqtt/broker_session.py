"""What is published over one connection: entities, states, stills and events."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyimagesearch.clock import Clock
from pyimagesearch.errors import EventsError
from pyimagesearch.events.event import MOTION, Event
from pyimagesearch.events.event_filters import Filters
from pyimagesearch.events.store import EventStore
from pyimagesearch.notifications.milestones import ENDED

from .broker_connection import BrokerConnection
from .controlled import ControlledServer
from .event_messages import event_message
from .home_assistant import Offer
from .live_events import Change, LiveEvents
from .node_state import NodeState
from .remote_commands import RemoteCommands
from .states import States, camera_states, configs, server_states
from .topics import Topics

log = logging.getLogger(__name__)

ONLINE, OFFLINE = b"online", b"offline"
SLOW_SUBJECTS = ("attributes", "kept")  # numbers that always change
SLOW_SECONDS = 60.0     # between two messages about these
BIRTH_SECONDS = 5.0     # between two times that everything is published again
FINAL_STILL_SECONDS = 1.0   # after the end of an event, until its best picture is kept
PACKET_OVERHEAD_BYTES = 512     # of a topic and headers
SETTLE_SECONDS = 1.5    # for the last messages to be acknowledged


@dataclass(frozen=True)
class Publication:
    """What is published, and what it is made of; *still* returns an event's JPEG."""

    server: ControlledServer
    offer: Offer
    store: EventStore
    live: LiveEvents
    state: NodeState
    still: Callable[[Event], bytes | None]
    commands: RemoteCommands | None     # None: commands are not obeyed


class BrokerSession:
    """
    Publish over *connection* until it is lost; belongs to one thread.

    Nothing is queued: all states are published when the session begins, and whenever
    Home Assistant starts, and from then on what changes. Each method raises
    :exc:`BrokerError` once the connection is lost.
    """

    def __init__(self, connection: BrokerConnection, topics: Topics,
                 publication: Publication, clock: Clock) -> None:
        self._connection = connection
        self._topics = topics
        self._publication = publication
        self._clock = clock
        self._configs = configs(topics, publication.offer, publication.server)
        self._sent: States = {}
        self._sent_at: dict[str, float] = {}    # [s, monotonic]
        self._stills: dict[int, float] = {}     # events, and when their best is due
        self._born_at = float("-inf")           # when all was published last
        self._is_born = False                   # Home Assistant has started since

    def open(self) -> None:
        """Publish all; raises :exc:`FolderError` if that cannot be noted before."""
        topics, state = self._topics, self._publication.state
        obeys = self._publication.commands is not None
        if subscribed := [*filter(None, [topics.birth]),
                          *(topics.commands() if obeys else ())]:
            self._connection.subscribe(subscribed)
        wanted = self._retained()
        old = state.retained() - wanted
        state.retain(wanted | old)
        for topic in sorted(old):
            self._connection.publish(topic, b"", retain=True)
        self.step()
        self._connection.publish(topics.availability, ONLINE, retain=True)
        self._publish_last_stills()
        if old and self._connection.settle(SETTLE_SECONDS):
            state.retain(wanted)
        self._born_at = self._clock.monotonic()

    def step(self) -> None:
        """Publish what has changed."""
        self._answer_birth()
        try:
            changes = self._publication.live.read()
        except EventsError as error:
            log.debug("no events for the broker: %s", error)
            changes = []
        for change in changes:
            self._show(change)
        self._publish_states()
        for change in changes:
            self._publish_event(change)
        self._publish_final_stills()

    def close(self) -> None:
        """Publish that the server is gone."""
        self._connection.publish(self._topics.availability, OFFLINE, retain=True)
        self._connection.settle(SETTLE_SECONDS)

    def take_messages(self) -> None:
        """Obey the commands that came, and note a start of Home Assistant."""
        for message in self._connection.take():
            if message.topic == self._topics.birth:
                self._is_born |= message.payload == ONLINE
            elif self._publication.commands:
                self._publication.commands.put(self._topics, message)

    def _answer_birth(self) -> None:
        """Publish all again if Home Assistant has started, at most every 5 seconds."""
        if self._is_born and self._clock.monotonic() - self._born_at >= BIRTH_SECONDS:
            self._is_born = False
            self._sent.clear()
            self._publish_states()
            self._connection.publish(self._topics.availability, ONLINE, retain=True)
            self._publish_last_stills()
            self._born_at = self._clock.monotonic()

    def _publish_states(self) -> None:
        """Publish each state that is not what was published last."""
        server = self._publication.server
        states = {**self._configs, **server_states(self._topics, server),
                  **self._camera_states()}
        changed = {topic for topic, payload in states.items()
                   if self._sent.get(topic) != payload}
        for topic in states:
            if topic in changed and self._is_due(topic, changed):
                self._connection.publish(topic, states[topic], retain=True)
                self._sent[topic] = states[topic]
                self._sent_at[topic] = self._clock.monotonic()

    def _camera_states(self) -> States:
        live, offer = self._publication.live, self._publication.offer
        return camera_states(self._topics, self._publication.server, live.moving,
                             live.seen if offer.objects else None)

    def _is_due(self, topic: str, changed: set[str]) -> bool:
        """Return whether *topic* may be published now: some change all the time."""
        above, _, subject = topic.rpartition("/")
        return (subject not in SLOW_SUBJECTS or above in changed
                or topic not in self._sent
                or self._clock.monotonic() - self._sent_at[topic] >= SLOW_SECONDS)

    def _show(self, change: Change) -> None:
        """Publish the still of an event before the event; that of its end follows."""
        if change.change == ENDED:
            self._stills[change.event.id] = (self._clock.monotonic()
                                             + FINAL_STILL_SECONDS)
        else:
            self._publish_still(change.event)

    def _publish_event(self, change: Change) -> None:
        event, url = change.event, self._publication.offer.url
        topic = (self._topics.camera(event.camera, "event") if event.camera
                 else self._topics.server("event"))
        self._connection.publish(topic, event_message(event, url, change.change))

    def _publish_final_stills(self) -> None:
        due = [id for id, at in self._stills.items() if self._clock.monotonic() >= at]
        for event in self._read_events(due):
            self._publish_still(event)
        for id in due:
            del self._stills[id]

    def _publish_last_stills(self) -> None:
        """Publish the still of each camera's last motion."""
        if not self._publication.offer.stills:
            return
        try:
            with self._publication.store.reading() as reader:
                last = [event for camera in self._publication.server.cameras
                        for event in reader.page(1, filters=Filters(
                            camera.name, MOTION))[0]]
        except EventsError as error:
            log.debug("no stills for the broker: %s", error)
            return
        for event in last:
            self._publish_still(event)

    def _read_events(self, ids: list[int]) -> list[Event]:
        try:
            with self._publication.store.reading() as reader:
                return reader.events(ids) if ids else []
        except EventsError as error:
            log.debug("no stills for the broker: %s", error)
            return []

    def _publish_still(self, event: Event) -> None:
        camera = self._publication.server.camera(event.camera)
        if not (self._publication.offer.stills and camera and event.picture):
            return
        jpeg = self._publication.still(event)
        if jpeg is None:
            return
        if len(jpeg) + PACKET_OVERHEAD_BYTES > self._connection.max_packet_bytes:
            log.debug("a still of %d bytes is too large for the broker", len(jpeg))
            return
        self._connection.publish(self._topics.camera(camera.name, "still"), jpeg,
                                 retain=True)

    def _retained(self) -> set[str]:
        """Return all topics that are published as retained ones."""
        server, topics = self._publication.server, self._topics
        return {topics.availability, *self._configs, *server_states(topics, server),
                *self._camera_states(), *self._still_topics()}

    def _still_topics(self) -> Iterator[str]:
        if self._publication.offer.stills:
            for camera in self._publication.server.cameras:
                yield self._topics.camera(camera.name, "still")

"""One connection to a broker, within bounds on what that may cost us."""

import logging
import select
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from pyimagesearch.errors import printable

from .broker import (
    TAKEN_OVER,
    Broker,
    BrokerError,
    BrokerRefused,
    UnknownProtocol,
    refusal,
)
from .broker_client import MQTT_3, MQTT_5, BoundedClient, connect, make_client
from .read_allowance import ReadAllowance

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0       # for the broker to acknowledge what it gets
POLL_SECONDS = 1.0          # between two looks at deadlines
MAX_UNACKNOWLEDGED = 20     # messages
MAX_PACKETS_AT_ONCE = 50    # read, before something else is done
READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
MAX_WAITING_MESSAGES = 50   # received, and not taken yet; the oldest are dropped
DO_NOT_SEND_RETAINED = 2    # when a subscription begins (MQTT 5, 3.8.3.1)


class Message(NamedTuple):
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool


class Will(NamedTuple):
    """What the broker publishes, retained, if this connection ends unexpectedly."""

    topic: str
    payload: bytes


class Sent(NamedTuple):
    """A message that the broker has not acknowledged."""

    topic: str
    retained: bool
    deadline: float     # [s, monotonic]


class BrokerConnection:
    """
    A connection to *broker*, open until :meth:`close`; belongs to one thread.

    Every method but :meth:`take` and :meth:`close` raises :exc:`BrokerError` once the
    connection is lost. paho runs no thread of its own: :meth:`serve` does its work. The
    broker answers within ten seconds, or counts as lost. However much it sends, reading
    takes little of the processor, and no memory to speak of.
    """

    def __init__(self, broker: Broker, client_id: str, will: Will | None = None, *,
                 protocol: MQTTProtocolVersion = MQTT_5,
                 on_acknowledged: Callable[[bool], object] = lambda retained: None,
                 answer_seconds: float = ANSWER_SECONDS) -> None:
        self.max_packet_bytes = 2**28   # that the broker takes
        self._broker = broker
        self._answer_seconds = answer_seconds
        self._on_acknowledged = on_acknowledged
        self._unacknowledged: dict[int, Sent] = {}
        self._window = MAX_UNACKNOWLEDGED
        self._received: deque[Message] = deque(maxlen=MAX_WAITING_MESSAGES)
        self._allowance = ReadAllowance(time.monotonic)
        self._is_accepted = False
        self._error: BrokerError | None = None
        self._client = self._make_client(client_id, protocol)
        if will:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        try:
            self._connect()
        except BaseException:
            self.close()
            raise

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish *payload*; waits only while many messages are not acknowledged."""
        while len(self._unacknowledged) >= self._window:
            self.serve(self._answer_seconds)
        self._check()
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        self._unacknowledged[info.mid] = Sent(
            topic, retain, time.monotonic() + self._answer_seconds)
        self._check(info.rc)

    def subscribe(self, topics: Iterable[str]) -> None:
        """Receive what is published to *topics* from now on."""
        if self._client.protocol == MQTT_5:
            options = SubscribeOptions(qos=1, retainHandling=DO_NOT_SEND_RETAINED)
            result, _ = self._client.subscribe([(each, options) for each in topics])
        else:
            result, _ = self._client.subscribe([(each, 1) for each in topics])
        self._check(result)

    def serve(self, seconds: float, wake_up: int | None = None) -> None:
        """
        Wait for the network, at most *seconds*, and do what it permits.

        It returns early once *wake_up*, a file descriptor, can be read.
        """
        self._check()
        pause = self._allowance.pause
        wait = min(seconds, POLL_SECONDS, pause or POLL_SECONDS, self._time_left())
        happened = self._poll(max(0.0, wait), wake_up, reading=pause == 0)
        packets = MAX_PACKETS_AT_ONCE
        while happened & READABLE and packets:
            with self._allowance.measured():
                self._run(self._client.loop_read)
            packets -= 1
            happened = self._poll(0, None, reading=self._allowance.pause == 0)
        if happened & select.POLLOUT:
            self._run(self._client.loop_write)
        self._run(self._client.loop_misc)
        if self._time_left() <= 0:
            raise BrokerError(f"{self._broker.address} does not respond")

    def settle(self, seconds: float) -> bool:
        """Wait until all is acknowledged, at most *seconds*; return whether it is."""
        until = time.monotonic() + seconds
        while self._unacknowledged and (left := until - time.monotonic()) > 0:
            self.serve(left)
        return not self._unacknowledged

    def take(self) -> list[Message]:
        """Return the messages received since the last call."""
        messages = list(self._received)
        self._received.clear()
        return messages

    def close(self) -> None:
        """
        Disconnect cleanly, so that the broker publishes no will.

        What refers to this object is dropped, so that its memory is free at once.
        """
        client = self._client
        client.on_disconnect = client.on_message = client.on_publish = None
        client.on_connect = client.on_subscribe = None
        try:
            client.disconnect()
            client.loop_write()
        except (OSError, ValueError) as error:
            log.debug("the connection to the broker was lost before: %s", error)
        if connection := client.socket():       # it took nothing any more
            connection.close()
        self._error = None      # its traceback refers to this object

    def _make_client(self, client_id: str, protocol: MQTTProtocolVersion
                     ) -> BoundedClient:
        client = make_client(self._broker, client_id, protocol)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        return client

    def _connect(self) -> None:
        """Connect, and wait until the broker accepts that."""
        connect(self._client, self._broker)
        until = time.monotonic() + self._answer_seconds
        while not self._is_accepted:
            if time.monotonic() >= until:
                raise BrokerError(f"{self._broker.address} does not respond")
            self.serve(until - time.monotonic())

    def _run(self, step: Callable[[], MQTTErrorCode]) -> None:
        """Do a *step* of paho's; whatever a broker sends becomes a BrokerError."""
        try:
            result = step()
        except Exception as error:  # its parser raises what it likes
            log.debug("paho failed at what the broker sent", exc_info=True)
            raise self._unknown(f"({type(error).__name__})") from None
        self._check(result)

    def _check(self, result: MQTTErrorCode = MQTTErrorCode.MQTT_ERR_SUCCESS) -> None:
        if self._error:
            raise self._error
        if result not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_AGAIN):
            raise self._lost()

    def _poll(self, seconds: float, wake_up: int | None, *, reading: bool) -> int:
        """Wait, at most *seconds*; return what the connection is ready for."""
        connection = self._client.socket()
        if connection is None:
            raise self._error or self._lost()
        writing = select.POLLOUT if self._client.want_write() else 0
        if reading and isinstance(connection, ssl.SSLSocket) and connection.pending():
            return select.POLLIN | writing
        poll = select.poll()    # not select(): that knows only 1024 descriptors
        poll.register(connection, writing | (select.POLLIN if reading else 0))
        if wake_up is not None:
            poll.register(wake_up, select.POLLIN)
        return dict(poll.poll(seconds * 1000)).get(connection.fileno(), 0)

    def _time_left(self) -> float:
        """Return how long the broker may take to acknowledge the oldest message [s]."""
        for sent in self._unacknowledged.values():
            return sent.deadline - time.monotonic()
        return float("inf")

    def _lost(self) -> BrokerError:
        """Return why there is no connection any more."""
        if self._client.violation:
            return BrokerError(self._client.violation)
        return BrokerError("the broker has closed the connection") if (
            self._is_accepted) else self._unknown()

    def _unknown(self, detail: str = "") -> BrokerError:
        return UnknownProtocol(f"{self._broker.address} does not answer like a broker "
                               f"of MQTT {detail}".rstrip())

    # --- called by paho, in the thread of serve()

    def _on_connect(self, client: paho.Client, userdata: Any, flags: paho.ConnectFlags,
                    code: ReasonCode, properties: Properties | None) -> None:
        if code.is_failure:
            self._error = refusal(code.value, str(code))
            return
        self._is_accepted = True
        self.max_packet_bytes = getattr(properties, "MaximumPacketSize",
                                        self.max_packet_bytes)
        self._window = min(self._window, getattr(properties, "ReceiveMaximum",
                                                 self._window))
        if getattr(properties, "RetainAvailable", 1) == 0:
            self._error = BrokerRefused("the broker keeps no retained messages, which "
                                        "states need")

    def _on_disconnect(self, client: paho.Client, userdata: Any,
                       flags: paho.DisconnectFlags, code: ReasonCode,
                       properties: Properties | None) -> None:
        if flags.is_disconnect_packet_from_server and not self._error:
            self._error = (
                refusal(code.value, str(code)) if code.value == TAKEN_OVER else
                BrokerError(f"the broker ended the connection: {printable(str(code))}"))
        self._error = self._error or self._lost()

    def _on_message(self, client: paho.Client, userdata: Any,
                    message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._received.append(Message(topic, bytes(message.payload), message.retain))

    def _on_publish(self, client: paho.Client, userdata: Any, mid: int,
                    code: ReasonCode, properties: Properties | None) -> None:
        sent = self._unacknowledged.pop(mid, None)
        if sent and code.is_failure:
            self._error = BrokerRefused("the broker does not let this user publish to "
                                        f"{sent.topic}: {printable(str(code))}")
        elif sent:
            self._on_acknowledged(sent.retained)

    def _on_subscribe(self, client: paho.Client, userdata: Any, mid: int,
                      codes: list[ReasonCode], properties: Properties | None) -> None:
        for code in codes:
            if code.is_failure:
                log.warning("%s: the broker does not let this user receive commands "
                            "and starts of Home Assistant: %s", self._broker.name,
                            printable(str(code)))


def open_connection(broker: Broker, client_id: str, will: Will | None = None,
                    **options: Any) -> BrokerConnection:
    """Connect by MQTT 5, or by MQTT 3.1.1 to a broker that does not know that."""
    try:
        return BrokerConnection(broker, client_id, will, **options)
    except UnknownProtocol:
        return BrokerConnection(broker, client_id, will, protocol=MQTT_3, **options)

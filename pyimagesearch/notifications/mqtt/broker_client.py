"""paho's client, within bounds, and with the login of a broker."""

import ssl

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from .broker import Broker

CONNECT_SECONDS = 5.0       # for the TCP connection, and again for TLS
MAX_PACKET_BYTES = 64 * 1024    # that the broker may send: commands are a few bytes
QOS_BITS, QOS_2 = 0b110, 0b100  # of the first byte of a message (MQTT 5, 3.3.1)


class BoundedClient(paho.Client):
    """
    A client that hangs up at messages which would take much memory.

    They are too large, which is noticed before they are read, or of the quality of
    service 2: paho keeps these until the broker releases them, which it may never do,
    and it was not asked for them. :attr:`violation` says what the broker did.
    """

    violation = ""

    def _sock_recv(self, bufsize: int) -> bytes:
        """Receive at most *bufsize*, all that is left of a packet."""
        if bufsize > MAX_PACKET_BYTES:
            self.violation = ("the broker sent a message of more than "
                              f"{MAX_PACKET_BYTES // 1024} kB")
            raise ConnectionError(self.violation)
        return super()._sock_recv(bufsize)

    def _handle_publish(self) -> MQTTErrorCode:
        """Take a message that has been received."""
        if self._in_packet["command"] & QOS_BITS == QOS_2:
            self.violation = ("the broker sent a message of another quality of service "
                              "than requested")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._handle_publish()


def make_client(broker: Broker, client_id: str, protocol: MQTTProtocolVersion
                ) -> BoundedClient:
    """Return a client of *broker* that is not connected yet, and runs no thread."""
    client = BoundedClient(CallbackAPIVersion.VERSION2, client_id, protocol=protocol,
                           reconnect_on_failure=False)
    if broker.tls:
        client.tls_set_context(ssl.create_default_context())
    if broker.user is not None:
        client.username_pw_set(broker.user, broker.password)
    client.connect_timeout = CONNECT_SECONDS
    return client

"""paho's client, within bounds, and with the login of a broker."""

import ssl

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from .broker import Broker

CONNECT_SECONDS = 5.0       # for the TCP connection, and again for TLS
MAX_PACKET_BYTES = 64 * 1024    # that the broker may send: commands are a few bytes


class BoundedClient(paho.Client):
    """A client that hangs up at a message which is too large, before reading it."""

    oversized = False

    def _sock_recv(self, bufsize: int) -> bytes:
        """Receive at most *bufsize*, all that is left of a packet."""
        if bufsize > MAX_PACKET_BYTES:
            self.oversized = True
            raise ConnectionError("the packet is too large")
        return super()._sock_recv(bufsize)


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

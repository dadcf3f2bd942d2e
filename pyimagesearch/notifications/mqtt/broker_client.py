"""paho's client: bounded, with the login of a broker, and connected to it."""

import ssl

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .broker import Broker, BrokerError

MQTT_5, MQTT_3 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311
KEEPALIVE_SECONDS = 20      # of silence, after which each side checks the other
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


def connect(client: BoundedClient, broker: Broker) -> None:
    """Open the connection of *client* to *broker*; raises :exc:`BrokerError`."""
    where, properties = broker.address, None
    if client.protocol == MQTT_5:
        properties = Properties(PacketTypes.CONNECT)    # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = MAX_PACKET_BYTES
    try:
        client.connect(
            broker.host, broker.port, KEEPALIVE_SECONDS,
            clean_start=properties is not None or paho.MQTT_CLEAN_START_FIRST_ONLY,
            properties=properties)
    except ssl.SSLCertVerificationError as error:
        raise BrokerError(f"the certificate of {where} is not trusted: "
                          f"{error.verify_message}") from None
    except ssl.SSLError as error:
        raise BrokerError(f"{where} does not speak TLS as expected "
                          f"({error.reason or 'no handshake'}); "
                          "is it mqtt:// without TLS, or another port?") from None
    except TimeoutError:
        raise BrokerError(f"{where} does not respond") from None
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such host"
        if broker.tls and isinstance(error, ConnectionResetError):
            raise BrokerError(f"{where} closed the connection at the start of TLS; "
                              "is it mqtt:// without TLS, or another port?") from None
        raise BrokerError(f"{where} cannot be reached: {why}") from None

"""The broker that the settings name, and what can go wrong with it."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from pyimagesearch.errors import SettingsError, SurveillanceError, printable
from pyimagesearch.settings.settings import MQTT_ALLOWED, Settings

BAD_LOGIN = (0x86, 0x87, 0x8A, 0x8C)    # reasons of MQTT 5
OTHER_VERSION, TAKEN_OVER = 0x84, 0x8E
PLAIN_PORT, TLS_PORT = 1883, 8883
# a password may hold any character but a slash, even unescaped: the last @ ends it
BROKER_PATTERN = re.compile(
    r"(?i:(?P<scheme>mqtts?))://(?:(?P<user>[^/:@]{,999})(?::(?P<password>[^/]{,999}))?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]?#]+)(?::(?P<port>[0-9]{1,5}))?/?")


class BrokerError(SurveillanceError):
    """The broker cannot be used now; another try may help. Names no secret."""


class BrokerRefused(BrokerError):
    """The broker refuses this client; other settings may help."""


class UnknownProtocol(BrokerError):
    """What answered does not speak this version of the protocol."""


@dataclass(frozen=True)
class Broker:
    """How to reach a broker, and to log in there; its ``repr`` shows no secret."""

    host: str
    port: int
    tls: bool
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Its host, and the port if that is unusual."""
        usual = self.port == (TLS_PORT if self.tls else PLAIN_PORT)
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if usual else f"{host}:{self.port}"

    @property
    def name(self) -> str:
        """The name of the channel, for people."""
        return f"MQTT {self.address}"


def broker_of(settings: Settings) -> Broker | None:
    """Return the broker of *settings*, if any; raises :exc:`SettingsError`."""
    if settings.mqtt is None:
        return None
    found = BROKER_PATTERN.fullmatch(settings.mqtt)
    port = int(found["port"] or 0) if found else -1
    if not found or not (port in range(1, 65_536) or found["port"] is None):
        raise SettingsError(f"mqtt must be {MQTT_ALLOWED}")     # it may hold a password
    tls = found["scheme"].lower() == "mqtts"
    user, password = (None if each is None else unquote(each) for each in
                      (found["user"] or None, found["password"]))
    if password is not None and user is None:
        raise SettingsError("mqtt has a password without a user; it must be "
                            f"{MQTT_ALLOWED}")
    return Broker(found["host"].strip("[]"), port or (TLS_PORT if tls else PLAIN_PORT),
                  tls, user, password)


def refusal(reason: int, words: str) -> BrokerError:
    """Return the error for a *reason* code of MQTT 5, which paho puts in *words*."""
    if reason in BAD_LOGIN:
        return BrokerRefused("the broker refuses the login; check user and password")
    if reason == OTHER_VERSION:
        return UnknownProtocol("the broker speaks another version of MQTT")
    if reason == TAKEN_OVER:
        return BrokerRefused(
            "another program has connected to the broker with the id of this one; if "
            "the data folder was copied from another server, remove mqtt.json there")
    return BrokerRefused(f"the broker refuses the connection: {printable(words)}")

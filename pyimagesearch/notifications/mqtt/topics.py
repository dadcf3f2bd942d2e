"""The topics of one server and its cameras."""

from collections.abc import Iterator
from typing import NamedTuple

DISCOVERY_OFF = "off"
SET = "set"             # last part of the topics of commands
OBJECT_PREFIX = "webstreaming"


class Topics(NamedTuple):
    """All topics below ``PREFIX/NODE``, and those of Home Assistant's discovery."""

    prefix: str
    node: str           # eight hexadecimal digits, different for each server
    discovery: str      # prefix, or DISCOVERY_OFF

    @property
    def base(self) -> str:
        """What all topics of this server begin with."""
        return f"{self.prefix}/{self.node}"

    @property
    def availability(self) -> str:
        """Whether this server is connected: ``online`` or ``offline``."""
        return f"{self.base}/availability"

    @property
    def birth(self) -> str | None:
        """Where Home Assistant says ``online`` when it starts."""
        return f"{self.discovery}/status" if self.has_discovery else None

    @property
    def has_discovery(self) -> bool:
        """Whether entities are announced to Home Assistant."""
        return self.discovery != DISCOVERY_OFF

    @property
    def device(self) -> str:
        """The id of the server as a device."""
        return f"{OBJECT_PREFIX}_{self.node}"

    def server(self, subject: str) -> str:
        """Return the topic of a *subject* of the whole server."""
        return f"{self.base}/{subject}"

    def camera(self, name: str, subject: str) -> str:
        """Return the topic of a *subject* of camera *name*."""
        return f"{self.base}/{name}/{subject}"

    def config(self, camera: str | None = None) -> str:
        """Return the discovery topic of the server, or of *camera*."""
        suffix = "" if camera is None else f"_{camera}"
        return f"{self.discovery}/device/{self.device}{suffix}/config"

    def commands(self) -> Iterator[str]:
        """Yield what to subscribe to for commands."""
        yield f"{self.base}/+/{SET}"
        yield f"{self.base}/+/+/{SET}"

    def command(self, topic: str) -> tuple[str, ...] | None:
        """Return the parts of the *topic* of a command, without base and SET."""
        parts = topic.removeprefix(f"{self.base}/").split("/")
        if not topic.startswith(f"{self.base}/") or parts.pop() != SET or not parts:
            return None
        return tuple(parts)

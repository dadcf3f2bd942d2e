"""What a browser or player is given to show again: signed by itsdangerous."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from pyimagesearch.clock import Clock

from .roles import Client, Role

LASTS = 3600.0      # seconds in which a player must have connected


class Keys:
    """
    Sign and read cookies and the keys of single streams.

    Each sort has a salt of its own, so that none passes for another.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sign(self, key: str, sort: str, content: Any) -> str:
        """Return *content* as text that only the holder of *key* can make."""
        text = URLSafeSerializer(key, salt=sort).dumps(content)
        return text if isinstance(text, str) else text.decode()

    def read(self, key: str, sort: str, text: str) -> Any:
        """Return what was signed, or ``None`` for everything else."""
        try:
            return URLSafeSerializer(key, salt=sort).loads(text)
        except BadData:
            return None

    def stream_key(self, key: str, client: Client, path: str) -> str:
        """Return what opens *path*, and nothing else, on behalf of *client*."""
        until = int(self._clock.time() + LASTS)
        return self.sign(key, "stream", [
            path, until, client.role.value, client.stamp, client.session])

    def by_stream_key(self, key: str, text: str, path: str) -> Client | None:
        """Return on whose behalf *text* opens *path*, as a viewer; or ``None``."""
        found = self.read(key, "stream", text)
        if not (isinstance(found, list) and len(found) == 5):
            return None
        allowed, until, role, stamp, session = found
        if allowed != path or self._clock.time() > until:
            return None
        return Client(Role(role), stamp, session, keyed=True)

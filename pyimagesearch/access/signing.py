"""Signed cookies and stream keys, made and verified by itsdangerous."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from pyimagesearch.clock import Clock

from .roles import Client, Role

STREAM_KEY_SECONDS = 3600.0     # within which a player must have connected


class Signer:
    """
    Sign and verify cookies and stream keys.

    Each purpose has a salt of its own, so that none passes for another.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def sign(self, key: str, purpose: str, content: Any) -> str:
        """Return *content* as text that only the holder of *key* can make."""
        text = URLSafeSerializer(key, salt=purpose).dumps(content)
        return text if isinstance(text, str) else text.decode()

    def verify(self, key: str, purpose: str, text: str) -> Any:
        """Return the content of *text*, or ``None`` unless it is signed by *key*."""
        try:
            return URLSafeSerializer(key, salt=purpose).loads(text)
        except BadData:
            return None

    def stream_key(self, key: str, client: Client, path: str) -> str:
        """Return a stream key that opens *path*, and nothing else, for *client*."""
        until = int(self._clock.time() + STREAM_KEY_SECONDS)
        return self.sign(key, "stream", [
            path, until, client.role.value, client.stamp, client.session])

    def verify_stream_key(self, key: str, text: str, path: str) -> Client | None:
        """Return the client that may watch *path* with the stream key *text*."""
        content = self.verify(key, "stream", text)
        if not (isinstance(content, list) and len(content) == 5):
            return None
        allowed, until, role, stamp, session = content
        if allowed != path or self._clock.time() > until:
            return None
        return Client(Role(role), stamp, session, by_stream_key=True)

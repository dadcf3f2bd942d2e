"""Signed cookies and stream keys, made and verified by itsdangerous."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from .roles import Client, Role

STREAM_KEY_SECONDS = 3600.0     # within which a player must have connected


def sign(key: str, purpose: str, content: Any) -> str:
    """
    Return *content* as text that only the holder of *key* can make.

    Each *purpose* has a salt of its own, so that none passes for another.
    """
    return URLSafeSerializer(key, salt=purpose).dumps(content)


def verify(key: str, purpose: str, text: str) -> Any:
    """Return the content of *text*, or ``None`` unless it is signed by *key*."""
    try:
        return URLSafeSerializer(key, salt=purpose).loads(text)
    except BadData:
        return None


def sign_stream_key(key: str, client: Client, path: str, now: float) -> str:
    """Return a stream key that opens *path*, and nothing else, for *client*."""
    return sign(key, "stream", [path, int(now + STREAM_KEY_SECONDS), client.role.value,
                                client.stamp, client.session])


def verify_stream_key(key: str, text: str, path: str, now: float) -> Client | None:
    """Return the client that may watch *path* with the stream key *text*."""
    content = verify(key, "stream", text)
    if not (isinstance(content, list) and len(content) == 5):
        return None
    allowed, until, role, stamp, session = content
    if allowed != path or now > until:
        return None
    return Client(Role(role), stamp, session, by_stream_key=True)


def sign_share_key(key: str, client: Client, event: int, until: float) -> str:
    """Return a key with which *client* shows *event* to others, *until* that time."""
    return sign(key, "share", [event, int(until), client.role.value, client.stamp])


def verify_share_key(key: str, text: str, event: int, now: float
                     ) -> tuple[Client, float] | None:
    """Return who shows *event* with the key *text*, and until when."""
    content = verify(key, "share", text)
    if not (isinstance(content, list) and len(content) == 4):
        return None
    allowed, until, role, stamp = content
    if allowed != event or now > until:
        return None
    return Client(Role(role), stamp), until

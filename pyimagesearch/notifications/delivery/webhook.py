"""Post alerts as JSON to a URL, optionally signed and with their still."""

import hashlib
import hmac
import json
import secrets

from ..alert import Alert
from .http_receiver import HttpReceiver
from .http_sender import HttpSender

WEBHOOK_SECONDS = 5.0       # for a whole request


class Webhook:
    """
    The webhook at *receiver*; *key* is that of the channel.

    With *secret*, requests are signed; with *stills*, they are multipart/form-data.
    """

    takes_updates = True

    def __init__(self, receiver: HttpReceiver, key: str, *, secret: str | None = None,
                 stills: bool = False, seconds: float = WEBHOOK_SECONDS) -> None:
        self.name = f"webhook {receiver.name}"
        self.key = key
        self._secret = secret
        self._stills = stills
        self._sender = HttpSender(receiver, seconds)

    def send(self, alert: Alert) -> None:
        """Post *alert*; raises :exc:`DeliveryFailed`. Blocks up to five seconds."""
        fields = json.dumps(alert.as_json()).encode()
        kind, body = "application/json", fields
        if self._stills:
            kind, body = form_of(fields, alert)
        headers = {"Content-Type": kind, "Idempotency-Key": alert.key}
        if self._secret:
            headers["X-Signature"] = signature(self._secret, body)
        self._sender.send("POST", body, headers)

    def close(self) -> None:
        """End what :meth:`send` does now."""
        self._sender.close()


def signature(secret: str, body: bytes) -> str:
    """Return the header by which a receiver that has *secret* authenticates *body*."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def form_of(fields: bytes, alert: Alert) -> tuple[str, bytes]:
    """Return type and content of a form of the *fields* and the still of *alert*."""
    boundary = secrets.token_hex(16).encode()
    parts = [b'name="alert"\r\nContent-Type: application/json\r\n\r\n' + fields]
    if alert.still:
        name = f'name="still"; filename="{alert.tag}.jpg"'.encode()
        parts.append(name + b"\r\nContent-Type: image/jpeg\r\n\r\n" + alert.still)
    body = b"".join(b"--%b\r\nContent-Disposition: form-data; %b\r\n" % (boundary, part)
                    for part in parts)
    return (f"multipart/form-data; boundary={boundary.decode()}",
            body + b"--%b--\r\n" % boundary)

"""What browsers make when they subscribe to web push, and what they read."""

import json
import os

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pyimagesearch.notifications.delivery.push_encryption import as_base64


class Browser:
    """The keys of a browser, which reads messages to *endpoint*."""

    def __init__(self, endpoint="https://push.example.org/send/a-secret-path"):
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        self.subscription = {
            "endpoint": endpoint, "expirationTime": None, "keys": {
                "p256dh": as_base64(self._private.public_key().public_bytes(
                    Encoding.X962, PublicFormat.UncompressedPoint)),
                "auth": as_base64(self._auth)}}

    def read(self, body):
        """Return the message that was encrypted as *body*."""
        return json.loads(http_ece.decrypt(body, private_key=self._private,
                                           auth_secret=self._auth))

"""The cryptography of web push: VAPID (RFC 8292) and encrypted messages (RFC 8291)."""

import base64
import os
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

TOKEN_SECONDS = 12 * 3600   # for which a push service may accept one; RFC 8292: a day
# Push services want to know whom to write to about problems. This address is reserved
# (RFC 2606): the name of this server or of its owner is none of their business.
CONTACT = "mailto:webstreaming@example.org"
AUTH_BYTES = 16             # of the secret of a subscription


def new_key() -> str:
    """Return a new private key, which identifies this server to push services."""
    number = generate_private_key(SECP256R1()).private_numbers().private_value
    return as_base64(number.to_bytes(32))


def public_key(private: str) -> str:
    """Return the public key of *private*, as browsers take it."""
    found = Vapid02.from_raw(private.encode()).public_key
    return as_base64(found.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def authorization(private: str, endpoint: str, now: float) -> str:
    """Return the header with which the server of *endpoint* accepts a message."""
    where = urlsplit(endpoint)
    claims = {"sub": CONTACT, "aud": f"{where.scheme}://{where.netloc}",
              "exp": int(now) + TOKEN_SECONDS}
    header: str = Vapid02.from_raw(private.encode()).sign(claims)["Authorization"]
    return header


def encrypt(content: bytes, p256dh: str, auth: str) -> bytes:
    """Encrypt *content* so that only the browser with these keys can read it."""
    encrypted: bytes = http_ece.encrypt(
        content, salt=os.urandom(16), private_key=generate_private_key(SECP256R1()),
        dh=from_base64(p256dh), auth_secret=from_base64(auth), version="aes128gcm")
    return encrypted


def check_keys(p256dh: str, auth: str) -> None:
    """Raise :exc:`ValueError` unless these can be the keys of a subscription."""
    EllipticCurvePublicKey.from_encoded_point(SECP256R1(), from_base64(p256dh))
    if len(from_base64(auth)) != AUTH_BYTES:
        raise ValueError


def as_base64(content: bytes) -> str:
    """Return *content* in the URL-safe Base64 without padding that browsers use."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64(text: str) -> bytes:
    """Return what :func:`as_base64` encoded; raises :exc:`ValueError`."""
    return base64.b64decode(text + "=" * (-len(text) % 4), "-_", validate=True)

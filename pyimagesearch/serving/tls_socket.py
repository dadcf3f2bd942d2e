"""Non-blocking ``send`` and ``recv`` over TLS, as those of a plain socket."""

import contextlib
import ssl
from typing import Any

RECORD_BYTES = 16 * 1024    # that TLS encrypts at once


class TlsSocket:
    """
    Adapt *client*, a gevent TLS socket, to the calls of a plain non-blocking one.

    OpenSSL accepts a record as a whole and must be offered the same record again if it
    could not send all of it. So each record is sent by itself, and its bytes count as
    sent only then. Belongs to the hub's thread.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        client.settimeout(0)

    def send(self, data: bytes | memoryview) -> int:
        """Return how many bytes of *data* were sent; raises :exc:`BlockingIOError`."""
        view, sent = memoryview(data), 0
        while sent < len(view):
            # gevent's socket returns 0 for what would block
            count: int = self._client.send(view[sent:sent + RECORD_BYTES])
            if not count:
                break
            sent += count
        if not sent:
            raise BlockingIOError
        return sent

    def recv(self, size: int) -> bytes:
        """Return what was received, empty at the end; raises BlockingIOError."""
        try:
            data: bytes = self._client.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        return data

    def end(self) -> None:
        """Send TLS's closing alert, if the connection takes it now."""
        with contextlib.suppress(OSError, ValueError):      # gone, or mid-record
            self._client.unwrap()

"""A TLS connection that takes bytes like a plain non-blocking socket."""

import contextlib
import ssl
from typing import Any

RECORD = 16 * 1024      # bytes that TLS encrypts at once


class TlsSocket:
    """
    The ``send`` and ``recv`` of a non-blocking socket, for *client* under TLS.

    OpenSSL takes a record as a whole, and what it could not send of one it must
    be offered again: so each record goes down by itself, and its bytes count as
    sent only then. Belongs to the hub's thread.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        client.settimeout(0)

    def send(self, data: bytes | memoryview) -> int:
        """Return how many bytes of *data* were taken; or :exc:`BlockingIOError`."""
        view, taken = memoryview(data), 0
        while taken < len(view):
            # gevent's socket returns 0 for what would block
            count: int = self._client.send(view[taken:taken + RECORD])
            if not count:
                break
            taken += count
        if not taken:
            raise BlockingIOError
        return taken

    def recv(self, size: int) -> bytes:
        """Return what was received, nothing at its end; or :exc:`BlockingIOError`."""
        try:
            data: bytes = self._client.recv(size)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        return data

    def end(self) -> None:
        """Tell the other side that this was all, if it takes that now."""
        with contextlib.suppress(OSError, ValueError):      # gone, or in mid-record
            self._client.unwrap()

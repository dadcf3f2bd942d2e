"""Read from a client in blocks, each of which waits for its turn."""

import io
from collections.abc import Callable
from typing import Any

BLOCK_BYTES = 4096


class PacedInput(io.RawIOBase):
    """
    What *client*, a gevent socket, sends.

    *before* is called before more is received, when all before it was processed, and
    *after* with the size of what was received; it may wait, or raise :exc:`OSError`.
    """

    def __init__(self, client: Any, before: Callable[[], object],
                 after: Callable[[int], object]) -> None:
        self._client = client
        self._before = before
        self._after = after

    def readable(self) -> bool:
        """Return that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Receive into *buffer*; return how many bytes, 0 at the end."""
        self._before()
        size: int = self._client.recv_into(buffer)
        if size:
            self._after(size)
        return size

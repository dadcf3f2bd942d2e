"""Shorten a ``Cookie`` line that servers on other ports of the host made too long."""

import io
import re
from collections.abc import Callable

from .http_syntax import RequestRefused, bad_request

LONG_LINE_BYTES = 8 * 1024      # up to which a line stays as it is
MAX_LINE_BYTES = 1024 * 1024    # browsers keep 180 cookies of 4 kB for a host
MAX_OWN_COOKIES = 50            # of which the right one is sought

COOKIE_LINE = re.compile(rb"cookie:", re.IGNORECASE)
CLEAN_PIECE = re.compile(rb"[^\x00\r\n]*(?:\r?\n)?")


class CookieLines:
    """
    The lines of *file*; a long ``Cookie`` line has only our own cookies.

    Browsers send the cookies of all ports of a host: with too many, another server
    would lock all users out. *own* returns what the name and value of ours match.
    """

    def __init__(self, file: io.BufferedReader, own: Callable[[], re.Pattern[bytes]]
                 ) -> None:
        self._file = file
        self._own = own

    def read(self, size: int, /) -> bytes:
        """Return *size* bytes, or less at the end."""
        return self._file.read(size)

    def readline(self, size: int, /) -> bytes:
        """Return up to *size* bytes of the next line; raises :exc:`RequestRefused`."""
        line = self._file.readline(min(size, LONG_LINE_BYTES))
        if line.endswith(b"\n") or len(line) < LONG_LINE_BYTES:
            return line
        if COOKIE_LINE.match(line):
            return self._shortened(line)
        return line + self._file.readline(size - len(line))

    def _shortened(self, begin: bytes) -> bytes:
        """Read the rest of a line in pieces; return it with our cookies only."""
        own, kept = self._own(), [b" shortened=1"]  # as there were cookies of a browser
        piece, pending, size = begin.partition(b":")[2], b"", 0
        while piece:
            if piece.endswith(b"\r"):
                piece += self._file.read(1)
            check_piece(piece, size := size + len(piece))
            *pairs, pending = (pending + piece).split(b";")
            kept += filter(own.fullmatch, pairs)
            if len(pending) > LONG_LINE_BYTES:
                pending = b"-"      # it is none of ours, with whatever follows
            if piece.endswith(b"\n"):
                break
            piece = self._file.readline(LONG_LINE_BYTES)
        kept += filter(own.fullmatch, [pending.rstrip(b"\r\n")])
        return b"Cookie:" + b";".join(kept[:MAX_OWN_COOKIES]) + b"\r\n"


def check_piece(piece: bytes, size: int) -> None:
    """Refuse a *piece* of a line of *size* bytes if it is malformed or too much."""
    if not CLEAN_PIECE.fullmatch(piece):
        raise bad_request("A header line is malformed.")
    if size > MAX_LINE_BYTES:
        raise RequestRefused("431 Request Header Fields Too Large",
                             f"The cookies are more than {MAX_LINE_BYTES} bytes.")

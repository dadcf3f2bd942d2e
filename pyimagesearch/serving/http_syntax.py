"""What a request may look like, and where it ends: nothing that is open to doubt."""

import http.client
import io
import re

# of the sentences that are not answered by the application
PLAIN = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
         "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
         "X-Content-Type-Options": "nosniff", "Connection": "close"}
MOST_HEAD, MOST_BODY = 32 * 1024, 64 * 1024     # bytes

REQUEST = re.compile(r"[A-Z]{1,20} /[^\x00-\x20\x7f]* HTTP/1\.[01]\r?\n")
HEADER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00\r\n]*\r?\n|\r?\n")


class Refused(ValueError):
    """A request that is answered with *status* and *sentence*, and nothing more."""

    def __init__(self, status: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status

    def answer(self) -> bytes:
        """Return the whole response."""
        body = f"{self}\n"
        headers = {**PLAIN, "Content-Length": str(len(body.encode()))}
        lines = [f"HTTP/1.1 {self.status}", *map(": ".join, headers.items()), "", body]
        return "\r\n".join(lines).encode()


def malformed(sentence: str) -> Refused:
    """Return the refusal of what is not HTTP."""
    return Refused("400 Bad Request", sentence)


def is_request(line: str) -> bool:
    """
    Return whether *line*, its bytes as Latin-1, is the first line of a request.

    Bytes that are not ASCII should be percent-encoded in it; some clients do not, and
    are understood as long as it is UTF-8, as the application takes it.
    """
    try:
        line.encode("latin-1").decode()
    except UnicodeError:
        return False
    return REQUEST.fullmatch(line) is not None


class Bounded:
    """The first *most* bytes of *file*; more of them is *refusal*."""

    def __init__(self, file: io.BufferedReader, most: int, refusal: Refused) -> None:
        self._file = file
        self._left = most
        self._refusal = refusal

    def read(self, size: int) -> bytes:
        """Return *size* bytes, or less at the end."""
        return self._counted(self._file.read(min(size, self._left + 1)))

    def readline(self, limit: int = -1) -> bytes:
        """Return one line, or its beginning."""
        most = self._left + 1 if limit < 0 else min(limit, self._left + 1)
        return self._counted(self._file.readline(most))

    def _counted(self, data: bytes) -> bytes:
        self._left -= len(data)
        if self._left < 0:
            raise self._refusal
        return data


class HeaderLines(Bounded):
    """The header lines of a request, each of them what HTTP allows."""

    def readline(self, limit: int = -1) -> bytes:
        """Return the next line."""
        line = super().readline(limit)
        if not HEADER.fullmatch(line):
            raise malformed("A header is not as HTTP has it.")
        return line


def as_refused(error: Exception) -> Refused:
    """Return the refusal that stands for *error* of the libraries beneath."""
    if isinstance(error, http.client.HTTPException):
        return Refused("431 Request Header Fields Too Large",
                       "There are too many headers.")
    return malformed("The request is not as HTTP/1.1 has it.")


def check_framing(headers: http.client.HTTPMessage, version: str) -> None:
    """
    Raise :exc:`Refused` unless everybody sees the end of the request there.

    *version* is that of the request, as ``HTTP/1.1``.
    """
    codings = headers.get_all("transfer-encoding", [])
    lengths = headers.get_all("content-length", [])
    if len(codings) + len(lengths) > 1:
        raise malformed("The length of the body is given twice.")
    if codings and version == "HTTP/1.0":       # which has none (RFC 9112, section 6.1)
        raise malformed("HTTP/1.0 knows no transfer coding.")
    if codings and codings[0].lower() != "chunked":
        raise Refused("501 Not Implemented", "No transfer coding but chunked is known.")
    if lengths and not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
        raise malformed("The length of the body is no number.")
    if len(headers.get_all("host", [])) > 1:
        raise malformed("The host is given twice.")

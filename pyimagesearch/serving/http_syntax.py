"""What a request may look like and where it ends, with nothing left ambiguous."""

import http.client
import re
from typing import Protocol

# of responses that do not come from the application
PLAIN_HEADERS = {
    "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff", "Connection": "close"}
MAX_HEAD_BYTES, MAX_BODY_BYTES = 32 * 1024, 64 * 1024
MIN_READ_BYTES = 8

REQUEST_LINE = re.compile(r"[A-Z]{1,20} /[^\x00-\x20\x7f]* HTTP/1\.[01]\r?\n")
HEADER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\x00\r\n]*\r?\n|\r?\n")
MULTIPART = re.compile(rb"content-type:\W*multipart\b", re.IGNORECASE)


class RequestRefused(ValueError):
    """A request that is answered with *status*, *sentence* and extra *headers*."""

    def __init__(self, status: str, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = {name.replace("_", "-"): value
                        for name, value in headers.items()}

    def response(self) -> bytes:
        """Return the whole response."""
        body = f"{self}\n"
        headers = {**PLAIN_HEADERS, **self.headers,
                   "Content-Length": str(len(body.encode()))}
        lines = [f"HTTP/1.1 {self.status}", *map(": ".join, headers.items()), "", body]
        return "\r\n".join(lines).encode()


def bad_request(sentence: str) -> RequestRefused:
    """Return the refusal of what is not HTTP."""
    return RequestRefused("400 Bad Request", sentence)


def is_request_line(line: str) -> bool:
    """
    Return whether *line*, its bytes decoded as Latin-1, is a request line.

    Bytes beyond ASCII should be percent-encoded; clients that do not do so are
    understood as long as they send UTF-8, as the application expects.
    """
    try:
        line.encode("latin-1").decode()
    except UnicodeError:
        return False
    return REQUEST_LINE.fullmatch(line) is not None


class InputFile(Protocol):
    """What a request is read from."""

    def read(self, size: int, /) -> bytes:
        """Return *size* bytes, or less at the end."""

    def readline(self, size: int, /) -> bytes:
        """Return up to *size* bytes of the next line."""


class BoundedFile:
    """
    The first *size* bytes of *file*; reading more raises *refusal*.

    A read counts as :data:`MIN_READ_BYTES` at least: chunks of a byte take their time.
    """

    def __init__(self, file: InputFile, size: int,
                 refusal: RequestRefused) -> None:
        self._file = file
        self._left = size
        self._refusal = refusal

    def read(self, size: int) -> bytes:
        """Return *size* bytes, or less at the end."""
        return self._counted(self._file.read(min(size, self._left + 1)))

    def readline(self, limit: int = -1) -> bytes:
        """Return one line, or its beginning."""
        size = self._left + 1 if limit < 0 else min(limit, self._left + 1)
        return self._counted(self._file.readline(size))

    def _counted(self, data: bytes) -> bytes:
        self._left -= max(len(data), MIN_READ_BYTES)
        if self._left < 0:
            raise self._refusal
        return data


class HeaderLines(BoundedFile):
    """
    The header lines of a request; a malformed one is refused.

    So is a multipart form, before anything parses its header: Python keeps a compiled
    pattern of each boundary, of up to a megabyte.
    """

    def readline(self, limit: int = -1) -> bytes:
        """Return the next line."""
        line = super().readline(limit)
        if not HEADER_LINE.fullmatch(line):
            raise bad_request("A header line is malformed.")
        if MULTIPART.match(line):
            raise RequestRefused(
                "415 Unsupported Media Type", "Multipart forms are not supported; send "
                "the fields URL-encoded or as JSON.")
        return line


def as_refused(error: Exception) -> RequestRefused:
    """Return the refusal that stands for *error* of the libraries beneath."""
    if isinstance(error, http.client.HTTPException):
        return RequestRefused("431 Request Header Fields Too Large",
                              "There are too many headers.")
    return bad_request("The request is not valid HTTP/1.1.")


def check_framing(headers: http.client.HTTPMessage, version: str) -> None:
    """
    Raise :exc:`RequestRefused` if two servers could disagree where the request ends.

    *version* is that of the request, such as ``HTTP/1.1``.
    """
    codings = headers.get_all("transfer-encoding", [])
    lengths = headers.get_all("content-length", [])
    if len(codings) + len(lengths) > 1:
        raise bad_request("The length of the body is given twice.")
    if codings and version == "HTTP/1.0":       # which has none (RFC 9112, section 6.1)
        raise bad_request("HTTP/1.0 has no transfer coding.")
    if codings and codings[0].lower() != "chunked":
        raise RequestRefused("501 Not Implemented",
                             "The only transfer coding supported is chunked.")
    if lengths and not re.fullmatch(r"[0-9]{1,15}", lengths[0]):
        raise bad_request("The length of the body is not a number.")
    if len(headers.get_all("host", [])) > 1:
        raise bad_request("The host is given twice.")

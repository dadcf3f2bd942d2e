"""Log in to RTSP cameras whose login FFmpeg does not know, such as SHA-256."""

import socket
import time
from email.message import Message
from email.parser import BytesHeaderParser

from pyimagesearch.errors import CameraLost

from .http_login import HttpLogin, UnsupportedLogin
from .url import CameraUrl

MAX_RESPONSE_BYTES = 64 * 1024
HEADER_END = b"\r\n\r\n"
INTERLEAVED_MARK, INTERLEAVED_HEADER_BYTES = b"$", 4    # before RTCP of the client


class RtspLogin:
    """
    Sign the requests of a client that sends none of the login itself.

    Call :meth:`take_challenge` first, on the connection of the requests: many cameras
    make one challenge for each connection.
    """

    def __init__(self, url: CameraUrl) -> None:
        self._url = url
        self._login = HttpLogin(url.user, url.password)
        self._incomplete = b""

    def take_challenge(self, camera: socket.socket) -> None:
        """
        Ask *camera* how to log in.

        Raises :exc:`CameraLost` if no login that it offers is known, and
        :exc:`OSError` if it does not answer.
        """
        camera.sendall(f"DESCRIBE {self._url.bare} RTSP/1.0\r\nCSeq: 1\r\n"
                       "Accept: application/sdp\r\n\r\n".encode())
        offered = read_response(camera).get_all("WWW-Authenticate", [])
        try:
            self._login.take_challenge(offered)
        except UnsupportedLogin as error:
            raise CameraLost(f"{self._url} asks for a login that is not supported: "
                             f"{error}") from None

    def sign(self, data: bytes) -> bytes:
        """Return *data* of the client, as far as it is complete, requests signed."""
        self._incomplete += data
        signed = b""
        while size := self._first_size():
            first, self._incomplete = self._incomplete[:size], self._incomplete[size:]
            signed += (first if first.startswith(INTERLEAVED_MARK)
                       else self._signed(first))
        return signed

    def _first_size(self) -> int:
        """Return the size of the first message; 0 if it is incomplete."""
        data = self._incomplete
        if data.startswith(INTERLEAVED_MARK):
            size = INTERLEAVED_HEADER_BYTES + int.from_bytes(data[2:4], "big")
            return size if len(data) >= size else 0
        end = data.find(HEADER_END)
        return end + len(HEADER_END) if end >= 0 else 0

    def _signed(self, request: bytes) -> bytes:
        method, _, rest = request.partition(b" ")
        answer = self._login.authorization(
            rest.partition(b" ")[0].decode("latin-1"), method.decode("latin-1"))
        if answer is None:
            return request
        return request.removesuffix(b"\r\n") + b"Authorization: " + answer + HEADER_END


def read_response(camera: socket.socket) -> Message:
    """
    Return the headers of a response, once its body came too.

    All of it must come within the timeout of *camera*. Raises :exc:`OSError` or
    :exc:`ValueError`.
    """
    timeout = camera.gettimeout() or 0.0
    until, received, size = time.monotonic() + timeout, b"", MAX_RESPONSE_BYTES
    headers: Message | None = None
    while headers is None or len(received) < size:
        camera.settimeout(max(0.001, until - time.monotonic()))
        data = camera.recv(MAX_RESPONSE_BYTES)
        received += data
        if not data or len(received) > MAX_RESPONSE_BYTES:
            raise ConnectionResetError(None, "it gives no valid response")
        if headers is None and HEADER_END in received:
            head = received.partition(HEADER_END)[0]
            headers = BytesHeaderParser().parsebytes(head.partition(b"\r\n")[2])
            size = len(head + HEADER_END) + int(headers.get("Content-Length", "0"))
    camera.settimeout(timeout)
    return headers

"""Speak TLS to a camera, and log in, for FFmpeg, which cannot do all of either."""

import selectors
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from .certificates import Trust, connect_tls
from .rtsp_login import RtspLogin
from .url import CameraUrl

RELAY_BYTES = 64 * 1024     # at once
RTSP_PORT = 554             # without one in the URL


def start_relay(url: CameraUrl, trust: Trust, timeout: float, *,
                log_in: bool = False) -> CameraUrl:
    """
    Connect to *url*, ``rtsp`` or ``rtsps``, and return a local URL that leads there.

    It serves one connection, which must come within *timeout* seconds: so the
    certificate is checked on the very connection that is used. To *log_in*, the
    requests are signed on their way. Either side ends both connections. Raises
    :exc:`CameraLost` for a certificate that *trust* refuses and a login that is not
    known, and :exc:`OSError` when there is no connection.
    """
    login = RtspLogin(url) if log_in else None
    camera = connect(url, trust, timeout)
    try:
        if login:
            login.take_challenge(camera)
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    except BaseException:
        camera.close()
        raise
    listener.settimeout(timeout)
    sign = login.sign if login else bytes
    threading.Thread(target=serve_once, args=(listener, camera, sign),
                     name="rtsp-relay", daemon=True).start()
    local = urlsplit(url.bare)._replace(
        scheme="rtsp", netloc=f"127.0.0.1:{listener.getsockname()[1]}").geturl()
    return CameraUrl(local, "", "") if log_in else url._replace(bare=local)


def connect(url: CameraUrl, trust: Trust, timeout: float) -> socket.socket:
    """Return a connection to *url*, over TLS for ``rtsps``."""
    parts = urlsplit(url.bare)
    if parts.scheme == "rtsps":
        return connect_tls(url, trust, timeout)
    return socket.create_connection(
        (parts.hostname or "", parts.port or RTSP_PORT), timeout)


def serve_once(listener: socket.socket, camera: socket.socket,
               sign: Callable[[bytes], bytes]) -> None:
    """Relay the next connection to *listener*, and close all of them at its end."""
    with camera:
        try:
            with listener:
                client = listener.accept()[0]
            with client:
                relay(camera, client, sign)
        except OSError:     # FFmpeg sees the end of the connection, and reports it
            return


def relay(camera: socket.socket, client: socket.socket,
          sign: Callable[[bytes], bytes]) -> None:
    """
    Copy in both directions until either side ends; raises :exc:`OSError`.

    What *client* sends goes through *sign*.
    """
    timeout = camera.gettimeout()
    with selectors.DefaultSelector() as waiting:
        for each in (camera, client):
            waiting.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                by_camera = key.fileobj is camera
                pieces = received(camera) if by_camera else [client.recv(RELAY_BYTES)]
                for data in pieces:
                    if not data:
                        return
                    camera.settimeout(timeout)
                    if by_camera:
                        client.sendall(data)
                    else:
                        camera.sendall(sign(data))


def received(camera: socket.socket) -> Iterator[bytes]:
    """Yield what *camera* has sent so far, and ``b""`` once it has ended."""
    while True:
        camera.settimeout(0)    # it may be readable without data, as TLS has its own
        try:
            data = camera.recv(RELAY_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        yield data
        if not data:
            return

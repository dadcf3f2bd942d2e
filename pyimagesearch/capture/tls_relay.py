"""Speak TLS to a camera for FFmpeg, which can check no fingerprint."""

import selectors
import socket
import ssl
import threading
from collections.abc import Iterator

from .certificates import Trust, connect_tls
from .url import CameraUrl

RELAY_BYTES = 64 * 1024     # at once


def start_relay(url: CameraUrl, trust: Trust, timeout: float) -> int:
    """
    Connect to *url* over TLS, and return a port of this machine that leads there.

    It serves one connection, which must come within *timeout* seconds: so the
    certificate is checked on the very connection that is used. Either side ends both.
    Raises :exc:`CameraLost` for a certificate that *trust* refuses, and
    :exc:`OSError` when there is no connection.
    """
    camera = connect_tls(url, trust, timeout)
    try:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1)
    except OSError:
        camera.close()
        raise
    listener.settimeout(timeout)
    port: int = listener.getsockname()[1]
    threading.Thread(target=serve_once, args=(listener, camera), name="tls-relay",
                     daemon=True).start()
    return port


def serve_once(listener: socket.socket, camera: ssl.SSLSocket) -> None:
    """Relay the next connection to *listener*, and close all of them at its end."""
    with camera:
        try:
            with listener:
                client = listener.accept()[0]
            with client:
                relay(camera, client)
        except OSError:     # FFmpeg sees the end of the connection, and reports it
            return


def relay(camera: ssl.SSLSocket, client: socket.socket) -> None:
    """Copy in both directions until either side ends; raises :exc:`OSError`."""
    timeout = camera.gettimeout()
    with selectors.DefaultSelector() as waiting:
        for each in (camera, client):
            waiting.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                by_camera = key.fileobj is camera
                pieces = decrypted(camera) if by_camera else [client.recv(RELAY_BYTES)]
                for data in pieces:
                    if not data:
                        return
                    camera.settimeout(timeout)
                    (client if by_camera else camera).sendall(data)


def decrypted(camera: ssl.SSLSocket) -> Iterator[bytes]:
    """Yield what *camera* has sent so far, and ``b""`` once it has ended."""
    while True:
        camera.settimeout(0)    # it may be readable without data, as TLS has its own
        try:
            data = camera.recv(RELAY_BYTES)
        except ssl.SSLWantReadError:
            return
        yield data
        if not data:
            return

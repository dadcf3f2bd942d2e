"""gevent's WSGI server, tuned for live video."""

import errno
import logging
import os
import socket
from collections.abc import Callable
from typing import Any

import gevent.event
from flask import Flask
from gevent.pywsgi import WSGIHandler, WSGIServer

from .errors import ListenError
from .streaming.broadcaster import LatestFrameBroadcaster
from .streaming.fanout import Fanout
from .streaming.mjpeg import BOUNDARY, LiveStream

log = logging.getLogger(__name__)

UNSENT = 16 * 1024      # bytes that may wait in the kernel for a slow viewer
BACKLOG = 256           # connections that may wait to be accepted
FAREWELL = 0.3          # seconds that viewers are given to hear of the end


class LiveHandler(WSGIHandler):
    """
    Answer requests; hand live streams over to the fan-out.

    A live stream is sent without chunks, which would cost a copy of each
    frame: it ends when the connection does.
    """

    server: "LiveServer"

    def process_result(self) -> None:
        """Send the response; for a live stream, this takes as long as it lasts."""
        if not isinstance(self.result, LiveStream):
            super().process_result()
            return
        self.result.connection = connection = self.socket
        for option, value in ((socket.TCP_NODELAY, 1),
                              (socket.TCP_NOTSENT_LOWAT, UNSENT)):
            # without the second, megabytes of old frames queue up in the kernel
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        self.write(BOUNDARY)
        self.server.fanout(self.result.broadcaster).serve(connection)

    def finalize_headers(self) -> None:
        """Complete the headers; a live stream has no length and no chunks."""
        if not isinstance(self.result, LiveStream):
            super().finalize_headers()
            return
        self.close_connection = True
        self.response_headers.append((b"Connection", b"close"))


class LiveServer:
    """
    Listen on *ip* and *port* for as long as :meth:`run` lasts.

    Constructed, it is bound already: raises :exc:`ListenError` if the address
    cannot be had. Belongs to the main thread.
    """

    def __init__(self, ip: str, port: int) -> None:
        self._listener = listen(ip, port)
        self._fanouts: dict[LatestFrameBroadcaster, Fanout] = {}
        self._stopped = gevent.event.Event()

    @property
    def address(self) -> tuple[str, int]:
        """The address and port that were really taken."""
        name = self._listener.getsockname()
        return name[0], name[1]

    def run(self, app: Flask, on_stop: Callable[[], object]) -> None:
        """
        Serve *app* until :meth:`stop`.

        *on_stop* is called once no new connection is taken; it must end the
        streams.
        """
        server = WSGIServer(
            self._listener, app, handler_class=LiveHandler, error_log=log,
            log=log if log.isEnabledFor(logging.DEBUG) else None,
            environ={"SERVER_NAME": self.address[0]})   # else gevent asks the DNS
        server.fanout = self.fanout
        server.start()
        self._stopped.wait()
        server.close()
        on_stop()
        with gevent.Timeout(FAREWELL, False):
            while any(fanout.busy for fanout in self._fanouts.values()):
                gevent.sleep(0.01)

    def stop(self) -> None:
        """End :meth:`run`; to be called in the main thread."""
        self._stopped.set()

    def fanout(self, broadcaster: LatestFrameBroadcaster) -> Fanout:
        """Return the one loop that serves all viewers of *broadcaster*."""
        if broadcaster not in self._fanouts:
            self._fanouts[broadcaster] = Fanout(broadcaster)
        return self._fanouts[broadcaster]


def in_thread(work: Callable[[], Any]) -> Any:
    """Run *work*, which blocks, beside the hub; only the caller waits for it."""
    def attempt() -> tuple[Any, BaseException | None]:
        try:
            return work(), None
        except BaseException as error:      # gevent would print it as its own failure
            return None, error

    result, error = gevent.get_hub().threadpool.apply(attempt)
    if error is not None:
        raise error
    return result


def listen(ip: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises :exc:`ListenError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            ip, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ListenError(f"cannot listen on {ip}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return listener
    except OSError as error:
        listener.close()
        raise ListenError(explain(error, ip, port)) from None


def explain(error: OSError, ip: str, port: int) -> str:
    """Say in one sentence why *ip* and *port* cannot be had, and what helps."""
    if error.errno == errno.EADDRINUSE:
        return (f"port {port} on {ip} is in use by another program; "
                "stop that one, or choose another with --port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return (f"port {port} needs the rights of root, as all below 1024; "
                "choose a higher one with --port, such as 8000")
    if error.errno == errno.EADDRNOTAVAIL:
        return (f"{ip} is not an address of this machine; "
                "use one that is, or 0.0.0.0 for all of them, with --ip")
    return f"cannot listen on {ip}, port {port}: {os.strerror(error.errno or 0)}"


def urls(ip: str, port: int) -> list[str]:
    """Return the addresses at which a browser finds us, a phone's included."""
    if ip not in ("0.0.0.0", "::"):
        return [f"http://{bracketed(ip)}:{port}/"]
    outside = lan_address()
    return [f"http://127.0.0.1:{port}/",
            *([f"http://{outside}:{port}/"] if outside else [])]


def bracketed(ip: str) -> str:
    """Return *ip* as it stands in a URL."""
    return f"[{ip}]" if ":" in ip else ip


def lan_address() -> str | None:
    """Return this machine's address in its network; no packet is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))     # of no network (RFC 5737)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
        return address

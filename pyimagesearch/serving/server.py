"""gevent's WSGI server, tuned for live video and for strangers."""

from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
from flask import Flask

from pyimagesearch.addresses import urls
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster

from .acceptor import Acceptor
from .connections import Connections
from .fanout import Fanout
from .listen import listen
from .tls import Tls

FAREWELL = 0.3          # seconds that viewers are given to hear of the end


class LiveServer:
    """
    Listen on *ip* and *port* for as long as :meth:`run` lasts.

    Constructed, it is bound already: raises :exc:`ListenError` if the address
    cannot be had. Belongs to the main thread.
    """

    def __init__(self, ip: str, port: int,
                 connections: Connections | None = None,
                 tls: Tls | None = None) -> None:
        self._listener = listen(ip, port)
        self._tls = tls
        self._connections = Connections() if connections is None else connections
        self._fanouts: dict[LatestFrameBroadcaster, Fanout] = {}
        self._stopped = gevent.event.Event()
        self._called = gevent.get_hub().loop.async_()
        self._called.start(self.stop)
        in_thread(int)      # so that no later one fails for want of a descriptor

    @property
    def address(self) -> tuple[str, int]:
        """The address and port that were really taken."""
        name = self._listener.getsockname()
        return name[0], name[1]

    @property
    def urls(self) -> list[str]:
        """The addresses to open."""
        return urls(*self.address, "https" if self._tls else "http")

    def run(self, app: Flask, on_stop: Callable[[], object]) -> None:
        """
        Serve *app* until :meth:`stop`.

        *on_stop* is called once no new connection is taken; it must end the
        streams.
        """
        server = Acceptor(self._listener, app, self._connections, self._tls,
                          self.fanout)
        watch = gevent.spawn(self._tls.watch) if self._tls else None
        server.start()
        self._stopped.wait()
        server.close()
        if watch:
            watch.kill(block=False)
        on_stop()
        with gevent.Timeout(FAREWELL, False):
            while any(fanout.busy for fanout in self._fanouts.values()):
                gevent.sleep(0.01)

    def stop(self) -> None:
        """End :meth:`run`; to be called in the main thread."""
        self._stopped.set()

    def stop_soon(self) -> None:
        """End :meth:`run`; may be called in any thread."""
        self._called.send()

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

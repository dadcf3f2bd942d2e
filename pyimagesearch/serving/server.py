"""gevent's WSGI server for live video and untrusted clients."""

from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
from flask import Flask

from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster
from pyimagesearch.streaming.live_stream import Source
from pyimagesearch.streaming.message_log import MessageLog, Subscription
from pyimagesearch.streaming.selection import Selection
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster

from .acceptor import Acceptor, Timeouts
from .connections import Connections
from .fanout import Fanout
from .listen import listen
from .message_fanout import MessageFanout
from .mjpeg_fanout import MjpegFanout
from .multiplex_fanout import MultiplexFanout
from .thread_pools import ThreadPools
from .tls import Tls
from .video_fanout import VideoFanout

SHUTDOWN_SECONDS = 0.3      # for streams to end


class LiveServer:
    """
    Listen on *ip* and *port* for as long as :meth:`run` lasts.

    The address is bound on construction, which raises :exc:`SurveillanceError` if that
    is not possible. Blocking work of requests goes to :attr:`pools`. Belongs to the
    main thread.
    """

    def __init__(self, ip: str, port: int, connections: Connections | None = None,
                 tls: Tls | None = None, timeouts: Timeouts | None = None) -> None:
        self.pools = ThreadPools()
        self._listener = listen(ip, port)
        self._tls = tls
        self._timeouts = timeouts or Timeouts()
        self._connections = Connections() if connections is None else connections
        self._mjpeg_fanouts: dict[LatestFrameBroadcaster, MjpegFanout] = {}
        self._video_fanouts: dict[VideoBroadcaster, VideoFanout] = {}
        self._message_fanouts: dict[MessageLog, MessageFanout] = {}
        self._multiplex_fanout = MultiplexFanout(self._timeouts.stalled)
        self._stopped = gevent.event.Event()
        self._stop_requested = gevent.get_hub().loop.async_()
        self._stop_requested.start(self.stop)

    @property
    def address(self) -> tuple[str, int]:
        """The address and port that are listened on."""
        ip, port, *_ = self._listener.getsockname()
        return ip, port

    def run(self, app: Flask, on_stop: Callable[[], object]) -> None:
        """
        Serve *app* until :meth:`stop`.

        *on_stop* is called once no more connections are accepted; it must end the
        streams.
        """
        server = Acceptor(self._listener, app, self._connections, self._tls,
                          self._timeouts, self.fanout)
        watch = gevent.spawn(self._tls.watch) if self._tls else None
        server.start()
        self._stopped.wait()
        server.close()
        if watch:
            watch.kill(block=False)
        on_stop()
        with gevent.Timeout(SHUTDOWN_SECONDS, False):
            while self._busy:
                gevent.sleep(0.01)

    def stop(self) -> None:
        """End :meth:`run`; only for the main thread."""
        self._stopped.set()

    def stop_soon(self) -> None:
        """End :meth:`run`; may be called from any thread."""
        self._stop_requested.send()

    def fanout(self, source: Source) -> Fanout[Any]:
        """Return the one fan-out to all viewers of *source*."""
        if isinstance(source, Selection):
            return self._multiplex_fanout
        if isinstance(source, Subscription):
            return self._message_fanout(source.log)
        if isinstance(source, LatestFrameBroadcaster):
            return self._mjpeg_fanout(source)
        if source not in self._video_fanouts:
            self._video_fanouts[source] = VideoFanout(source, self._timeouts.stalled)
        return self._video_fanouts[source]

    def wait_for_frame(self, broadcaster: LatestFrameBroadcaster, timeout: float
                       ) -> JpegFrame | None:
        """Do what ``broadcaster.fresh`` does, without a thread that waits."""
        return self._mjpeg_fanout(broadcaster).wait_for_frame(timeout)

    @property
    def _busy(self) -> bool:
        """Whether streams are open."""
        fanouts: list[Fanout[Any]] = [
            self._multiplex_fanout, *self._message_fanouts.values(),
            *self._mjpeg_fanouts.values(),
            *self._video_fanouts.values()]
        return any(each.busy for each in fanouts)

    def _message_fanout(self, log: MessageLog) -> MessageFanout:
        if log not in self._message_fanouts:
            self._message_fanouts[log] = MessageFanout(log, self._timeouts.stalled)
        return self._message_fanouts[log]

    def _mjpeg_fanout(self, broadcaster: LatestFrameBroadcaster) -> MjpegFanout:
        if broadcaster not in self._mjpeg_fanouts:
            self._mjpeg_fanouts[broadcaster] = MjpegFanout(
                broadcaster, self._timeouts.stalled)
        return self._mjpeg_fanouts[broadcaster]

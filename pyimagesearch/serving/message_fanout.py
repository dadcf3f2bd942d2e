"""Send messages to all subscribers."""

from typing import Any

from pyimagesearch.streaming.live_stream import LiveStream
from pyimagesearch.streaming.message_log import (
    COMMENT,
    SILENT_SECONDS,
    MessageLog,
    Subscription,
)

from .fanout import BroadcasterFanout
from .viewer_socket import ViewerSocket


class Subscriber(ViewerSocket):
    """One socket, and what it is subscribed to."""

    is_hidden = False

    def __init__(self, client: Any, loop: Any, stream: LiveStream,
                 subscription: Subscription) -> None:
        super().__init__(client, loop, stream.tally)
        self._subscription = subscription
        self._sent_at = loop.now()

    def proceed(self) -> None:
        """Send all that is new."""
        if self.unsent is None and (text := self._subscription.next()):
            self._sent_at = self._loop.now()
            self.send(text)

    def break_silence(self) -> None:
        """Send a comment now and then, for proxies and to notice who has gone."""
        if self.unsent is None and self._loop.now() - self._sent_at >= SILENT_SECONDS:
            self._sent_at = self._loop.now()
            self.send(COMMENT)


class MessageFanout(BroadcasterFanout[Subscriber]):
    """Write the messages of *log* to all subscribers (see :class:`.Fanout`)."""

    def __init__(self, log: MessageLog, stalled: float) -> None:
        super().__init__(log, stalled)
        self._log = log

    def serve(self, client: Any, stream: LiveStream) -> None:
        """Send messages to *client* until it disconnects."""
        subscription = stream.source
        assert isinstance(subscription, Subscription)
        with self._log.watching():
            self._serve(Subscriber(client, self._loop, stream, subscription))

    def _deliver(self) -> None:
        for viewer in self._viewers:
            viewer.proceed()

    def _break_silence(self) -> None:
        for viewer in self._viewers:
            viewer.break_silence()

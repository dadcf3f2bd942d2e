"""The thread that sends alerts by one channel."""

import threading

from pyimagesearch.threads import Worker

from .alert_sources import AlertSources
from .channel import Channel, ChannelStatus, TestOutcome
from .channel_check import alert_for_test, check_channel


class Notifier(Worker):
    """Send alerts of events by *channel*, in a thread of its own."""

    def __init__(self, channel: Channel, sources: AlertSources) -> None:
        super().__init__(f"alerts by {channel.name}")
        self.key = channel.key
        self._channel = channel
        self._sources = sources
        self._wake = threading.Event()

    def status(self) -> ChannelStatus:
        """Return how the channel is doing; does not block."""
        return ChannelStatus(name=self._channel.name)

    def test(self) -> TestOutcome:
        """Send a test alert. Blocks."""
        alert = alert_for_test(self._sources.url, self._sources.clock.time())
        return check_channel(self._channel, alert)

    def stop(self) -> None:
        """Signal the thread to end; returns at once."""
        super().stop()
        self._wake.set()

    def run(self) -> None:
        """Send alerts until :meth:`stop`."""
        while not self.stopping.is_set():
            self._wake.wait()

"""Send test alerts, with or without the threads of a running server."""

from .alert import TEST, Alert
from .channel import Channel, DeliveryFailed, TestOutcome


def check_channel(channel: Channel, alert: Alert) -> TestOutcome:
    """Send *alert* by *channel* from this thread."""
    try:
        channel.send(alert)
    except DeliveryFailed as error:
        return TestOutcome(channel.name, str(error))
    return TestOutcome(channel.name)


def alert_for_test(url: str, now: float) -> Alert:
    """Return a test alert of *now* [s since the epoch]; *url* is the live page's."""
    return Alert(type=TEST, id=int(now * 1e6), kind=TEST, begin=now, end=now, url=url)

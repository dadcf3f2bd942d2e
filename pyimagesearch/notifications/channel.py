"""The interface of a channel of alerts, its errors and its status."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain, count
from typing import Protocol, runtime_checkable

from pyimagesearch.errors import SurveillanceError

from .alert import Alert

TEST_HINTS = {      # by the kind of a channel
    "ntfy": "if the phone stays silent, compare its topic with that in the settings"}
STATE_PREFIX = "alerts "    # of the keys of all channels


class DeliveryFailed(SurveillanceError):
    """
    An alert was not delivered; the text says why, without any secret.

    It is tried again, not before *retry_after* [s, at most a day] if the receiver
    demands that. *is_refusal* means that the receiver works but refused this alert, so
    that others are tried.
    """

    def __init__(self, text: str, retry_after: float | None = None, *,
                 is_refusal: bool = False) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.is_refusal = is_refusal and retry_after is None


class ChannelClosed(DeliveryFailed):
    """The receiver wants no more alerts: the channel is switched off."""


class Channel(Protocol):
    """
    A way to send alerts to one receiver.

    *name* is unique, for people, and holds no secret. *key* names its state in the
    database; another receiver has another one. *takes_updates* is whether it is sent
    the end of events: if not, their first message stays as it is. Only one thread
    sends by it.
    """

    name: str
    key: str
    takes_updates: bool

    def send(self, alert: Alert) -> None:
        """Deliver *alert*, within 30 seconds; raises :exc:`DeliveryFailed`. Blocks."""

    def close(self) -> None:
        """End what :meth:`send` does now, for good; from any thread."""


@runtime_checkable
class SlowChannel(Protocol):
    """A channel that takes long to get ready."""

    def prepare(self) -> None:
        """Get ready, as an alert follows within a second; returns at once."""


@dataclass(frozen=True, kw_only=True)
class ChannelStatus:
    """How a channel is doing, for pages and ``/api/alerts``."""

    name: str
    delivered: int = 0              # alerts, since the start
    failed: int = 0                 # tries to deliver one, since the start
    last_success: float | None = None   # [s since the epoch]
    trouble: str = ""               # why nothing is delivered now; empty if all is well
    next_try: float | None = None   # while there is trouble [s since the epoch]
    paused_until: float | None = None   # but for urgent alerts, by the hourly limit
    closed: bool = False            # the receiver wants no more alerts


@dataclass(frozen=True)
class TestOutcome:
    """The result of a test alert; *trouble* is empty if it was delivered."""

    name: str
    trouble: str = ""

    @property
    def hint(self) -> str:
        """What to check if an alert that was delivered does not appear, or nothing."""
        kind = self.name.partition(" ")[0]
        return "" if self.trouble else TEST_HINTS.get(kind, "")


def unique_name(name: str, used: Collection[str]) -> str:
    """Return *name*, with a number if it is among *used*: ``ntfy ntfy.sh (2)``."""
    names = chain([name], (f"{name} ({number})" for number in count(2)))
    return next(each for each in names if each not in used)


def channel_key(kind: str, *target: str) -> str:
    """Return the key of a channel of *kind*; it does not reveal the *target*."""
    digest = hashlib.sha256("\0".join(target).encode()).hexdigest()
    return f"{STATE_PREFIX}{kind} {digest[:12]}"

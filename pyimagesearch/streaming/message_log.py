"""Messages for pages and programs, as server-sent events."""

import json
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from .broadcast import Broadcast
from .viewer_limits import ViewerLimits

EVENT_STREAM = "text/event-stream; charset=utf-8"
KEPT_MESSAGES = 500     # for subscribers that come back
SILENT_SECONDS = 15.0   # after which a comment keeps a connection alive
COMMENT = b":\n\n"
RESET = "reset"         # the event for those who missed something


class Message(NamedTuple):
    """One message, as it is sent."""

    number: int         # 1, 2, 3 ... as published
    text: bytes         # one event of a ``text/event-stream``


def as_event(event: str, data: Mapping[str, Any], id: str = "") -> bytes:
    """Return one event of a ``text/event-stream``, with *data* as JSON."""
    line = f"id: {id}\n" if id else ""
    return f"{line}event: {event}\ndata: {json.dumps(data)}\n\n".encode()


class MessageLog(Broadcast):
    """
    Keep the last messages for any number of subscribers, without queues.

    A subscriber is only the number of the last message it was sent. The ids of messages
    name the *run* of the program, too, so that those of an earlier run are not taken
    for ours. Every method may be called and every attribute read from any thread.
    *on_watch* is called at each new subscriber. *limits* admits them.
    """

    hidden = 0          # no message is ever withdrawn

    def __init__(self, run: str | None = None,
                 limits: ViewerLimits | None = None) -> None:
        super().__init__()
        self.limits = limits or ViewerLimits()
        self.number = 0         # of the newest message
        self.on_watch: Callable[[], object] = lambda: None
        self._run = run or f"{time.time_ns() // 1_000_000:x}"
        self._kept: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self._forgotten = 0     # the newest message that is not kept

    def publish(self, event: str, data: Mapping[str, Any]) -> None:
        """Send a message to all subscribers."""
        with self._changed:
            self.number += 1
            text = as_event(event, data, self.id_of(self.number))
            if len(self._kept) == self._kept.maxlen:
                self._forgotten = self._kept[0].number
            self._kept.append(Message(self.number, text))
        self._notify()

    def forget(self) -> None:
        """Forget all messages, as some will be missing: subscribers start over."""
        with self._changed:
            self.number += 1
            self._forgotten = self.number
            self._kept.clear()

    def id_of(self, number: int) -> str:
        """Return the id of message *number*."""
        return f"{self._run}-{number}"

    def number_of(self, id: str) -> int | None:
        """Return the number of the message *id*; ``None`` if later ones are gone."""
        run, _, digits = id.rpartition("-")
        if run != self._run or not (digits.isascii() and digits.isdecimal()):
            return None
        number = int(digits[:18])
        return number if self._forgotten <= number <= self.number else None

    def after(self, number: int) -> list[Message] | None:
        """Return the messages after *number*; ``None`` if some of them are gone."""
        with self._changed:
            if number < self._forgotten:
                return None
            return [each for each in self._kept if each.number > number]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a subscriber inside the ``with`` block."""
        with self._changed:
            self.viewers += 1
        try:
            self.on_watch()
            yield
        finally:
            with self._changed:
                self.viewers -= 1

    def wait_for_newer(self, number: int, timeout: float) -> None:
        """Wait for a message after *number*, at most *timeout* seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.number > number or self.closed, timeout)


@dataclass
class Subscription:
    """One subscriber: what it is sent first, and the number of its last message."""

    log: MessageLog
    greeting: bytes
    seen: int

    def next(self) -> bytes:
        """Return all that was not sent; empty if there is nothing."""
        messages = self.log.after(self.seen)
        text, self.greeting = self.greeting, b""
        if messages is None:
            self.seen = self.log.number
            return text + as_event(RESET, {}, self.log.id_of(self.seen))
        if messages:
            self.seen = messages[-1].number
        return text + b"".join(each.text for each in messages)


def generate_messages(subscription: Subscription) -> Generator[bytes, None, None]:
    """Yield what *subscription* is sent, until the log is closed."""
    log = subscription.log
    with log.watching():
        while not log.closed:
            yield subscription.next() or COMMENT
            log.wait_for_newer(subscription.seen, SILENT_SECONDS)

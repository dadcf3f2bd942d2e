"""Whether a channel delivers alerts, and when the next try is due."""

import logging
import math
from dataclasses import replace
from typing import Any

from pyimagesearch.clock import Clock, short_time

from .channel import ChannelStatus, DeliveryFailed

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 1.0, 300.0
MAX_KEPT_SECONDS = 86_400.0     # that a wait outlasts a restart


class ChannelHealth:
    """
    Count deliveries by the channel *name*, log its troubles, and time the next try.

    Tries follow after 1, 2, 4 … 300 seconds, or when the receiver says. Belongs
    to the thread of the channel, but :meth:`status` may be called from any.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._status = ChannelStatus(name=name)
        self._delay = FIRST_RETRY_SECONDS
        self._retry_at = -math.inf      # [s, monotonic]
        self._is_refusal = False        # the last failure was one of that alert alone

    @property
    def may_try_others(self) -> bool:
        """Whether alerts that were not refused yet need not wait for the next try."""
        return self._is_refusal or self.pause <= 0

    @property
    def pause(self) -> float:
        """How long to wait before the next try [s]; 0 or less if it is due."""
        return self._retry_at - self._clock.monotonic()

    def status(self) -> ChannelStatus:
        """Return how the channel is doing."""
        return self._status

    def resume(self, last_success: float | None, *, is_closed: bool, not_before: float
               ) -> None:
        """Take over what is known from earlier runs; times since the epoch."""
        self._change(last_success=last_success, closed=is_closed)
        wait = min(not_before - self._clock.time(), MAX_KEPT_SECONDS)
        if wait > 0:
            self._retry_at = self._clock.monotonic() + wait
            self._change(trouble="the receiver asked to wait before the last start",
                         next_try=self._clock.time() + wait)

    def succeed(self, *, is_all: bool = True) -> None:
        """Note that an alert was delivered; unless *is_all*, another is refused."""
        if not is_all:
            self._retry_at = -math.inf      # the receiver may take the others by now
            self._change(delivered=self._status.delivered + 1,
                         last_success=self._clock.time())
            return
        if self._status.trouble:
            log.info("alerts by %s are delivered again", self._name)
        self._delay, self._retry_at = FIRST_RETRY_SECONDS, -math.inf
        self._change(delivered=self._status.delivered + 1, trouble="", next_try=None,
                     last_success=self._clock.time(), closed=False)

    def fail(self, error: DeliveryFailed) -> None:
        """Note that an alert was not delivered."""
        text = str(error)
        if text != self._status.trouble:
            log.warning("alerts by %s are not delivered: %s", self._name, text)
        delay = max(self._delay, error.retry_after or 0.0)
        if not (self._is_refusal and error.is_refusal and self.pause > 0):
            self._delay = min(2 * self._delay, MAX_RETRY_SECONDS)
            self._retry_at = self._clock.monotonic() + delay
        self._is_refusal = error.is_refusal
        self._change(failed=self._status.failed + 1, trouble=text,
                     next_try=self._clock.time() + self.pause)

    def fail_test(self, trouble: str) -> None:
        """Note that a test was not delivered; the next try is when it was."""
        self._change(failed=self._status.failed + 1, trouble=trouble)

    def pause_until(self, until: float | None) -> None:
        """Note until when only urgent alerts are sent [s since the epoch], if so."""
        if until and not self._status.paused_until:
            log.info("alerts by %s: the hourly limit (--alert-most) is reached; only "
                     "urgent ones until %s", self._name,
                     short_time(until, self._clock.time()))
        if until != self._status.paused_until:
            self._change(paused_until=until)

    def close(self, reason: str) -> None:
        """Note that the receiver wants no more alerts."""
        log.warning("alerts by %s are switched off: %s; a test on the page of alerts "
                    "that succeeds switches them on again", self._name, reason)
        self._change(failed=self._status.failed + 1, trouble=reason, next_try=None,
                     closed=True)

    def _change(self, **fields: Any) -> None:
        self._status = replace(self._status, **fields)

"""The thread that sends alerts by one channel."""

import logging
import queue
import threading
import traceback
from collections import Counter
from dataclasses import replace

from pyimagesearch.errors import EventsError
from pyimagesearch.threads import Worker

from .alert import BEGIN, DIGEST, END, UPDATE, Alert
from .alert_rules import AlertRules
from .alert_sources import AlertSources
from .channel import (
    Channel,
    ChannelClosed,
    ChannelStatus,
    DeliveryFailed,
    SlowChannel,
    TestOutcome,
)
from .channel_check import alert_for_test, check_channel
from .channel_health import ChannelHealth
from .event_feed import EventFeed

log = logging.getLogger(__name__)

TEST_SECONDS = 35.0     # for a test, with an alert that is being sent before it
LOOK_SECONDS = 10.0     # between two looks at a channel that is closed
MIN_PAUSE_SECONDS = 0.1 # between two looks at the events
CLOSE_SECONDS = 0.5     # for a channel that is closed while it sends
RETRY_SECONDS = 5.0     # until events are read again that could not be read


class Test(threading.Event):
    """A test that a thread waits for, which is set once it is done."""

    outcome: TestOutcome | None = None


class Notifier(Worker):
    """
    Send alerts of events by *channel*, in a thread of its own.

    The list of events is the queue: what is sent, and what is still to be sent, is kept
    beside it, and written before the next alert. So a crash loses nothing, and repeats
    at most the alert that was just being sent. :meth:`run` and :meth:`run_once` belong
    to the thread, all else may be called from any.
    """

    def __init__(self, channel: Channel, sources: AlertSources) -> None:
        super().__init__(f"alerts by {channel.name}")
        self.key = channel.key
        self._channel = channel
        self._sources = sources
        self._wake = threading.Event()
        self._tests: queue.SimpleQueue[Test] = queue.SimpleQueue()
        self._rules = AlertRules(sources, takes_updates=channel.takes_updates)
        self._health = ChannelHealth(channel.name, sources.clock)
        self._feed = EventFeed(channel.key, sources)
        self._refused: Counter[tuple[str, int]] = Counter()     # alerts, by type and id

    def status(self) -> ChannelStatus:
        """Return how the channel is doing; does not block."""
        return self._health.status()

    def test(self) -> TestOutcome:
        """Send a test alert, after one that is just being sent. Blocks."""
        test = Test()
        self._tests.put(test)
        self._wake.set()
        if test.wait(TEST_SECONDS) and test.outcome:
            return test.outcome
        return TestOutcome(self._channel.name, "it is still busy with an earlier alert")

    def start(self) -> None:
        """Start the thread; it is woken by each change of the events."""
        self._sources.store.on_commit.append(self._wake.set)
        super().start()

    def stop(self) -> None:
        """Signal the thread to end; returns at once."""
        super().stop()
        self._wake.set()

    def join(self, timeout: float) -> bool:
        """Wait *timeout* seconds for the thread, then cut off what it sends."""
        if super().join(timeout):
            return True
        self._channel.close()
        return super().join(CLOSE_SECONDS)

    def forget(self) -> None:
        """Forget what was sent, as the channel is gone."""
        self._feed.forget()

    def run(self) -> None:
        """Send alerts until :meth:`stop`."""
        clock = self._sources.clock
        while not self.stopping.is_set():
            try:
                pause = self.run_once()
            except Exception as error:
                pause = self._report_defect(error)
            clock.wait(self.stopping, min(pause, MIN_PAUSE_SECONDS))
            clock.wait(self._wake, pause - MIN_PAUSE_SECONDS)
            self._wake.clear()
        self._sources.store.on_commit.remove(self._wake.set)
        self._feed.save()

    def run_once(self) -> float:
        """Send what is due, up to one alert; return when to look again [s]."""
        try:
            if not self._sources.ready.is_set():
                return self._report_disk()
            self._open()
            self._run_tests()
            if self._feed.state.is_closed:
                return LOOK_SECONDS
            if self._health.may_try_others:
                return self._send_next()
            self._rules.judge(self._feed.state, self._feed.read())
            return self._health.pause
        except EventsError as error:
            log.debug("alerts by %s: %s", self._channel.name, error)
            return RETRY_SECONDS

    def _open(self) -> None:
        """Read the state once; raises :exc:`EventsError`."""
        if self._feed.is_open:
            return
        self._feed.open()
        state = self._feed.state
        self._health.resume(state.last_success, is_closed=state.is_closed,
                            not_before=state.not_before)

    def _report_disk(self) -> float:
        """Send tests, and why the list of events cannot be opened, if that lasts."""
        self._run_tests()
        snapshot, state = self._feed.look_at_disk(), self._feed.state
        alert = self._rules.next(state, snapshot)
        if (alert and not state.is_closed and self._health.pause <= 0
                and self._deliver(alert)):
            self._rules.delivered(state, alert, self._sources.clock.time())
            self._health.succeed()
        return MIN_PAUSE_SECONDS

    def _run_tests(self) -> None:
        """Send a test alert for each one that waits; raises :exc:`EventsError`."""
        while not self._tests.empty():
            test, sources = self._tests.get(), self._sources
            alert = alert_for_test(sources.url, sources.clock.time())
            test.outcome = check_channel(self._channel, alert)
            trouble = test.outcome.trouble
            if trouble:
                self._health.fail_test(trouble)
            else:
                self._health.succeed()
            test.set()
            if self._feed.state.is_closed and not trouble:
                self._feed.start_over()

    def _send_next(self) -> float:
        """Send what is due, up to one alert; raises :exc:`EventsError`."""
        pause = self._health.pause
        snapshot = replace(self._feed.read(), refused=self._refused,
                           is_retry=pause <= 0)
        alert, state = self._rules.next(self._feed.state, snapshot), self._feed.state
        self._health.pause_until(self._rules.paused_until(state.sent, snapshot.now))
        self._forget_refused()
        if alert is None:
            if isinstance(self._channel, SlowChannel) and (
                    self._rules.is_imminent(self._feed.state, snapshot)):
                self._channel.prepare()
            return min(self._feed.pause, pause) if pause > 0 else self._feed.pause
        if alert.more:      # if this is sent again after a crash, it counts the same
            self._feed.save(wait=True)
        still = self._feed.still_of(alert)
        if not self._deliver(replace(alert, still=still)):
            return 0.0 if self._health.may_try_others else max(self._health.pause, 0.0)
        self._rules.delivered(self._feed.state, alert, self._sources.clock.time())
        self._forget_refused()
        self._health.succeed(is_all=not self._refused)
        self._feed.save(wait=True)
        return 0.0

    def _deliver(self, alert: Alert) -> bool:
        """Send *alert*; return whether it was delivered."""
        try:
            self._channel.send(alert)
        except ChannelClosed as error:
            self._health.close(str(error))
            self._feed.state.is_closed = True
            self._feed.save()
            return False
        except DeliveryFailed as error:
            if self.stopping.is_set():      # it was cut off
                return False
            self._health.fail(error)
            if error.retry_after:
                self._feed.state.not_before = self._health.status().next_try or 0.0
                self._feed.save()
            if error.is_refusal:
                self._refused[alert.type, alert.id] += 1
            return False
        return True

    def _forget_refused(self) -> None:
        """Forget refusals of alerts that are not to be sent any more."""
        state = self._feed.state
        wanted = {BEGIN: state.waiting, UPDATE: state.begun.keys() - state.named,
                  END: state.begun, DIGEST: [state.left_out.first]}
        for type, id in list(self._refused):
            if id not in wanted[type]:
                del self._refused[type, id]

    def _report_defect(self, error: Exception) -> float:
        """Log *error* without its text, which may hold a secret; return the pause."""
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("alerts by %s: a defect, %s:\n%s", self._channel.name,
                  type(error).__name__, places)
        self._health.fail(DeliveryFailed(
            f"a defect of this program, {type(error).__name__}; the log says where"))
        return max(self._health.pause, MIN_PAUSE_SECONDS)

"""``webstreaming alerts``: list the channels of alerts, and test them."""

import logging
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.settings import Settings

from .alert_advice import advice
from .channel import Channel, TestOutcome
from .channel_check import alert_for_test, check_channel
from .channels import channels_of
from .delivery.web_push import push_channels
from .mqtt.broker import broker_of

log = logging.getLogger(__name__)

NO_CHANNEL = ("there is no channel of alerts; set webhook, ntfy, apprise, mqtt or "
              "alert_command in the file given by --config, or switch alerts on in a "
              "browser")
TEST_SECONDS = 32.0     # for all channels
INTERRUPTED = 130       # exit status after Ctrl-C, as of a shell


class ChannelTest(NamedTuple):
    """
    A channel by its name, and what sends a test alert by it, in 30 seconds.

    *close* ends that before.
    """

    name: str
    send: Callable[[], TestOutcome]
    close: Callable[[], object] = lambda: None


def alerts(settings: Settings, cameras: Sequence[CameraSettings], url: str,
           objects_off: str, *, test: bool) -> int:
    """
    Print the channels of *settings*, or the result of a *test* alert through each.

    A server may run with them and these *cameras* at the same time; *url* is its
    address, unless the settings have another; *objects_off* says why no objects are
    recognised. Returns the exit status: 1 if an alert was not delivered. Raises
    :exc:`SettingsError` if there is no channel.
    """
    channels: Sequence[ChannelTest] = ()
    url = f"{(settings.public_url or url).rstrip('/')}/"
    try:
        channels = channel_tests(settings, url)
        if not channels:
            raise SettingsError(NO_CHANNEL)
        for sentence in advice(cameras, url, objects_off):
            log.warning("%s", sentence)
        if not test:
            print("\n".join(each.name for each in channels))
            return 0
        log.info("the link in the test leads to %s", url)
        return 0 if all(print_outcomes(channels)) else 1
    except KeyboardInterrupt:
        for each in channels:
            each.close()
        print(file=sys.stderr)
        return INTERRUPTED


def channel_tests(settings: Settings, url: str) -> list[ChannelTest]:
    """Return how to test each channel of *settings*, with a link to *url*."""
    alert = alert_for_test(url, SystemClock().time())
    found = [ChannelTest(channel.name, partial(check_channel, channel, alert),
                         channel.close)
             for channel in (*channels_of(settings), *subscribed_browsers(settings))]
    if broker := broker_of(settings):
        from .mqtt.broker_check import check_broker  # with paho: 5 MB
        found.append(ChannelTest(broker.name, partial(
            check_broker, broker, settings.mqtt_prefix.strip("/"), url)))
    return found


def subscribed_browsers(settings: Settings) -> list[Channel]:
    """Return the channels to the browsers that subscribed to web push."""
    config = ConfigFolder(settings.config_dir, DataFolder(settings.data).path)
    return push_channels(config, SystemClock())


def print_outcomes(channels: Sequence[ChannelTest]) -> list[bool]:
    """Test all *channels* at once; print a line and return the success of each."""
    pool = ThreadPoolExecutor(len(channels), "alert-test")
    delivered = []
    until = time.monotonic() + TEST_SECONDS
    for channel, sent in [(each, pool.submit(each.send)) for each in channels]:
        try:
            outcome = sent.result(max(0.0, until - time.monotonic()))
        except TimeoutError:    # the search for a name has no end of its own
            outcome = TestOutcome(channel.name, "there was no answer within "
                                  f"{TEST_SECONDS:g} seconds")
        print(f"{outcome.name}: " + (
            f"not delivered: {outcome.trouble}" if outcome.trouble else
            "; ".join(filter(None, ["delivered", outcome.hint]))), flush=True)
        delivered.append(not outcome.trouble)
    pool.shutdown(wait=False)
    return delivered

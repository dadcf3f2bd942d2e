"""Send alerts to browsers, through the push services of their makers."""

import json
import logging
import re
import threading
from collections.abc import Collection
from typing import NoReturn
from urllib.parse import urlsplit

from pyimagesearch.clock import Clock
from pyimagesearch.errors import AccessError, printable
from pyimagesearch.folders import ConfigFolder

from ..alert import TEST, Alert
from ..alerts import Alerts
from ..channel import (
    Channel,
    ChannelClosed,
    DeliveryFailed,
    channel_key,
    unique_name,
)
from .http_receiver import HttpReceiver
from .http_sender import HttpSender, ReceiverRefused
from .push_subscription import PushSubscription, is_public
from .push_subscriptions import PushSubscriptions

log = logging.getLogger(__name__)

SEND_SECONDS = 15.0         # for one message
KEPT_SECONDS = 86_400       # by the push service, for a phone that is off
UNKNOWN_STATUS = 404        # as 410, of a subscription that the browser has ended
KEY_STATUSES = (401, 403)   # of one that was made with another key
MAX_TITLE_BYTES = 300
MAX_TEXT_BYTES = 1500       # services take 4096 bytes of a message, some only 3000
EVENT_PATH = re.compile(r"/(events/[0-9]+)$")


class PushService(HttpReceiver):
    """The push service at an endpoint, which came from a browser: on the internet."""

    def admits(self, address: str) -> bool:
        """Return whether requests may go to *address*, one of its host."""
        return is_public(address)


class WebPush:
    """
    One browser as a :class:`.channel.Channel`: *subscription*, of *subscriptions*.

    A message is encrypted for the browser: its push service sees only when it is sent,
    and how long it is.
    """

    takes_updates = True

    def __init__(self, subscription: PushSubscription, subscriptions: PushSubscriptions,
                 clock: Clock, name: str) -> None:
        self.name = name
        self.key = key_of(subscription)
        self._subscription = subscription
        self._subscriptions = subscriptions
        self._clock = clock
        self._sender = HttpSender(
            PushService(subscription.endpoint, "the endpoint of web push"),
            SEND_SECONDS)

    def send(self, alert: Alert) -> None:
        """Deliver *alert*; raises :exc:`DeliveryFailed`. Blocks."""
        from .push_encryption import encrypt  # with cryptography: 7 MB

        to = self._subscription
        content = encrypt(message(alert), to.p256dh, to.auth)
        try:
            self._sender.send("POST", content, self._headers(alert))
        except ChannelClosed:
            self._end()
        except ReceiverRefused as error:
            if error.answer.status == UNKNOWN_STATUS:
                self._end()
            if error.answer.status in KEY_STATUSES:
                raise DeliveryFailed(
                    f"{to.host} refuses the key of this server (status "
                    f"{error.answer.status}); is the clock right? Else stop alerts on "
                    "the device, and start them again", error.retry_after) from None
            raise

    def close(self) -> None:
        """End what :meth:`send` does now."""
        self._sender.close()

    def _headers(self, alert: Alert) -> dict[str, str]:
        """Return what the push service reads; raises :exc:`DeliveryFailed`."""
        from .push_encryption import authorization

        try:
            key = self._subscriptions.key()
        except AccessError as error:
            raise DeliveryFailed(str(error)) from None
        return {"Authorization": authorization(key, self._subscription.endpoint,
                                               self._clock.time()),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream", "TTL": str(KEPT_SECONDS),
                # a later message replaces one that was not delivered yet
                "Topic": alert.tag,
                "Urgency": "normal" if alert.is_update else "high"}

    def _end(self) -> NoReturn:
        """Drop the subscription, which the browser has ended."""
        try:
            self._subscriptions.remove(self._subscription.endpoint)
        except AccessError as error:
            log.warning("%s", error)
        log.info("%s: it has ended its subscription, which is removed", self.name)
        raise ChannelClosed("the browser has ended its subscription") from None


class PushChannels:
    """Keep one channel in *alerts* for each of *subscriptions*, as they come and go."""

    def __init__(self, subscriptions: PushSubscriptions, alerts: Alerts,
                 clock: Clock) -> None:
        self._subscriptions = subscriptions
        self._alerts = alerts
        self._clock = clock
        self._lock = threading.RLock()   # a look at the file may call follow()
        self._names: dict[str, str] = {}    # of the channels in *alerts*, by key

    def follow(self) -> None:
        """Add and remove channels; may be called from any thread, does not wait."""
        with self._lock:
            wanted = {key_of(each): each for each in self._subscriptions.all()}
            for key in self._names.keys() - wanted.keys():
                del self._names[key]
                self._alerts.remove(key)
            for key in wanted.keys() - self._names.keys():
                self._names[key] = name_of(wanted[key], self._names.values())
                self._alerts.add(WebPush(wanted[key], self._subscriptions, self._clock,
                                         self._names[key]))


def push_channels(config: ConfigFolder, clock: Clock) -> list[Channel]:
    """Return a channel for each browser that is subscribed, for one test."""
    subscriptions, made = PushSubscriptions(config), list[Channel]()
    for each in subscriptions.all():
        name = name_of(each, [channel.name for channel in made])
        made.append(WebPush(each, subscriptions, clock, name))
    return made


def key_of(subscription: PushSubscription) -> str:
    """Return the key of the channel to *subscription*."""
    return channel_key("push", subscription.endpoint, subscription.p256dh)


def name_of(subscription: PushSubscription, used: Collection[str]) -> str:
    """Return a name for the channel to *subscription* that is not among *used*."""
    return unique_name(f"web push to {printable(subscription.device)}", used)


def message(alert: Alert) -> bytes:
    """Return what the service worker shows of *alert*, as JSON."""
    event = EVENT_PATH.search(urlsplit(alert.url).path)
    path = event[1] if event else "" if alert.type == TEST else "events"
    picture = f"{path}/thumbnail.jpg" if event and alert.still else ""
    return json.dumps({
        "title": shortened(alert.title, MAX_TITLE_BYTES),
        "text": shortened(alert.text, MAX_TEXT_BYTES), "tag": alert.tag,
        "time": alert.begin, "path": path, "picture": picture,
        "update": alert.is_update}, ensure_ascii=False).encode()


def shortened(text: str, size: int) -> str:
    """Return *text*, cut so that it takes at most *size* bytes."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= size:
        return encoded.decode()
    return encoded[:size - 3].decode("utf-8", "ignore") + "…"

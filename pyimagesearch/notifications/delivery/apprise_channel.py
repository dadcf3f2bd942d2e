"""Alerts through Apprise: by mail, Telegram, Pushover, Matrix and many other ways."""

import base64
import contextlib
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pyimagesearch.errors import SettingsError
from pyimagesearch.events.event import LOGIN_REFUSED, LOST, UNSTEADY

from ..alert import DISK, Alert
from ..channel import DeliveryFailed, channel_key
from .apprise_process import Answer, AppriseProcess, ChildFailed

log = logging.getLogger(__name__)

SERVICE_SECONDS = 20.0      # for a service to take an alert
MAIL_SCHEMES = ("mailto", "mailtos")
WARNING_KINDS = {DISK, LOST, UNSTEADY, LOGIN_REFUSED}   # others are information


class AppriseChannel:
    """
    One URL of Apprise; a message stays as it is, as most services cannot change it.

    *process* sends for all of them; a service may take *seconds*.
    """

    takes_updates = False

    def __init__(self, url: str, process: AppriseProcess,
                 seconds: float = SERVICE_SECONDS) -> None:
        self.scheme = url.partition("://")[0]
        self.name = f"apprise {self.scheme}"
        self.key = channel_key("apprise", url)
        self._url = url
        self._process = process
        self._seconds = seconds

    def send(self, alert: Alert) -> None:
        """Deliver *alert*; raises :exc:`DeliveryFailed`. Blocks up to 30 seconds."""
        still = base64.b64encode(alert.still).decode() if alert.still else ""
        answer = self._ask(
            check=False, title=alert.title, text="\n".join(filter(None, [
                alert.text, alert.url])), link=alert.url, still=still,
            still_name=f"{alert.camera or 'camera'}.jpg", seconds=self._seconds,
            level="warning" if alert.kind in WARNING_KINDS else "info")
        if answer.trouble:
            raise DeliveryFailed(answer.trouble)

    def prepare(self) -> None:
        """Start the process, as an alert follows."""
        with contextlib.suppress(ChildFailed):      # send() says why
            self._process.prepare()

    def check(self) -> bool:
        """Return whether Apprise accepts the URL; nothing is sent. Blocks."""
        return self._ask(check=True, link="").accepted

    @property
    def hint(self) -> str:
        """What to look at if the URL is not accepted."""
        before, _, query = self._url.partition("?")
        if before.count("@") > 1:
            return "write an @ in its user or password as %40"
        if self.scheme in MAIL_SCHEMES and "@" not in before and "from=" not in query:
            return "without a user, mail needs ?from=ADDRESS&to=ADDRESS"
        return ("write the signs @ : / ? # % in a user or password as "
                "%40 %3A %2F %3F %23 %25")

    def close(self) -> None:
        """End all that is being sent through Apprise now."""
        self._process.close()

    def _ask(self, **request: Any) -> Answer:
        try:
            return self._process.ask({"url": self._url, **request})
        except ChildFailed as error:
            raise DeliveryFailed(str(error)) from None


def apprise_channels(urls: Sequence[str]) -> list[AppriseChannel]:
    """Return a channel for each of *urls*; raises :exc:`SettingsError`. Blocks."""
    process = AppriseProcess()
    channels = [AppriseChannel(url, process) for url in dict.fromkeys(urls)]
    check_urls(channels)
    return channels


def check_urls(channels: Sequence[AppriseChannel]) -> None:
    """Raise :exc:`SettingsError` if Apprise does not accept one; it is asked once."""
    if not channels:
        return
    with ThreadPoolExecutor(len(channels)) as pool:
        accepted = list(pool.map(is_accepted, channels))
    for number, channel in enumerate(channels, 1):
        if not accepted[number - 1]:
            raise SettingsError(
                f"apprise has a URL {channel.scheme}:// (number {number}) that Apprise "
                "does not accept, but must be one as https://appriseit.com/services/ "
                f"describes it; {channel.hint}")


def is_accepted(channel: AppriseChannel) -> bool:
    """Return whether Apprise accepts the URL of *channel*; true if it cannot say."""
    try:
        return channel.check()
    except DeliveryFailed as error:     # of this machine, perhaps only for now
        log.warning("the URL of %s cannot be checked: %s", channel.name, error)
        return True

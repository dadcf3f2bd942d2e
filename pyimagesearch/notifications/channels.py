"""Create the channels that the settings name."""

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.settings import Settings

from .alerts import Alerts
from .channel import Channel, channel_key, unique_name
from .delivery.apprise_channel import apprise_channels
from .delivery.command_channel import CommandChannel
from .delivery.http_receiver import HttpReceiver
from .delivery.ntfy import Ntfy
from .delivery.webhook import Webhook

DETAILS = ("webhook_secret", "webhook_stills", "ntfy_token")    # of several channels
CHANNEL_OPTIONS = (*DETAILS, "webhook", "ntfy", "apprise", "alert_command")


class ConfiguredChannels:
    """Keep the channels that *settings* name in *alerts*, also as these change."""

    def __init__(self, alerts: Alerts, settings: Settings) -> None:
        self._alerts = alerts
        self._settings = settings
        self._next = channels_of(settings)      # for the settings prepared last
        self._keys: set[str] = set()
        self._change(set())

    def prepare(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Make the channels of new *settings*; raises :exc:`SettingsError`. Blocks."""
        if values_of(settings, CHANNEL_OPTIONS) != values_of(self._settings,
                                                             CHANNEL_OPTIONS):
            self._next = channels_of(settings)

    def follow(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """
        Send alerts by the channels of new *settings*, which were prepared.

        Those that have not changed go on; another secret changes all of them.
        """
        before, self._settings = self._settings, settings
        if values_of(settings, CHANNEL_OPTIONS) == values_of(before, CHANNEL_OPTIONS):
            return
        is_same = values_of(settings, DETAILS) == values_of(before, DETAILS)
        self._change({each.key for each in self._next} if is_same else set())

    def _change(self, kept: set[str]) -> None:
        """Use the next channels; those with *kept* keys may be there already."""
        for key in self._keys - kept:
            self._alerts.remove(key)
        for each in self._next:
            self._alerts.add(each)
        self._keys = {each.key for each in self._next}


def values_of(settings: Settings, names: Iterable[str]) -> list[object]:
    """Return the values of the options *names* of *settings*."""
    return [getattr(settings, name) for name in names]


def channels_of(settings: Settings) -> list[Channel]:
    """
    Return the channels of *settings*; MQTT and web push are added elsewhere.

    Raises :exc:`SettingsError` for what cannot be requested or run. Blocks while a
    child process checks the URLs of Apprise.
    """
    found: list[Channel] = [*webhooks_of(settings), *topics_of(settings),
                            *commands_of(settings),
                            *apprise_channels(settings.apprise or ())]
    names: list[str] = []
    for channel in found:
        channel.name = unique_name(channel.name, names)
        names.append(channel.name)
    return found


def webhooks_of(settings: Settings) -> list[Webhook]:
    """Return the webhooks of *settings*."""
    return [Webhook(HttpReceiver(url, "webhook"), channel_key("webhook", url),
                    secret=settings.webhook_secret, stills=settings.webhook_stills)
            for url in dict.fromkeys(settings.webhook or ())]


def topics_of(settings: Settings) -> list[Ntfy]:
    """Return the topics of ntfy of *settings*."""
    urls = list(dict.fromkeys(settings.ntfy or ()))
    receivers = [HttpReceiver(url, "ntfy") for url in urls]
    without_login = {each.authority for each in receivers if not each.authorization}
    if settings.ntfy_token and len(without_login) > 1:
        raise SettingsError(
            f"ntfy_token is set for {len(without_login)} servers, but one must not "
            "learn the token of another; write each token into its URL, as in "
            "https://:TOKEN@HOST/TOPIC")
    return [Ntfy(receiver, channel_key("ntfy", url), settings.ntfy_token)
            for url, receiver in zip(urls, receivers, strict=True)]


def commands_of(settings: Settings) -> list[CommandChannel]:
    """Return the command of *settings*, if it has one."""
    path = settings.alert_command
    if path is None:
        return []
    if not Path(path).is_file():
        raise SettingsError(f"alert_command is {path!r}, which is not a file here, but "
                            "must be the path of a program")
    if not os.access(path, os.X_OK):
        raise SettingsError(f"alert_command is {path!r}, which this user may not run; "
                            f"run: chmod a+rx {shlex.quote(path)}")
    return [CommandChannel(path)]

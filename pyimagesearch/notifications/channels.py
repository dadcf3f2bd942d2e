"""Create the channels that the settings name."""

from pyimagesearch.settings.settings import Settings

from .apprise_channel import apprise_channels
from .channel import Channel


def channels_of(settings: Settings) -> list[Channel]:
    """
    Return the channels of *settings*; MQTT and web push are added elsewhere.

    Raises :exc:`SettingsError`. Blocks while a child process checks those of Apprise.
    """
    return [*apprise_channels(settings.apprise or ())]

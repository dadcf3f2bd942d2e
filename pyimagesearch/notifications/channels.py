"""Create the channels that the settings name."""

from pyimagesearch.settings.settings import Settings

from .channel import Channel


def channels_of(settings: Settings) -> list[Channel]:
    """Return the channels of *settings*; MQTT and web push are added elsewhere."""
    return []

"""What the threads that send alerts read: events, settings and pictures."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pyimagesearch.clock import Clock
from pyimagesearch.events.event import Event
from pyimagesearch.events.store import EventStore
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.settings import Settings


@dataclass(kw_only=True)
class AlertSources:
    """
    What all channels have in common; everything may be called from any thread.

    :attr:`settings` and :attr:`url` may be replaced while the channels run.

    *camera* returns the settings in force of a camera, or those of all for a name
    that is not configured; *armed* whether its events raise alerts, or for "" whether
    those of the server do. *trouble* says why nothing can be recorded, *objects_off*
    why no objects are recognised: it is empty if they are. *still* returns the picture
    of an event. *ready* is set once the store can be read; *url* is that of the live
    page, with a slash at its end.
    """

    store: EventStore
    settings: Settings
    camera: Callable[[str], CameraSettings]
    armed: Callable[[str], bool]
    trouble: Callable[[], str]
    objects_off: str
    still: Callable[[Event], bytes | None]
    ready: threading.Event
    url: str
    clock: Clock

"""The picture of an event, small enough to be attached to an alert."""

from pathlib import Path

from pyimagesearch.events.event import COMPLETE, Event


class AlertStills:
    """Read the pictures of events from the folder with the clips; from any thread."""

    def __init__(self, clips: Path) -> None:
        self._clips = clips

    def of(self, event: Event) -> bytes | None:
        """Return the picture of *event* as JPEG, at most 200 kB; ``None`` without."""
        picture = event.picture
        if picture is None or picture.state != COMPLETE:
            return None
        try:
            return (self._clips / picture.path).read_bytes()
        except OSError:
            return None

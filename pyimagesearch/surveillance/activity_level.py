"""How much moves, minute by minute."""

from pyimagesearch.events.store import EventStore


class ActivityLevel:
    """
    Store the largest area of motion of each minute of one camera.

    Belongs to the camera loop.
    """

    def __init__(self, camera: str, store: EventStore) -> None:
        self._camera = camera
        self._store = store
        self._minute, self._area = 0, 0.0       # since the epoch; its largest area

    def note(self, captured: float, area: float) -> None:
        """Note that *area* [per mille] moved at *captured* [s since the epoch]."""
        minute = int(captured // 60)
        if minute != self._minute:
            if self._minute:
                self._store.level(self._camera, self._minute, self._area)
            self._minute, self._area = minute, 0.0
        self._area = max(self._area, area)

"""How many events there were since the start, for the metrics."""

import threading
from collections import Counter, defaultdict

MAX_COUNTED = 50        # names of each camera that are counted each on its own
OTHER_NAMES = "other"


class EventCounts:
    """
    Count events by camera and kind, and by what cameras recognised in them.

    Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._begun: Counter[tuple[str, str]] = Counter()
        # by camera and name: how many events, and the id of the last
        self._recognised: defaultdict[str, dict[str, tuple[int, int]]] = (
            defaultdict(dict))
        self._lock = threading.Lock()       # guards all above

    def begin(self, camera: str, kind: str) -> None:
        """Count an event that begins."""
        with self._lock:
            self._begun[camera, kind] += 1

    def recognise(self, camera: str, name: str, event: int) -> None:
        """Count *event* once for *name*, however often that is recognised in it."""
        with self._lock:
            names = self._recognised[camera]
            if name not in names and len(names) >= MAX_COUNTED:
                name = OTHER_NAMES
            count, last = names.get(name, (0, -1))
            if event > last:    # a camera's events are recognised in their order
                names[name] = count + 1, event

    def begun(self) -> dict[tuple[str, str], int]:
        """Return how many events began, by camera and kind."""
        with self._lock:
            return dict(self._begun)

    def recognised(self) -> dict[tuple[str, str], int]:
        """
        Return in how many events each name was recognised, by camera and name.

        The names of a camera after its first 50 are counted together as "other".
        """
        with self._lock:
            return {(camera, name): count for camera, names in self._recognised.items()
                    for name, (count, _) in names.items()}

"""Which cameras one viewer is sent, and how large."""

from collections.abc import Callable, Mapping

from .broadcaster import LatestFrameBroadcaster
from .variants import AS_IT_IS, VariantOf

Pictures = Mapping[str, LatestFrameBroadcaster]     # by the name of the camera


class Selection:
    """
    The cameras that one viewer is sent.

    *find* returns the pictures of those that exist, of the *cameras* named (``None``:
    all), in the *variant* wanted. The page changes both while it is sent the stream;
    every method may be called from any thread.
    """

    def __init__(self, find: Callable[["Selection"], Pictures],
                 cameras: frozenset[str] | None = None,
                 variant: VariantOf = AS_IT_IS) -> None:
        self.cameras = cameras
        self.variant = variant
        self._find = find
        self._listener: Callable[[], object] = lambda: None

    def change(self, cameras: frozenset[str] | None, variant: VariantOf) -> None:
        """Send other *cameras*, or another *variant*, from now on."""
        self.cameras, self.variant = cameras, variant
        self._listener()

    def on_change(self, callback: Callable[[], object]) -> None:
        """Call *callback* after each change, in the thread that made it."""
        self._listener = callback

    def pictures(self) -> dict[str, LatestFrameBroadcaster]:
        """Return the streams that are selected and have not ended."""
        return {name: stream for name, stream in self._find(self).items()
                if not stream.closed}

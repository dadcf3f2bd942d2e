"""Turn seconds into frames, and rates of learning at 25 fps into those at others."""

REFERENCE_FPS = 25.0        # that the rates of learning are stated for
MIN_FPS, MAX_FPS = 1.0, 120.0


class Timing:
    """The constants of the detector at one frame rate, *fps* [1/s]."""

    def __init__(self, fps: float) -> None:
        self.fps = min(max(float(fps), MIN_FPS), MAX_FPS)
        self._slower = min(1.0, REFERENCE_FPS / self.fps)

    def frames(self, seconds: float, least: int = 1) -> int:
        """Return how many frames come in *seconds*, but at least *least*."""
        return max(least, round(seconds * self.fps))

    def at_least(self, frames: int) -> int:
        """Return *frames*, or at more than 25 fps as many as take the same time."""
        return round(frames / self._slower)

    def share(self, share: float) -> float:
        """
        Return what a running mean takes of a frame so that it learns as fast.

        *share* is what it takes at 25 fps. With fewer frames it takes no more: it has
        less to measure noise by.
        """
        return share if self._slower == 1.0 else 1 - (1 - share) ** self._slower

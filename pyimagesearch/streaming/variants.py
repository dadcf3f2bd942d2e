"""Variants of a live picture in size, quality and rate, each encoded once for all."""

import threading
from typing import NamedTuple

from pyimagesearch.errors import TooManyViewers
from pyimagesearch.frames import Image, resized, size_of
from pyimagesearch.jpeg import encode
from pyimagesearch.rates import RateLimit

from .broadcaster import LatestFrameBroadcaster

CHOICES = {     # of each parameter of a variant
    "width": (160, 320, 480, 640, 960, 1280, 1920, 2560),
    "quality": (30, 50, 75),
    "fps": (1, 2, 5, 10, 15)}
MAX_WATCHED = 6     # variants of one picture at a time, each of which is encoded


class VariantOf(NamedTuple):
    """How a variant differs from the picture as it is; ``None``: it does not."""

    width: int | None = None        # at most [pixels]
    quality: int | None = None      # of the JPEG, 1 to 100
    fps: int | None = None          # at most


AS_IT_IS = VariantOf()


class Variant:
    """One variant, its viewers, and when they get the next picture."""

    def __init__(self, wanted: VariantOf, quality: int) -> None:
        self.broadcaster = LatestFrameBroadcaster()
        self.width = wanted.width
        self._quality = wanted.quality or quality
        self._limit = RateLimit(wanted.fps)

    @property
    def waits(self) -> bool:
        """Whether there are viewers who have no picture yet."""
        return self.broadcaster.viewers > 0 and self.broadcaster.stale

    def is_due(self, at: float) -> bool:
        """Return whether there are viewers who want the picture of *at* [s]."""
        return self.waits or (
            self.broadcaster.viewers > 0 and self._limit.is_due(at))

    def show(self, image: Image, captured: float, at: float) -> None:
        """Encode *image* and publish it."""
        self._limit.admits(at)
        width = min(self.width or image.shape[1], size_of(image)[0])
        self.broadcaster.publish(
            encode(resized(image, width), self._quality), captured)


class Variants:
    """
    Make the variants of one live picture of *quality* that are watched.

    Those that are wider than *width* [pixels], as wide as the picture is, are made of
    a wider one.

    One thread calls :meth:`show` and :meth:`withdraw`; the other methods may be called
    from any thread.
    """

    def __init__(self, quality: int, width: int = max(CHOICES["width"])) -> None:
        self._quality = quality
        self._width = width
        self._variants: dict[VariantOf, Variant] = {}
        self._is_closed = False
        self._lock = threading.Lock()       # guards both
        self._made: tuple[Variant, ...] = ()    # all, replaced by a longer one

    @property
    def viewers(self) -> int:
        """How many viewers watch a variant."""
        return sum(each.broadcaster.viewers for each in self._made)

    @property
    def send_seconds(self) -> float:
        """CPU time spent on sending them to viewers [s]."""
        return sum(each.broadcaster.sending.seconds for each in self._made)

    @property
    def wait(self) -> bool:
        """Whether there are viewers who have no picture yet."""
        return any(each.waits for each in self._made)

    def stream(self, wanted: VariantOf) -> LatestFrameBroadcaster:
        """
        Return the stream of a variant, whose parameters are CHOICES.

        Raises :exc:`TooManyViewers` if MAX_WATCHED others are watched.
        """
        with self._lock:
            others = [each for key, each in self._variants.items()
                      if key != wanted and each.broadcaster.viewers]
            if len(others) >= MAX_WATCHED:
                raise TooManyViewers(
                    f"{MAX_WATCHED} other variants of this picture are watched, the "
                    "maximum; ask for one of them, or for the picture as it is.")
            if wanted not in self._variants:
                self._variants[wanted] = made = Variant(wanted, self._quality)
                self._made = tuple(self._variants.values())
                if self._is_closed:
                    made.broadcaster.close()
            return self._variants[wanted].broadcaster

    def are_due(self, at: float) -> bool:
        """Return whether a viewer wants the picture of *at* [s, monotonic]."""
        return any(each.is_due(at) for each in self._made)

    def width_due(self, at: float) -> int | None:
        """Return how wide a picture of *at* is wanted, if wider than the usual one."""
        return max((each.width for each in self._made
                    if each.width and self._is_wide(each) and each.is_due(at)),
                   default=None)

    def show(self, image: Image, captured: float, at: float, wide: Image | None = None
             ) -> int:
        """
        Encode *image* for those who want it; return how often it was encoded.

        It was *captured* [s since the epoch] at the moment *at* [s, monotonic]; *wide*
        is the same one in the width that is due.
        """
        self.withdraw()
        due = [each for each in self._made if each.is_due(at)]
        for each in due:
            fitting = wide if self._is_wide(each) else None
            each.show(image if fitting is None else fitting, captured, at)
        return len(due)

    def _is_wide(self, variant: Variant) -> bool:
        return (variant.width or 0) > self._width

    def withdraw(self) -> None:
        """Note that there is a newer picture; only for later viewers it is too old."""
        for each in self._made:
            if not each.broadcaster.viewers:
                each.broadcaster.mark_stale()

    def mark_stale(self) -> None:
        """Begin to send the last picture to no viewer any more."""
        for each in self._made:
            each.broadcaster.mark_stale()

    def hide(self, *, but_newest: bool = False) -> None:
        """Do what :meth:`.LatestFrameBroadcaster.hide` does, for each."""
        for each in self._made:
            each.broadcaster.hide(but_newest=but_newest)

    def close(self) -> None:
        """End all streams, present and future."""
        with self._lock:
            self._is_closed = True
        for each in self._made:
            each.broadcaster.close()

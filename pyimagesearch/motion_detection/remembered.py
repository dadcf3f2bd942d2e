"""Keep what a detector has learnt over short losses and restarts."""

import logging
from typing import Protocol

from pyimagesearch.frames import Grey

from .detector import RegionDetector, RemembersBackground
from .learnt_background import LearntBackground, Mask

log = logging.getLogger(__name__)

KEEP_SECONDS = 300.0    # between two copies for the disk
TRIED_FRAMES = 100      # the first ones, while the camera may still adjust its exposure


class BackgroundKeeper(Protocol):
    """Where backgrounds outlast the program; no method blocks."""

    def put(self, camera: str, learnt: LearntBackground) -> None:
        """Keep *learnt* in place of what was kept of *camera*."""

    def forget(self, camera: str) -> None:
        """Delete what is kept of *camera*."""

    def set_mask(self, camera: str, mask: Mask) -> None:
        """Delete what is kept of *camera* if it was learnt by another mask."""

    def kept(self, camera: str) -> LearntBackground | None:
        """Return what is kept of *camera*, as far as it has been read."""


class RememberedBackground:
    """
    The background of one camera, as it was when its detector had to start over.

    A detector goes on with it if the first pictures show the same scene in about the
    same light: the camera may have been turned meanwhile, or it may be night. *keeper*
    holds it over restarts. :meth:`set_mask` may be called from any thread, all else
    belongs to the camera loop.
    """

    def __init__(self, camera: str, keeper: BackgroundKeeper | None = None) -> None:
        self._camera = camera
        self._keeper = keeper
        self._learnt: LearntBackground | None = None    # by the detector before
        self._mask: Mask = ()       # of the pictures that come
        self._tried = 0             # frames
        self._kept_at: float | None = None      # [s, monotonic]

    def __deepcopy__(self, memo: object) -> "RememberedBackground":
        """Return one that keeps nothing: a copy of a detector is only tried out."""
        return RememberedBackground(self._camera)

    def set_mask(self, mask: Mask) -> None:
        """Delete what was kept by another *mask*, which will be used soon."""
        if self._keeper:
            self._keeper.set_mask(self._camera, mask)

    def use_mask(self, mask: Mask) -> None:
        """Forget what was learnt by another *mask*: the next pictures have this one."""
        self._mask = mask
        if self._learnt and self._learnt.mask != mask:
            self._learnt = None

    def take(self, detector: RegionDetector | None) -> None:
        """Take over what *detector* has learnt, before another one takes its place."""
        self._tried = 0
        if learnt := self._of(detector):
            self._learnt = learnt

    def recall(self, detector: RegionDetector, image: Grey) -> bool:
        """Give *detector* what is remembered; return whether it goes on with that."""
        if self._tried >= TRIED_FRAMES or not isinstance(detector, RemembersBackground):
            return False
        self._tried += 1
        if self._learnt is None and self._keeper:
            self._learnt = self._keeper.kept(self._camera)
        learnt = self._learnt
        if learnt is None or learnt.mask != self._mask or not detector.recall(
                learnt, image):
            return False
        log.info("%s: going on with the background learnt before", self._camera)
        self._tried = TRIED_FRAMES
        return True

    def on_frame(self, detector: RegionDetector | None, at: float) -> None:
        """Keep a copy now and then; *at* is the time of the frame [s, monotonic]."""
        if self._kept_at is None:
            self._kept_at = at
        elif at - self._kept_at >= KEEP_SECONDS:
            self._kept_at = at
            self.keep(detector)

    def keep(self, detector: RegionDetector | None) -> None:
        """Keep what *detector*, or the one before, has learnt for the next start."""
        if self._keeper and (learnt := self._of(detector) or self._learnt):
            self._keeper.put(self._camera, learnt)

    def forget(self) -> None:
        """Forget the background, also the one kept for the next start."""
        self._learnt = None
        self._tried = TRIED_FRAMES
        if self._keeper:
            self._keeper.forget(self._camera)

    def _of(self, detector: RegionDetector | None) -> LearntBackground | None:
        """Return what *detector* has learnt; ``None`` before detection began."""
        if not isinstance(detector, RemembersBackground):
            return None
        learnt = detector.learnt_background()
        return learnt and learnt._replace(mask=self._mask)

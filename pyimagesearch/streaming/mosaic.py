"""All cameras in one stream: browsers limit the connections to one server."""

import logging
import math
import threading
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from pyimagesearch.clock import Clock
from pyimagesearch.frames import Image, Size, size_of
from pyimagesearch.jpeg import encode
from pyimagesearch.overlay import DARK, FONT, PALE, RED, ascii_of
from pyimagesearch.threads import Worker

from .broadcaster import LatestFrameBroadcaster
from .live_videos import LiveVideos
from .variants import Variants

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0     # after an unexpected error
LOOK_SECONDS = 0.25     # between looks for new viewers, while nothing changes
TILES_SECONDS = 0.5     # after the first viewer came, for cameras to draw their tiles
MAX_FPS = 15.0          # it is an overview
MOSAIC_WIDTH = 1280     # pixels


class Tile(NamedTuple):
    """Where one camera is in the mosaic [pixels]."""

    name: str
    x: int
    y: int
    width: int
    height: int


def layout(names: Sequence[str]) -> list[Tile]:
    """Return a 4:3 tile for each of *names*, in at most as many rows as columns."""
    columns = math.ceil(math.sqrt(len(names))) or 1
    wide = MOSAIC_WIDTH // columns // 4 * 4
    tall = wide * 3 // 4
    return [Tile(name, number % columns * wide, number // columns * tall, wide, tall)
            for number, name in enumerate(names)]


class Mosaic(Worker):
    """
    Draw the newest picture of each camera into its tile, and publish the mosaic.

    Camera loops call :meth:`show` and :meth:`draw`; the thread ``mosaic`` encodes
    changes, at most 15 times a second and once for all viewers; *videos* are the H.264
    videos for slow links, by name. Without viewers, tiles become dark and stay so until
    their camera's next picture that a viewer can see: an old one is never shown. Cards
    stay, and are what a new viewer sees if there are only cards.
    """

    def __init__(self, names: Sequence[str], broadcaster: LatestFrameBroadcaster,
                 quality: int, clock: Clock,
                 videos: LiveVideos | None = None) -> None:
        super().__init__("mosaic")
        self.broadcaster = broadcaster
        self.videos = videos or LiveVideos()
        self.variants = Variants(quality)
        self._quality = quality
        self._clock = clock
        self._publishing = threading.Lock()     # held from a copy to its publication
        self._lock = threading.Lock()           # guards the three that it lays out
        self._unwatched_at = -math.inf  # when there were no viewers [s, monotonic]
        self._changed = threading.Event()
        self._lay_out(names)

    def set_cameras(self, names: Sequence[str]) -> None:
        """Show these cameras from now on; each tile is dark until its next picture."""
        with self._publishing, self._lock:
            self._lay_out(names)
            for name in names:
                self._label(name, "")
            self._withdraw()

    def _lay_out(self, names: Sequence[str]) -> None:
        self.tiles = layout(names)
        height = max((tile.y + tile.height for tile in self.tiles), default=1)
        width = max((tile.x + tile.width for tile in self.tiles), default=1)
        self._canvas: Image = np.full((height, width, 3), DARK, np.uint8)
        self._regions = {tile.name: self._canvas[tile.y:tile.y + tile.height,
                                                 tile.x:tile.x + tile.width]
                         for tile in self.tiles}
        self._current: set[str] = set()         # tiles that are not dark

    @property
    def size(self) -> Size:
        """Return ``(width, height)`` of the mosaic [pixels]."""
        return size_of(self._canvas)

    @property
    def wanted(self) -> bool:
        """Whether there are viewers."""
        return (self.broadcaster.viewers > 0 or self.videos.viewers > 0
                or self.variants.viewers > 0)

    def lacks(self, name: str) -> bool:
        """Return whether viewers see a dark tile in place of camera *name*."""
        return self.wanted and name in self._regions and name not in self._current

    def stop(self) -> None:
        """Signal the thread to end, and end all streams."""
        super().stop()
        self._changed.set()
        self.broadcaster.close()
        self.videos.close()
        self.variants.close()

    def show(self, name: str, image: Image, motion: bool, note: str = "") -> None:
        """
        Draw *image* into the tile of camera *name*, marked if there is *motion*.

        *note*, the camera's state if it is not live and the names of what was
        recognised, is written beside the camera's name.
        """
        if self.wanted:
            self.draw(name, image, note, motion)
        else:
            self.darken(name)

    def darken(self, name: str) -> None:
        """Note that camera *name* has a newer picture, which is not drawn."""
        self._mark_stale()
        if name in self._current:       # else it would show an old picture
            with self._publishing, self._lock:
                self._current.discard(name)
                if name in self._regions:
                    self._regions[name][:] = DARK
                    self._label(name, "")
                    self._withdraw()

    def hide(self) -> None:
        """Withdraw what was published; the next picture shows what may be seen."""
        with self._publishing:
            self._withdraw()

    def draw(self, name: str, image: Image, note: str, motion: bool = False) -> None:
        """Do what :meth:`show` does even without viewers, as for a card."""
        region = self._regions.get(name)
        if region is None:      # it is shown alone
            return
        width, height = size_of(region)
        scale = min(width / image.shape[1], height / image.shape[0])
        wide, tall = (max(1, round(side * scale)) for side in image.shape[1::-1])
        small = cv2.resize(image, (wide, tall), interpolation=cv2.INTER_LINEAR)
        x, y = (width - wide) // 2, (height - tall) // 2
        with self._lock:
            if self._regions.get(name) is not region:   # laid out differently meanwhile
                return
            if (wide, tall) != (width, height):
                region[:] = DARK
            region[y:y + tall, x:x + wide] = small
            self._label(name, note)
            if motion:
                cv2.rectangle(region, (1, 1), (width - 2, height - 2), RED, 3)
            self._current.add(name)
        self._changed.set()

    def _label(self, name: str, note: str) -> None:
        text = ascii_of(f"{name} - {note}" if note else name)
        region = self._regions[name]
        (wide, tall), below = cv2.getTextSize(text, FONT, 0.55, 1)
        region[:tall + below + 8, :wide + 16] //= 3     # readable on any picture
        cv2.putText(region, text, (8, tall + 6), FONT, 0.55, PALE, 1, cv2.LINE_AA)

    def _mark_stale(self) -> None:
        """Note that what was published is too old for later viewers."""
        self.broadcaster.mark_stale()
        self.variants.withdraw()

    def _withdraw(self) -> None:
        self.broadcaster.hide()
        self.videos.hide()
        self.variants.hide()
        self._changed.set()

    def run(self) -> None:
        """Publish changes until :meth:`stop`."""
        due = self._clock.monotonic()
        while not self.stopping.is_set():
            is_changed = self._changed.wait(LOOK_SECONDS)
            if not self.wanted:
                self._unwatched_at = self._clock.monotonic()
            if not (is_changed or self._has_waiting_viewers()):
                continue
            self._changed.clear()
            if self.stopping.is_set():
                return
            if not (self.wanted or self._is_complete):
                self._mark_stale()
                continue
            if self._awaits_tiles:
                continue
            try:
                self.run_once()
            except Exception:       # the next change may be drawn
                log.exception("the mosaic failed")
                self._clock.wait(self.stopping, RETRY_SECONDS)
            now = self._clock.monotonic()
            due = max(due + 1 / MAX_FPS, now - 1 / MAX_FPS)
            self._clock.wait(self.stopping, due - now)

    def run_once(self) -> None:
        """Encode the mosaic and publish it."""
        with self._publishing:
            with self._lock:
                picture = self._canvas.copy()
            captured, at = self._clock.time(), self._clock.monotonic()
            if self.broadcaster.viewers or not self.wanted:
                self.broadcaster.publish(encode(picture, self._quality), captured)
            else:
                self.broadcaster.mark_stale()
            self.videos.count(at)
            self.videos.show(picture, captured, at)
            self.variants.show(picture, captured, at)

    @property
    def _is_complete(self) -> bool:
        """Whether no tile is dark."""
        return len(self._current) == len(self.tiles)

    @property
    def _awaits_tiles(self) -> bool:
        """Whether cameras are about to draw dark tiles, as the first viewer came."""
        watched = self._clock.monotonic() - self._unwatched_at
        return self.wanted and not self._is_complete and watched < TILES_SECONDS

    def _has_waiting_viewers(self) -> bool:
        """Return whether there are viewers to whom nothing new was sent."""
        now = self._clock.monotonic()
        self.videos.rest(now)
        return bool((self.broadcaster.viewers and self.broadcaster.stale)
                    or self.variants.wait
                    or self.videos.wait(now, is_still=True))

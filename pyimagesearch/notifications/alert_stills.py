"""The picture of an event, small enough to be attached to an alert."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from pyimagesearch.errors import BadPicture
from pyimagesearch.events.event import COMPLETE, Event, KeptFile
from pyimagesearch.jpeg import JpegDecoder, encode, jpeg_size
from pyimagesearch.outlines import filled

log = logging.getLogger(__name__)

MAX_STILL_BYTES = 200_000
MAX_PIXELS = 1280 * 960     # of a picture that is encoded again; larger ones are halved
QUALITIES = (75, 60, 45, 30)
SCALES = (1, 2, 4, 8)       # what libjpeg divides the size by while decoding


class AlertStills:
    """
    Read the pictures of events from the folder *clips*. From any thread.

    A picture may be older than the privacy mask: what is *hidden* of its camera by now,
    as polygons, is blackened. While the cameras *are_off*, there is none. The last one
    is kept, as all channels want the same at the same time.
    """

    def __init__(self, clips: Path, hidden: Callable[[str], Sequence[str]],
                 are_off: Callable[[], bool]) -> None:
        self._clips = clips
        self._hidden = hidden
        self._are_off = are_off
        self._lock = threading.Lock()       # guards the last picture
        self._last: tuple[object, bytes | None] = (None, None)  # of what, and the JPEG

    def of(self, event: Event) -> bytes | None:
        """Return the picture of *event* as JPEG, at most 200 kB; ``None`` without."""
        picture = event.picture
        if picture is None or picture.state != COMPLETE or self._are_off():
            return None
        wanted = (picture, tuple(self._hidden(event.camera)))
        with self._lock:
            if self._last[0] != wanted:     # a better one has the same path
                self._last = (wanted, self._read(picture, wanted[1]))
            return self._last[1]

    def _read(self, picture: KeptFile, hidden: Sequence[str]) -> bytes | None:
        try:
            return shrunk((self._clips / picture.path).read_bytes(), hidden)
        except (OSError, BadPicture) as error:
            log.debug("no still for an alert: %s", error)
            return None


def shrunk(jpeg: bytes, hidden: Sequence[str] = ()) -> bytes:
    """
    Return *jpeg* with at most 200 kB, and the polygons *hidden* in black.

    Raises :exc:`BadPicture`.
    """
    if len(jpeg) <= MAX_STILL_BYTES and not hidden:
        return jpeg
    width, height = jpeg_size(jpeg)
    for scale in SCALES:
        size = (-(-width // scale), -(-height // scale))
        if size[0] * size[1] > MAX_PIXELS and scale < SCALES[-1]:
            continue
        image = JpegDecoder().decode(jpeg, "BGR", size)
        if hidden:
            image[filled(hidden, size) > 0] = 0
        for quality in QUALITIES:
            small = encode(image, quality)
            if len(small) <= MAX_STILL_BYTES:
                return small
    raise BadPicture(f"a JPEG of {width}x{height} pixels cannot be made small enough")

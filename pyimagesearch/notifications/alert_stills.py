"""The picture of an event, small enough to be attached to an alert."""

import logging
import threading
from pathlib import Path

from pyimagesearch.errors import BadPicture
from pyimagesearch.events.event import COMPLETE, Event, KeptFile
from pyimagesearch.jpeg import JpegDecoder, encode, jpeg_size

log = logging.getLogger(__name__)

MAX_STILL_BYTES = 200_000
MAX_PIXELS = 1280 * 960     # of a picture that is encoded again; larger ones are halved
QUALITIES = (75, 60, 45, 30)
SCALES = (1, 2, 4, 8)       # what libjpeg divides the size by while decoding


class AlertStills:
    """
    Read the pictures of events from the folder *clips*. From any thread.

    The last one is kept, as all channels want the same at the same time.
    """

    def __init__(self, clips: Path) -> None:
        self._clips = clips
        self._lock = threading.Lock()       # guards the last picture
        self._last: tuple[KeptFile | None, bytes | None] = (None, None)     # its file

    def of(self, event: Event) -> bytes | None:
        """Return the picture of *event* as JPEG, at most 200 kB; ``None`` without."""
        picture = event.picture
        if picture is None or picture.state != COMPLETE:
            return None
        with self._lock:
            if self._last[0] != picture:    # a better one has the same path
                self._last = (picture, self._read(picture.path))
            return self._last[1]

    def _read(self, path: str) -> bytes | None:
        try:
            return shrunk((self._clips / path).read_bytes())
        except (OSError, BadPicture) as error:
            log.debug("no still for an alert: %s", error)
            return None


def shrunk(jpeg: bytes) -> bytes:
    """Return *jpeg* with at most 200 kB; raises :exc:`BadPicture`."""
    if len(jpeg) <= MAX_STILL_BYTES:
        return jpeg
    width, height = jpeg_size(jpeg)
    for scale in SCALES:
        size = (-(-width // scale), -(-height // scale))
        if size[0] * size[1] > MAX_PIXELS and scale < SCALES[-1]:
            continue
        image = JpegDecoder().decode(jpeg, "BGR", size)
        for quality in QUALITIES:
            small = encode(image, quality)
            if len(small) <= MAX_STILL_BYTES:
                return small
    raise BadPicture(f"a JPEG of {width}x{height} pixels cannot be made small enough")

"""Fill a pre-roll with a camera's own packets, or else with its pictures."""

import logging
import math
import threading

from pyimagesearch.frames import Image, VideoHeader
from pyimagesearch.jpeg import LazyJpeg

from .preroll import Packet, Preroll

log = logging.getLogger(__name__)

MIN_VIDEO_SECONDS = 10.0    # from one change of the video to the next
STEADY_SECONDS = 60.0   # without one that is earlier, until packets are taken again
OWN_VIDEO = "clips are made of the camera's own video"
STREAM = "clips are made of the stream and not of the camera's own video"


class PrerollInput:
    """
    Let either *camera*'s packets into *preroll*, or its pictures.

    Packets are preferred, from the first key frame on. There are none if the camera
    sends none of use, which is logged, or if its video changes again and again, as each
    would be a clip, or if it is masked: nothing can be blackened in a packet. The
    camera's reader calls :meth:`begin`, :meth:`put` and :meth:`end`; the other methods
    may be called from any thread. Once :meth:`mask` has returned, no packet is in the
    pre-roll.
    """

    def __init__(self, camera: str, preroll: Preroll) -> None:
        self._camera = camera
        self._preroll = preroll
        self._lock = threading.Lock()       # guards the rest and what is let in
        self._header: VideoHeader | None = None
        self._is_masked = False
        self._takes_packets = False
        self._logged = OWN_VIDEO
        self._before: VideoHeader | None = None     # of the packet before
        self._changed_at = -math.inf    # when the video did [s, monotonic]
        self._unsteady_until = -math.inf    # [s, monotonic]

    @property
    def takes_pictures(self) -> bool:
        """Whether pictures are let in, and no packets."""
        return not self._takes_packets

    def begin(self, header: VideoHeader) -> None:
        """Start a new video, described by *header*."""
        with self._lock:
            self._header = header

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Take a packet; see :class:`~pyimagesearch.capture.source.PacketSink`."""
        with self._lock:
            if self._header is None:
                return
            self._watch_changes(self._header, at)
            if key and not self._takes_packets:
                why = self._refusal(at)
                self._takes_packets = not why
                self._log(why or OWN_VIDEO)
            if not self._takes_packets:
                return
            self._preroll.put(Packet(data, self._header, key, pts, dts), captured, at)
            if not self._preroll.has_key:
                self._end(f"its key frames are too far apart for a pre-roll, so "
                          f"{STREAM}")

    def put_picture(self, jpeg: LazyJpeg, captured: float, at: float, *,
                    since: float | None = None, drawn: Image | None = None) -> None:
        """
        Take a picture, unless packets are taken; see :meth:`.Preroll.put`.

        *drawn* is the same, BGR, for a recorder that keeps up.
        """
        with self._lock:
            if self._takes_packets:
                return
            number = self._preroll.put(jpeg, captured, at, since=since)
        if drawn is not None and self._preroll.drawn.wanted:
            self._preroll.drawn.put(number, drawn)

    def end(self, why: str) -> None:
        """Take pictures until the next video begins; *why* is a clause for the log."""
        with self._lock:
            self._end(f"{why}, so {STREAM}")

    def mask(self) -> None:
        """Let no packet in, and drop what came, as it shows what is hidden now."""
        with self._lock:
            self._is_masked, self._takes_packets = True, False
            self._preroll.clear()

    def unmask(self) -> None:
        """Let packets in, from the next key frame on."""
        with self._lock:
            self._is_masked = False

    def _watch_changes(self, header: VideoHeader, at: float) -> None:
        """Take no packets for a while if the video changes soon after it did."""
        before, self._before = self._before, header
        if before in (None, header):
            return
        if at - self._changed_at < MIN_VIDEO_SECONDS:
            self._takes_packets, self._unsteady_until = False, at + STEADY_SECONDS
        self._changed_at = at

    def _refusal(self, at: float) -> str:
        """Return why no packets are taken *at* [s, monotonic], or ""."""
        if self._is_masked:
            return f"has a privacy mask, so {STREAM}"
        if at < self._unsteady_until:
            return f"its video changes again and again, so {STREAM}"
        return ""

    def _end(self, sentence: str) -> None:
        self._header, self._takes_packets = None, False
        self._log(sentence)

    def _log(self, sentence: str) -> None:
        if sentence != self._logged:
            log.info("%s: %s", self._camera, sentence)
        self._logged = sentence

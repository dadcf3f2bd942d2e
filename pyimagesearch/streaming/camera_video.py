"""A camera's own video, handed on untouched to viewers with a fast link."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pyimagesearch.clock import Clock
from pyimagesearch.frames import VideoHeader

from .fragments import TICKS_PER_SECOND, Timeline, fragment
from .nal_framing import UnitFraming, codec_string
from .video_broadcaster import VideoBroadcaster

MAX_GROUP_BYTES = 16_000_000    # of memory, from one key frame to the next
MAX_GROUP_PACKETS = 1000    # half a minute; a viewer joins within 10 ms
MAX_SILENCE_SECONDS = 10.0      # after which there is nothing to join
NO_VIDEO = "the camera has sent no video of its own so far"
MASKED = "the camera has a privacy mask, which cannot be burnt into its own video"
SWITCHED_OFF = "the camera is switched off"
FAR_KEYS = "the camera sends key frames too far apart to be watched live"


class CameraPacket(NamedTuple):
    """One packet of a camera, as it came."""

    data: bytes         # with start codes
    captured: float     # [s since the epoch]
    at: float           # the same moment [s, monotonic]
    is_key: bool
    pts: int            # presentation time [1/90000 s]
    dts: int            # decoding time [1/90000 s]


class CameraVideo(VideoBroadcaster):
    """
    Make fragments of the packets of a camera, while there are viewers.

    The camera decides when a key frame comes, so that a viewer begins with the last
    one, however old: the packets since then are kept as they came, up to
    MAX_GROUP_BYTES and MAX_GROUP_PACKETS. It is :attr:`closed`, with the reason in
    :attr:`why_not`, while the packets are of no use, or must not be shown: nothing can
    be blackened in a packet. The camera's reader calls :meth:`begin`, :meth:`put`
    and :meth:`end` (see :class:`~pyimagesearch.capture.source.PacketSink`); the other
    methods may be called from any thread. Once :meth:`set_mask` or :meth:`switch` has
    returned, nothing from before is given out.
    """

    makes_keys = False

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.closed = True
        self.content_type = "video/mp4"     # with the codec, once it is known
        self._clock = clock
        self._framing: UnitFraming | None = None    # of the newest video
        self._packets: list[CameraPacket] = []      # since the last key frame
        self._bytes = 0         # that these take
        self._timeline = Timeline()
        self._obstacles = {"camera": NO_VIDEO}      # why it cannot be watched
        self._gate = threading.RLock()      # guards all above, and what is let in

    @property
    def why_not(self) -> str:
        with self._gate:
            if self._obstacles:
                return next(iter(self._obstacles.values()))
            silence = self._clock.monotonic() - self._packets[-1].at if (
                self._packets) else 0.0
        return f"the camera has sent nothing for {silence:.0f} seconds" if (
            silence > MAX_SILENCE_SECONDS) else ""

    def set_mask(self, mask: object) -> None:
        """Refuse all packets while there is a *mask*, and end all streams."""
        self._allow("mask", MASKED if mask else "")

    def switch(self, off_since: float | None) -> None:
        """Refuse all packets while the camera is off, and end all streams."""
        self._allow("switch", "" if off_since is None else SWITCHED_OFF)

    def begin(self, header: VideoHeader) -> None:
        """Start a new video, from the next packet on."""
        with self._gate:
            self._allow("camera", "")
            if self._framing and self._framing.header == header.mp4:
                return      # it has reconnected
            self._framing = UnitFraming(header.mp4)
            self.content_type = f'video/mp4; codecs="{codec_string(header.mp4)}"'

    def put(self, data: bytes, captured: float, at: float, *, key: bool, pts: int,
            dts: int) -> None:
        """Take a packet, unless none must be shown."""
        with self._gate:
            if self._framing is None or not self._obstacles.keys() <= {"group"}:
                return
            packet = CameraPacket(data, captured, at, key, pts, dts)
            if key:
                self._end_group()
            elif not self._packets:
                return
            self._packets.append(packet)
            self._bytes += len(data)
            if (self._bytes > MAX_GROUP_BYTES
                    or len(self._packets) > MAX_GROUP_PACKETS):
                self._allow("group", FAR_KEYS)
            elif self.viewers:
                self._publish(packet, self._framing)

    def end(self, why: str) -> None:
        """End all streams until the next video begins; *why* is a clause."""
        with self._gate:
            self._framing = None
            self._allow("camera", why)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as a viewer inside the block; the first one finds the last group."""
        try:
            with super().watching():
                self._catch_up()
                yield
        finally:
            with self._gate:
                if not self.viewers:
                    self.drop_group()

    def close(self) -> None:
        """End the streams of all viewers, present and future."""
        self._allow("server", "the server is stopping")

    def _catch_up(self) -> None:
        """Publish what came since the last key frame, unless that was done."""
        with self._gate:
            if self.group or not self._framing:
                return
            self._timeline = Timeline()
            for packet in self._packets:
                self._publish(packet, self._framing)

    def _publish(self, packet: CameraPacket, framing: UnitFraming) -> None:
        sample = framing.with_lengths(packet.data)
        if not sample:
            return
        begin, duration = self._timeline.place(packet.dts / TICKS_PER_SECOND)
        data = fragment(self.number + 1, begin, duration, sample, packet.captured,
                        is_key=packet.is_key, offset=packet.pts - packet.dts)
        self.publish(framing.header, data, packet.captured, packet.at,
                     is_key=packet.is_key)

    def _end_group(self) -> None:
        """Begin a group; if the last one was short enough, the next will be, too."""
        if self._packets:
            self._allow("group", "")
        self._drop()

    def _drop(self) -> None:
        self._packets.clear()
        self._bytes = 0

    def _allow(self, what: str, obstacle: str) -> None:
        """Set or remove an *obstacle*; one drops everything and ends all streams."""
        with self._gate:
            self._obstacles.pop(what, None)
            if obstacle:
                self._obstacles[what] = obstacle
                self._drop()
            self.closed = bool(self._obstacles)
        if obstacle:
            self.hide()

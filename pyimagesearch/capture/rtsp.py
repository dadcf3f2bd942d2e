"""RTSP cameras, and every other stream that FFmpeg reads, through PyAV."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import av
import av.container
import av.error
import numpy as np

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Grey, Image, Picture, Size, VideoHeader

from .source import PacketSink
from .url import CameraUrl

av.logging.set_level(None)      # what matters is in the exceptions

log = logging.getLogger(__name__)

TICKS = 90_000      # a second, in the time stamps of packets
TIMEOUT = 5.0       # seconds, for opening and between any two packets
STALE = 0.5         # seconds behind the newest by which a frame is not worth showing
LUMA_FIRST = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p",
              "nv12", "nv21", "gray")


class DecodedPicture:
    """A :class:`Picture` that FFmpeg decoded; its brightness is free."""

    def __init__(self, frame: av.VideoFrame, captured: float) -> None:
        self.captured: float | None = captured
        self._frame = frame
        self._colour: Image | None = None

    @property
    def size(self) -> Size:
        return self._frame.width, self._frame.height

    def grey(self) -> Grey:
        if self._frame.format.name not in LUMA_FIRST:
            return self._convert("gray")
        plane = self._frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        grey: Grey = rows[:self._frame.height, :self._frame.width]  # rows are padded
        return grey

    def colour(self) -> Image:
        if self._colour is None:
            self._colour = self._convert("bgr24")
        return self._colour

    def jpeg(self) -> None:
        return None

    def _convert(self, kind: str) -> Image:
        try:
            return self._frame.to_ndarray(format=kind)
        except (av.FFmpegError, ValueError) as error:
            raise BadPicture(f"a frame that FFmpeg cannot convert ({error})") from None


class RtspSource:
    """
    Read the video of an open *container*, newest frames only.

    The frames carry the camera's own time stamps. After a pause the camera
    sends its backlog; it is decoded, as later frames build on it, but what is
    more than half a second behind is not shown. *tap* gets each packet as it comes.
    """

    read_timeout = TIMEOUT

    def __init__(self, url: CameraUrl, container: av.container.InputContainer,
                 clock: Clock, tap: PacketSink | None = None) -> None:
        self._url = url
        self._container = container
        self._clock = clock
        self._times = TimeStamps(clock)
        stream = container.streams.video[0]
        context = stream.codec_context
        context.thread_count = 1        # threads by frame would each hold one back
        context.options = {"flags": "low_delay"}
        self.granted = (f"{context.name} {context.width}x{context.height}"
                        f" at {float(stream.average_rate or 0):g} fps")
        self._tap = tap
        if tap:
            tap.begin(describe(stream))
        self._frames = self._decode(stream)

    def read(self) -> Picture:
        for frame in self._frames:
            captured = self._times.captured(frame.time)
            if captured is not None:
                return DecodedPicture(frame, captured)
        raise CameraLost(f"{self._url.shown} ended the stream")

    def close(self) -> None:
        self._frames.close()        # type: ignore[attr-defined]  # a generator
        self._container.close()

    def _decode(self, stream: Any) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._container.demux(stream):
                self._hand_on(packet)
                try:
                    yield from packet.decode()
                except av.InvalidDataError:
                    continue        # a broken packet; the next key frame mends it
        except (av.FFmpegError, OSError) as error:
            raise CameraLost(f"{self._url.shown} {meaning(error)}") from None


    def _hand_on(self, packet: Any) -> None:
        if self._tap is None or not packet.size or packet.dts is None:
            return
        pts = packet.dts if packet.pts is None else packet.pts
        self._tap.put(
            bytes(packet), self._clock.time(), self._clock.monotonic(),
            key=packet.is_keyframe, pts=round(pts * packet.time_base * TICKS),
            dts=round(packet.dts * packet.time_base * TICKS))


def describe(stream: Any) -> VideoHeader:
    """
    Return how the video of *stream* is encoded.

    Bytes cross from thread to thread, and outlive the connection. Raises
    :exc:`CameraLost` for a codec that no MP4 of ours can hold.
    """
    memory, name = io.BytesIO(), stream.codec_context.codec.canonical_name
    if name not in ("h264", "hevc"):
        raise CameraLost(f"the camera sends {name}, which cannot be recorded as it is; "
                         "use --record-from stream")
    with av.open(memory, "w", format="mp4",
                 options={"movflags": "empty_moov+default_base_moof"}) as described:
        described.add_stream_from_template(stream)
        described.start_encoding()
    return VideoHeader(memory.getvalue(), stream.codec_context.extradata or b"")


class TimeStamps:
    """Turn a camera's own time stamps into ours, and tell what comes too late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None   # our monotonic time minus the camera's
        self._behind_since: float | None = None

    def captured(self, stamp: float | None) -> float | None:
        """
        Return when the frame with *stamp* [s] was captured [s since the epoch].

        ``None`` means that it is stale. The fastest frame so far sets the
        offset between the clocks; one that stays behind for two seconds (the
        camera's clock jumped) sets it anew.
        """
        now = self._clock.monotonic()
        if stamp is None:
            return self._clock.time()
        if self._offset is None or now - stamp < self._offset:
            self._offset = now - stamp
        late = now - stamp - self._offset
        if late > STALE:
            if self._behind_since is None:
                self._behind_since = now
            if now - self._behind_since < 2.0:
                return None
            self._offset, late = now - stamp, 0.0
        self._behind_since = None
        self._offset += 0.001 * late    # follows clocks that drift apart
        return self._clock.time() - late


def open_rtsp(url: CameraUrl, clock: Clock,
                tap: PacketSink | None = None) -> RtspSource:
    """
    Open *url* with FFmpeg, RTSP by TCP; *tap* gets its packets as they come.

    Raises :exc:`CameraLost` with the reason, and never with the password.
    """
    begin = clock.monotonic()
    try:
        container = av.open(
            with_login(url), timeout=(TIMEOUT, TIMEOUT), options={
                "rtsp_transport": "tcp", "fflags": "nobuffer",
                "allowed_media_types": "video",     # sound is not even asked for
                "fpsprobesize": "0"})   # or it watches for a second to learn the rate
        if not container.streams.video:
            container.close()
            raise CameraLost(f"{url.shown} has no video")
        # FFmpeg calls a stream open that promised to play and then was silent
        if (container.streams.video[0].start_time is None
                and clock.monotonic() - begin >= TIMEOUT):
            container.close()
            raise TimeoutError
        return RtspSource(url, container, clock, tap)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise CameraLost(f"{url.shown} {meaning(error)}") from None


def with_login(url: CameraUrl) -> str:
    """Return the URL as FFmpeg wants it, login included: not to be shown."""
    from urllib.parse import quote
    if not url.user:
        return url.bare
    login = quote(url.user, safe="") + ":" + quote(url.password, safe="")
    return url.bare.replace("://", f"://{login}@", 1)


def meaning(error: Exception) -> str:
    """Say in words what FFmpeg's *error* means; it holds the URL, so not as it is."""
    known = av.error
    table: tuple[tuple[type[Exception], str], ...] = (
        (known.HTTPUnauthorizedError, "wants another user or password"),
        (known.HTTPForbiddenError, "refuses to show this to us"),
        (known.HTTPNotFoundError, "has nothing at this path"),
        (known.HTTPServerError, "reports an error of its own"),
        (ConnectionRefusedError, "does not answer; is the camera on, the port right?"),
        (TimeoutError, f"sent nothing for {TIMEOUT:g} seconds"),
        (known.ExitError, f"sent nothing for {TIMEOUT:g} seconds"),
        (known.DecoderNotFoundError, "uses a codec that FFmpeg does not know"),
        (known.ProtocolNotFoundError, "uses a protocol that FFmpeg does not know"),
        (known.InvalidDataError, "sends no video that FFmpeg understands"),
        (EOFError, "ended the stream"))
    for kind, words in table:
        if isinstance(error, kind):
            return words
    told = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read ({told})"

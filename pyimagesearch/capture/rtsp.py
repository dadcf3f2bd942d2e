"""RTSP cameras, and the other streams that FFmpeg reads, through PyAV."""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import av
import av.container
import av.error
import numpy as np

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Grey, Image, Picture, Size, VideoHeader

from .source import CaptureRequest, PacketSink
from .url import CameraUrl

av.logging.set_level(None)      # its exceptions say enough

TICKS_PER_SECOND = 90_000   # of the time stamps of packets
TIMEOUT_SECONDS = 5.0       # for opening, and between any two packets
STALE_SECONDS = 0.5         # frames further behind the newest are not shown
CLOCK_JUMP_SECONDS = 2.0    # after which frames that stay behind set the offset again
LUMA_FIRST_FORMATS = ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p",
                      "yuvj444p", "nv12", "nv21", "gray")


class DecodedPicture:
    """A :class:`Picture` decoded by FFmpeg, whose luma plane costs nothing."""

    def __init__(self, frame: av.VideoFrame, captured: float) -> None:
        self.captured: float | None = captured
        self._frame = frame
        self._colour: Image | None = None

    @property
    def size(self) -> Size:
        return self._frame.width, self._frame.height

    def grey(self) -> Grey:
        if self._frame.format.name not in LUMA_FIRST_FORMATS:
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

    The frames carry the camera's own time stamps. After a pause the camera sends its
    backlog: it is decoded, as later frames build on it, but frames more than half a
    second behind are not shown. *packets* receives each packet.
    """

    read_timeout = TIMEOUT_SECONDS

    def __init__(self, url: CameraUrl, container: av.container.InputContainer,
                 clock: Clock, packets: PacketSink | None = None) -> None:
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
        self._packets = packets
        if packets:
            packets.begin(describe(stream))
        self._frames = self._decode(stream)

    def read(self) -> Picture:
        for frame in self._frames:
            captured = self._times.captured(frame.time)
            if captured is not None:
                return DecodedPicture(frame, captured)
        raise CameraLost(f"{self._url} ended the stream")

    def close(self) -> None:
        self._frames.close()        # type: ignore[attr-defined]  # a generator
        self._container.close()

    def _decode(self, stream: Any) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._container.demux(stream):
                self._forward(packet)
                try:
                    yield from packet.decode()
                except av.InvalidDataError:
                    continue        # a broken packet; the next key frame recovers
        except (av.FFmpegError, OSError) as error:
            raise CameraLost(f"{self._url} {explain(error)}") from None

    def _forward(self, packet: Any) -> None:
        if self._packets is None or not packet.size or packet.dts is None:
            return
        pts = packet.dts if packet.pts is None else packet.pts
        ticks = packet.time_base * TICKS_PER_SECOND
        self._packets.put(
            bytes(packet), self._clock.time(), self._clock.monotonic(),
            key=packet.is_keyframe, pts=round(pts * ticks),
            dts=round(packet.dts * ticks))


def describe(stream: Any) -> VideoHeader:
    """
    Return how the video of *stream* is encoded.

    These are bytes, which other threads may use after the connection has ended. Raises
    :exc:`CameraLost` for a codec that cannot be recorded.
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
    """Convert a camera's time stamps to our time, and detect stale frames."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None   # our monotonic time minus the camera's
        self._behind_since: float | None = None

    def captured(self, stamp: float | None) -> float | None:
        """
        Return when the frame with *stamp* [s] was captured [s since the epoch].

        ``None`` means that it is stale. The fastest frame so far sets the offset of the
        clocks; frames that stay behind for two seconds, as after a jump of the camera's
        clock, set it again.
        """
        now = self._clock.monotonic()
        if stamp is None:
            return self._clock.time()
        if self._offset is None or now - stamp < self._offset:
            self._offset = now - stamp
        late = now - stamp - self._offset
        if late > STALE_SECONDS:
            if self._behind_since is None:
                self._behind_since = now
            if now - self._behind_since < CLOCK_JUMP_SECONDS:
                return None
            self._offset, late = now - stamp, 0.0
        self._behind_since = None
        self._offset += 0.001 * late    # follows a drift of the clocks
        return self._clock.time() - late


def open_rtsp(url: CameraUrl, wanted: CaptureRequest, clock: Clock,
              packets: PacketSink | None = None) -> RtspSource:
    """
    Open *url* with FFmpeg, RTSP over TCP; *packets* receives its packets.

    Raises :exc:`CameraLost` with the reason, which never holds the password.
    """
    begin = clock.monotonic()
    try:
        container = av.open(
            with_login(url), timeout=(TIMEOUT_SECONDS, TIMEOUT_SECONDS), options={
                "rtsp_transport": "tcp", "fflags": "nobuffer",
                "allowed_media_types": "video",     # no sound
                "fpsprobesize": "0"})   # else it measures the rate for a second
        if not container.streams.video:
            container.close()
            raise CameraLost(f"{url} has no video")
        # FFmpeg also reports a stream as open that answered PLAY and sent nothing
        if (container.streams.video[0].start_time is None
                and clock.monotonic() - begin >= TIMEOUT_SECONDS):
            container.close()
            raise TimeoutError
        return RtspSource(url, container, clock, packets)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise CameraLost(f"{url} {explain(error)}") from None


def with_login(url: CameraUrl) -> str:
    """Return the URL for FFmpeg, with the login: never show it."""
    if not url.user:
        return url.bare
    login = quote(url.user, safe="") + ":" + quote(url.password, safe="")
    return url.bare.replace("://", f"://{login}@", 1)


def explain(error: Exception) -> str:
    """Return what FFmpeg's *error* means; its own text holds the URL."""
    known = av.error
    table: tuple[tuple[type[Exception], str], ...] = (
        (known.HTTPUnauthorizedError, "refuses this user or password"),
        (known.HTTPForbiddenError, "forbids this to this user"),
        (known.HTTPNotFoundError, "has nothing at this path"),
        (known.HTTPServerError, "reports an error of its own"),
        (ConnectionRefusedError, "does not answer; is the camera on, the port right?"),
        (TimeoutError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
        (known.ExitError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
        (known.DecoderNotFoundError, "uses a codec that FFmpeg does not know"),
        (known.ProtocolNotFoundError, "uses a protocol that FFmpeg does not know"),
        (known.InvalidDataError, "sends no video that FFmpeg understands"),
        (EOFError, "ended the stream"))
    for kind, words in table:
        if isinstance(error, kind):
            return words
    text = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read ({text})"

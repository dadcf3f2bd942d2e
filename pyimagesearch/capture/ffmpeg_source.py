"""Streams that FFmpeg demuxes and decodes, through PyAV."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import av.container
import av.error
import numpy as np

from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import Grey, Image, Picture, Size

from .camera_packets import CameraPackets
from .ffmpeg import TIMEOUT_SECONDS, VideoInput, decoder_options, explain
from .frame_memory import FrameMemory
from .limits import MAX_VIDEO_BYTES, Allowance
from .nal_units import UnitLimit
from .pace import Pace
from .source import CaptureRequest, PacketSink
from .time_stamps import TICKS_PER_SECOND, TimeStamps
from .url import CameraUrl

MAX_PACKETS_PER_SECOND = 1000.0     # that are taken from one camera, also broken ones
KEY_FRAME_SECONDS = 65.0    # to wait for the first one; some cameras send one a minute
FIRST_PACKET_SECONDS = 10.0     # to wait for any, after opening; some are that slow
MAX_STEP_SECONDS = 15.0     # between two frames of a file; more is a broken time stamp
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

    def colour(self, least: int | None = None) -> Image:
        if self._colour is None:
            self._colour = self._convert("bgr24")
        return self._colour

    def writable(self, least: int | None = None) -> Image:
        image, self._colour = self.colour(least), None
        return image

    def jpeg(self) -> None:
        return None

    def _convert(self, kind: str) -> Image:
        try:
            return self._frame.to_ndarray(format=kind)
        except (av.FFmpegError, ValueError) as error:
            raise BadPicture(f"a frame that FFmpeg cannot convert ({error})") from None


class FfmpegSource:
    """
    Read the video of an open *container*, newest frames only.

    Its bytes are those of *origin*. With a *pace*, the frames come at their own times,
    as those of a file; otherwise as soon as the camera sends them.

    The frames carry the camera's own time stamps, as far as these are right. After a
    pause the camera sends its backlog: it is decoded, as later frames build on it, but
    frames more than half a second behind are not shown. *packets* receives each packet.
    """

    read_timeout = TIMEOUT_SECONDS

    def __init__(self, url: CameraUrl, container: av.container.InputContainer,
                 origin: VideoInput, closing: threading.Event, clock: Clock, *,
                 packets: PacketSink | None = None, pace: Pace | None = None,
                 allowance: Allowance | None = None) -> None:
        self._url = url
        self._container = container
        self._origin = origin
        self._closing = closing
        self._clock = clock
        self._times = TimeStamps()
        self._limit = Pace(MAX_PACKETS_PER_SECOND, closing, clock)
        self._pace = pace
        self._paced = 0.0       # the time of the newest packet [s]
        self._memory = FrameMemory(allowance or Allowance())
        stream = container.streams.video[0]
        self._units = UnitLimit(stream)
        context = stream.codec_context
        context.thread_count = 1        # threads by frame would each hold one back
        context.options = {"flags": "low_delay", **decoder_options()}
        self.granted = f"{context.name}, waiting for a key frame"
        self._opened_at = clock.monotonic()
        self._size: Size | None = None      # of the newest frame
        self._packets = CameraPackets(stream, packets, clock) if packets else None
        self._frames = self._decode(stream)

    def read(self) -> Picture:
        for frame in self._frames:
            if not self._times.stale:
                return DecodedPicture(frame, self._captured(frame))
        raise self._lost("ended the stream")

    def close(self) -> None:
        self._frames.close()        # type: ignore[attr-defined]  # a generator
        self._container.close()
        self._origin.close()

    def _lost(self, meaning: str) -> CameraLost:
        """Return the error for an end that FFmpeg only knows as *meaning*."""
        return CameraLost(f"{self._url} {self._origin.trouble or meaning}")

    def _decode(self, stream: Any) -> Iterator[av.VideoFrame]:
        try:
            for packet in self._demux(stream):
                if packet.size:     # the last one is empty
                    self._take(packet)
                try:
                    for frame in packet.decode():
                        self._memory.check(frame)
                        self._note_format(stream, frame)
                        yield frame
                except av.InvalidDataError:
                    pass            # a broken packet; the next key frame recovers
                self._check_for_key_frame(stream)
        except (av.FFmpegError, OSError) as error:
            raise self._lost(explain(error)) from None
        except BadPicture as error:
            raise CameraLost(f"{self._url} sends {error}") from None
        except IndexError:      # PyAV, at the end, if a stream was added meanwhile
            raise self._lost("ended the stream") from None

    def _take(self, packet: Any) -> None:
        """Note, pace and forward a *packet*; raise an error if it is too large."""
        self._origin.on_packet()
        self._limit.tick()
        if packet.size > MAX_VIDEO_BYTES:
            raise CameraLost(f"{self._url} sends a frame of {packet.size / 1e6:.0f} MB")
        self._units.check(packet)
        if self._pace is not None:
            self._wait(self._pace, packet)
        self._repair_times(packet)
        if self._packets is not None:
            self._packets.put(packet)

    def _wait(self, pace: Pace, packet: Any) -> None:
        """Wait until *packet* is due by its time stamp, or by *pace* without one."""
        if packet.dts is None:
            pace.tick()
            return
        before, self._paced = self._paced, float(packet.dts * packet.time_base)
        step = self._paced - before
        pace.tick(step if 0 <= step <= MAX_STEP_SECONDS else None)

    def _demux(self, stream: Any) -> Iterator[Any]:
        """
        Yield packets, however long the camera is silent between them, until closing.

        One that comes then is not wanted: the camera may have been opened again.
        """
        came = False
        while not self._closing.is_set():
            try:
                for packet in self._container.demux(stream):
                    if self._closing.is_set():
                        return
                    came = True
                    yield packet
                return
            except av.error.ExitError:      # nothing came for LOOK_SECONDS
                waited = self._clock.monotonic() - self._opened_at
                if not came and waited >= FIRST_PACKET_SECONDS:
                    raise CameraLost(f"{self._url} plays, but sent nothing for "
                                     f"{waited:.0f} seconds") from None

    def _note_format(self, stream: Any, frame: av.VideoFrame) -> None:
        """Describe *frame* if its size is new."""
        size = frame.width, frame.height
        if size == self._size:
            return
        self._size = size
        self.granted = f"{stream.codec_context.name} {frame.width}x{frame.height}"
        if stream.average_rate:
            self.granted += f" at {float(stream.average_rate):g} fps"

    def _check_for_key_frame(self, stream: Any) -> None:
        """Raise :exc:`CameraLost` if there is none for KEY_FRAME_SECONDS."""
        waited = self._clock.monotonic() - self._opened_at
        if self._size is None and waited > KEY_FRAME_SECONDS:
            raise CameraLost(f"{self._url} sends {stream.codec_context.name}, but "
                             f"no key frame for {KEY_FRAME_SECONDS:g} seconds")

    def _repair_times(self, packet: Any) -> None:
        """Set the times of *packet*, and so of its frames, by our monotonic clock."""
        pts, dts = (None if ticks is None else float(ticks * packet.time_base)
                    for ticks in (packet.pts, packet.dts))
        times = self._times.repair(pts, dts, self._clock.monotonic())
        packet.time_base = Fraction(1, TICKS_PER_SECOND)
        packet.pts, packet.dts = times

    def _captured(self, frame: av.VideoFrame) -> float:
        """Return when *frame* was captured [s since the epoch], by its time stamp."""
        age = 0.0 if frame.time is None else self._clock.monotonic() - frame.time
        return self._clock.time() - max(0.0, age)


def open_source(url: CameraUrl, open_it: Callable[[], av.container.InputContainer],
                origin: VideoInput, wanted: CaptureRequest, closing: threading.Event,
                clock: Clock, *, packets: PacketSink | None = None,
                pace: Pace | None = None) -> FfmpegSource:
    """
    Return the source of what *open_it* returns; close *origin* if there is none.

    *packets* receives its packets. Raises :exc:`CameraLost` with the reason, which
    never holds the password.
    """
    with contextlib.ExitStack() as opened:
        opened.callback(origin.close)
        try:
            container = opened.enter_context(open_it())
            check_video(url, container)
            source = FfmpegSource(url, container, origin, closing, clock, pace=pace,
                                  packets=packets, allowance=wanted.allowance)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise CameraLost(f"{url} {origin.trouble or explain(error)}") from None
        except BadPicture as error:
            raise CameraLost(f"{url} sends {error}") from None
        opened.pop_all()
    return source


def check_video(url: CameraUrl, container: av.container.InputContainer) -> None:
    """Raise :exc:`CameraLost` if *container* has no video that FFmpeg can decode."""
    if not container.streams.video:
        raise CameraLost(f"{url} has no video")
    if container.streams.video[0].codec_context is None:
        raise CameraLost(f"{url} sends pictures that FFmpeg cannot decode")

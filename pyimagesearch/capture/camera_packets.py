"""Hand on a camera's own packets, as far as clips can be made of them."""

import io
import logging
import math
from typing import Any, NamedTuple

import av
import av.bitstream

from pyimagesearch.clock import Clock
from pyimagesearch.errors import RecordingError
from pyimagesearch.frames import VideoHeader

from .ffmpeg import decoder_options
from .source import PacketSink
from .time_stamps import TICKS_PER_SECOND

log = logging.getLogger(__name__)

KEY_FRAME_SECONDS = 10.0    # without a first key frame, after which that is reported
RETRY_SECONDS = 10.0    # between two looks at parameter sets that do not decode
START_CODE = b"\0\0\1"  # before each NAL unit
MAX_UNITS = 100         # before the first slice, that are searched for parameter sets
MAX_SET_BYTES = 4096    # of the parameter sets of one kind; more are ignored
MP4_OPTIONS = {     # for the beginning of a fragmented MP4, and no more
    "movflags": "empty_moov+default_base_moof+skip_trailer",
    "video_track_timescale": str(TICKS_PER_SECOND)}


class NalSyntax(NamedTuple):
    """How to distinguish the NAL units of a codec by their first byte."""

    codec: str              # FFmpeg's name
    shift: int              # of the first byte, ...
    mask: int               # ... which then gives the kind
    slices: range           # kinds that are part of a picture
    sets: tuple[int, ...]   # kinds that are parameter sets, in the order needed
    formats: tuple[str, ...]    # of pixels, that browsers play


SYNTAXES = {each.codec: each for each in (
    NalSyntax("h264", 0, 31, range(1, 6), (7, 8), ("yuv420p", "yuvj420p")),
    NalSyntax("hevc", 1, 63, range(32), (32, 33, 34),
              ("yuv420p", "yuvj420p", "yuv420p10le")))}


class CameraPackets:
    """
    Hand the packets of *stream* to *sink*, from the first key frame that decodes on.

    The parameter sets in the packets take precedence over those of the connection,
    which may be rubbish, missing, or outdated when the camera changes its resolution.
    *sink* receives the reason if no clip can be made of the packets.
    """

    def __init__(self, stream: Any, sink: PacketSink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._key_wanted_since = self._tried_at = clock.monotonic()
        self._sets: dict[int, bytes] = {}   # the newest, by kind
        self._header: VideoHeader | None = None     # of sets that decode
        self._refused = b""         # sets that do not
        self._to_annex_b: Any = None
        name = stream.codec_context.codec.canonical_name
        self._syntax = SYNTAXES.get(name)
        if self._syntax is None:
            sink.end(f"the camera sends {name} and neither H.264 nor H.265")
            return
        extradata = stream.codec_context.extradata or b""
        if extradata[:1] != b"\1":
            self._sets |= parameter_sets(self._syntax, extradata)
            return
        try:    # sizes in place of start codes, as MP4 and RTMP have it
            self._to_annex_b = av.bitstream.BitStreamFilterContext(
                f"{name}_mp4toannexb", stream)
        except av.FFmpegError:
            log.debug("these parameter sets cannot be read: %r", extradata)

    def put(self, packet: Any) -> None:
        """Hand on *packet*, whose times are in 1/90000 s."""
        if self._syntax is None:
            return
        try:
            now, data = self._clock.monotonic(), self._annex_b(packet)
        except av.FFmpegError:
            return      # a broken packet; the next key frame recovers
        self._sets |= parameter_sets(self._syntax, data)
        if packet.is_keyframe:
            self._key_wanted_since = math.inf
            self._check(self._syntax, data, now)
        elif now - self._key_wanted_since > KEY_FRAME_SECONDS:
            self._sink.end("the camera has sent no key frame so far")
        if self._header:
            self._sink.put(data, self._clock.time(), now, key=packet.is_keyframe,
                           pts=packet.pts, dts=packet.dts)

    def _annex_b(self, packet: Any) -> bytes:
        """Return the data of *packet*, each NAL unit after a start code."""
        if not self._to_annex_b:
            return bytes(packet)
        copy = av.Packet(bytes(packet))     # the filter empties it
        if packet.has_sidedata("new_extradata"):
            copy.set_sidedata(packet.get_sidedata("new_extradata"))
        return b"".join(map(bytes, self._to_annex_b.filter(copy)))

    def _check(self, syntax: NalSyntax, data: bytes, now: float) -> None:
        """Begin a new video if the parameter sets of the key frame *data* are new."""
        sets = b"".join(self._sets.get(kind, b"") for kind in syntax.sets)
        if self._header and self._header.extradata == sets:
            return
        if self._refused == sets and now - self._tried_at < RETRY_SECONDS:
            return
        self._tried_at = now
        try:
            self._header = describe(syntax, sets, data)
            self._sink.begin(self._header)
        except RecordingError as error:
            self._header, self._refused = None, sets
            self._sink.end(f"the camera's own video {error}")


def parameter_sets(syntax: NalSyntax, data: bytes) -> dict[int, bytes]:
    """Return the parameter sets before the first slice in *data*, by kind."""
    found: dict[int, bytes] = {}
    begin = data.find(START_CODE) + len(START_CODE)
    for _ in range(MAX_UNITS):
        if not len(START_CODE) <= begin < len(data):
            break
        kind = data[begin] >> syntax.shift & syntax.mask
        if kind in syntax.slices:
            break
        following = data.find(START_CODE, begin)
        if kind in syntax.sets:
            unit = data[begin:following if following >= 0 else None].rstrip(b"\0")
            known = found.get(kind, b"")
            if len(known + unit) <= MAX_SET_BYTES and (
                    unit not in known):     # some cameras send each of them twice
                found[kind] = known + b"\0" + START_CODE + unit
        begin = following + len(START_CODE)
    return found


def describe(syntax: NalSyntax, sets: bytes, key_frame: bytes) -> VideoHeader:
    """
    Return how a video is encoded whose parameter *sets* decode *key_frame*.

    These are bytes, which other threads may use after the connection has ended. Raises
    :exc:`RecordingError` if the frame does not decode, or browsers cannot play it.
    """
    memory = io.BytesIO()
    try:
        with av.open(io.BytesIO(sets + key_frame), "r", format=syntax.codec,
                     options=decoder_options()) as given:
            stream: Any = given.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = decoder_options()
            frame: Any = next(given.decode(stream))
            if frame.format.name not in syntax.formats:
                raise RecordingError(f"is {frame.format.name}, which few browsers play")
            with av.open(memory, "w", format="mp4", options=MP4_OPTIONS) as described:
                copy: Any = described.add_stream_from_template(stream)
                copy.codec_context.extradata = sets
                if syntax.codec == "hevc":      # else it is black on Apple's devices
                    copy.codec_context.codec_tag = "hvc1"
                described.start_encoding()
    except (av.FFmpegError, ValueError, IndexError, StopIteration):
        raise RecordingError("does not decode by itself") from None
    return VideoHeader(memory.getvalue(), sets)

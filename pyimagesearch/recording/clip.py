"""Write H.264 in MP4, so that a crash loses a second at most."""

import contextlib
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container

from pyimagesearch.errors import RecordingError, UnplayableClip, reason
from pyimagesearch.folders import sync_folder
from pyimagesearch.frames import Size, area
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.permissions import FILE_MODE

from .clip_metadata import ClipMetadata, read_metadata
from .drawn_pictures import DrawnPictures
from .h264_encoder import TICKS_PER_SECOND, Encoders
from .paths import CLIP_SUFFIX, DRAFT_SUFFIX, PART_SUFFIX
from .preroll import EncodedFrame, Packet

av.logging.set_level(None)      # what matters is in the exceptions

SYNC_SECONDS = 5.0      # of a clip that a power cut may take
MAX_GROWTH = 2          # of the area of pictures, which begins another clip
MAX_BLANK_PACKETS = 100     # before the first picture, as of a gradual refresh
FRAGMENTED = {"movflags": "empty_moov+default_base_moof",
              "frag_duration": "400000", "flush_packets": "1"}     # microseconds


@contextlib.contextmanager
def recording_errors() -> Iterator[None]:
    """Raise :exc:`RecordingError` for what PyAV and the disk raise inside."""
    try:
        yield
    except (av.FFmpegError, OSError, ValueError) as error:
        raise RecordingError(reason(error)) from None


class SyncedFile(io.RawIOBase):
    """A file that counts its bytes and can be forced to the disk."""

    def __init__(self, path: Path) -> None:
        self.size = self._synced_size = 0
        self._path = path
        self._number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Write all of *data*; raises :exc:`OSError`, as for a full disk."""
        left = memoryview(data)
        size = int(left.nbytes)
        while left:
            left = left[os.write(self._number, left):]
        self.size += size
        return size

    def sync(self) -> None:
        """Force what was written to the disk, unless it is there."""
        if self._synced_size != self.size:
            os.fdatasync(self._number)
        if not self._synced_size:
            sync_folder(self._path.parent)
        self._synced_size = self.size

    def close(self) -> None:
        if not self.closed:
            os.close(self._number)
        super().close()


class Clip:
    """
    A clip that is being written to *path*, which ends in ``.part.mp4``.

    Fragments are shorter than half a second: after a crash the file is good up to
    the last one. The first frame decides whether it is made of JPEGs (encoded:
    constrained baseline, yuv420p) or of a camera's own packets (copied). JPEGs are
    scaled to *size*, by default that of the first, unless they are in *drawn*. Raises
    :exc:`RecordingError` if the disk refuses; belongs to one thread.
    """

    def __init__(self, path: Path, metadata: ClipMetadata,
                 encoders: Encoders | None = None, size: Size | None = None,
                 drawn: DrawnPictures | None = None) -> None:
        self.path = path
        self.metadata = metadata
        self.frames = 0
        self.tries = 0          # to finish it
        self.first_at = self.last_at = 0.0      # [s, monotonic]
        self._encoders = encoders or Encoders(max_idle=0)
        self._picture_size = size
        self._drawn = drawn or DrawnPictures()
        self._synced_at = 0.0
        self._video: JpegVideo | PacketVideo | None = None
        with recording_errors():
            self._file = SyncedFile(path)
            self._container = av.open(self._file, "w", format="mp4",
                                      options=FRAGMENTED, metadata_errors="replace")
        self._container.metadata["comment"] = metadata.as_comment()

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return self._file.size

    @property
    def seconds(self) -> float:
        """How long after the first frame the last one is."""
        return self.last_at - self.first_at

    @property
    def is_encoded(self) -> bool:
        """Whether it is made of JPEGs."""
        return isinstance(self._video, JpegVideo)

    def fits(self, frame: EncodedFrame) -> bool:
        """Return whether *frame* can follow, which has the same video, or is a JPEG."""
        return self._video is None or self._video.fits(frame.content)

    def add(self, frame: EncodedFrame) -> None:
        """Write *frame*, which must fit; a clip starts with a key frame."""
        if self._video is None and not frame.key:
            return
        with recording_errors():
            if self._video is None:
                self._video = self._begin(frame)
                self.first_at = self._synced_at = frame.at
                self.metadata = replace(self.metadata, first=frame.captured)
            self._video.add(frame)
            self.frames += 1
            self.last_at = frame.at
            # the wall clock may have been set since the first frame
            self.metadata = replace(self.metadata,
                                    last=self.metadata.first + self.seconds)
            if frame.at - self._synced_at >= SYNC_SECONDS:
                self._synced_at = frame.at
                self._file.sync()

    def sync(self) -> None:
        """Force what is in the file to the disk: all but the last half second."""
        with recording_errors():
            self._file.sync()

    def close(self) -> None:
        """Write what is left and close the file, which stays a ``.part.mp4``."""
        try:
            with recording_errors():
                if self._video is not None:
                    self._container.close()
                self._file.sync()
        finally:
            self._file.close()
            video, self._video = self._video, None
            if isinstance(video, JpegVideo):
                video.release()

    def _begin(self, frame: EncodedFrame) -> "JpegVideo | PacketVideo":
        if isinstance(frame.content, Packet):
            return PacketVideo(self._container, frame.content)
        return JpegVideo(self._container, self._picture_size or frame.content.size,
                         frame.at, self._encoders, self._drawn)


class JpegVideo:
    """JPEGs, encoded by one of *encoders*; all scaled to *size*, or in *drawn*."""

    def __init__(self, container: av.container.OutputContainer, size: Size,
                 at: float, encoders: Encoders, drawn: DrawnPictures) -> None:
        self._drawn = drawn
        self._encoder = encoders.take(size)
        self._encoder.begin(at)
        self._encoders = encoders
        self._container = container
        encoded = self._encoder.stream
        self._stream: Any = container.add_stream_from_template(encoded)
        self._stream.codec_context.extradata = encoded.codec_context.extradata
        self._last_at = at

    def fits(self, content: LazyJpeg | Packet) -> bool:
        """Return whether *content* is a JPEG that does not lose most when scaled."""
        return isinstance(content, LazyJpeg) and (
            area(content.size) < MAX_GROWTH * area(self._encoder.size))

    def add(self, frame: EncodedFrame) -> None:
        """Encode *frame* at its time; a broken JPEG is left out."""
        assert isinstance(frame.content, LazyJpeg)
        self._last_at = frame.at
        is_drawn = self._drawn.copy(frame.number, self._encoder.yuv)
        jpeg = None if is_drawn else frame.content
        for packet in self._encoder.encode(jpeg, frame.at):
            packet.stream = self._stream
            self._container.mux(packet)

    def release(self) -> None:
        """Leave the encoder, which holds nothing back, to another clip."""
        self._encoders.give(self._encoder, self._last_at)


class PacketVideo:
    """A camera's own packets, copied; the *first* brings their header."""

    def __init__(self, container: av.container.OutputContainer, first: Packet) -> None:
        self._header = first.header
        with av.open(io.BytesIO(first.header.mp4)) as described:
            self._stream = add_copy(container, described.streams.video[0])
        self._stream.time_base = Fraction(1, TICKS_PER_SECOND)
        # as the packets are written, or they would be taken for the MP4's kind
        self._stream.codec_context.extradata = first.header.extradata
        self._container = container
        self._begin, self._last = first.dts, -1

    def fits(self, content: LazyJpeg | Packet) -> bool:
        """Return whether *content* is a packet of the same video."""
        return isinstance(content, Packet) and content.header == self._header

    def add(self, frame: EncodedFrame) -> None:
        """Copy *frame*; times that are not in order are moved on, as MP4 requires."""
        assert isinstance(frame.content, Packet)
        given = frame.content
        before, self._last = self._last, max(given.dts - self._begin, self._last + 1)
        packet = av.Packet(given.data)
        packet.stream = self._stream
        packet.time_base = Fraction(1, TICKS_PER_SECOND)
        packet.pts, packet.dts = max(given.pts - self._begin, self._last), self._last
        packet.is_keyframe = given.key
        packet.duration = self._last - max(0, before)   # else the last one has none
        self._container.mux(packet)


def add_copy(container: av.container.OutputContainer, stream: Any) -> Any:
    """Add a video to *container* into which packets like those of *stream* can go."""
    copy = container.add_stream_from_template(stream)
    if stream.codec_context.codec.canonical_name == "hevc":
        copy.codec_context.codec_tag = "hvc1"       # the other one is black on Apple's
    return copy


def finish(part: Path, metadata: ClipMetadata | None = None) -> Path:
    """
    Turn *part* into a clip that plays everywhere, and return its path.

    Its packets are copied into a file with the index in front, which gets its name
    only when it is complete. *metadata* replaces the file's own. Raises
    :exc:`RecordingError`, or :exc:`UnplayableClip` if the beginning cannot be decoded,
    and leaves *part* as it was.
    """
    whole = part.with_name(part.name.removesuffix(PART_SUFFIX) + CLIP_SUFFIX)
    draft = part.with_name(part.name.removesuffix(PART_SUFFIX) + DRAFT_SUFFIX)
    try:
        with av.open(str(part)) as given, av.open(
                str(draft), "w", format="mp4",
                options={"movflags": "faststart"}) as made:
            comment = (metadata.as_comment() if metadata
                       else given.metadata.get("comment", ""))
            made.metadata["comment"] = comment
            copy_packets(given, made)
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        draft.replace(whole)
        sync_folder(whole.parent)
        part.unlink()
    except (av.FFmpegError, OSError, ValueError, IndexError, UnplayableClip) as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        if isinstance(error, UnplayableClip):
            raise
        raise RecordingError(reason(error)) from None
    return whole


def copy_packets(given: Any, made: Any) -> None:
    """
    Copy the video of one container to another, as far as it is intact.

    Raises :exc:`UnplayableClip` if its beginning does not decode.
    """
    source = given.streams.video[0]
    target = add_copy(made, source)
    # the last one is not intact if the disk was full in the middle of it
    intact = (packet for packet in given.demux(source)
              if packet.dts is not None and packet.size and not packet.is_corrupt)
    beginning = list(itertools.islice(intact, MAX_BLANK_PACKETS))
    if not shows_picture(source, beginning):
        raise UnplayableClip("its beginning cannot be decoded")
    for packet in itertools.chain(beginning, intact):
        packet.stream = target
        made.mux(packet)


def shows_picture(stream: Any, packets: Sequence[Any]) -> bool:
    """Return whether one of *packets*, the first of *stream*, becomes a picture."""
    decoder = stream.codec_context
    decoder.thread_count = 1
    for packet in [*packets, None]:     # at last what the decoder holds back
        with contextlib.suppress(av.FFmpegError):
            if decoder.decode(packet):
                return True
    return False


def length_of(part: Path) -> float:
    """Return the seconds from the first to the last frame of *part*; -1 if none."""
    last = -1.0
    with contextlib.suppress(av.FFmpegError, OSError, IndexError), av.open(
            str(part)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                last = max(last, float(packet.pts * packet.time_base))
    return last


def read_clip(path: Path) -> tuple[ClipMetadata | None, float]:
    """
    Return the metadata of the clip at *path*, ``None`` without, and its length [s].

    Raises :exc:`RecordingError` if it is no video, or its beginning does not decode.
    """
    with recording_errors(), av.open(str(path)) as container:
        if not container.streams.video:
            raise RecordingError(f"{path.name} holds no video")
        stream = container.streams.video[0]
        if not shows_picture(stream, list(itertools.islice(
                container.demux(stream), MAX_BLANK_PACKETS))):
            raise UnplayableClip(f"{path.name} begins without a picture")
        seconds = (container.duration or 0) / av.time_base
        return read_metadata(container.metadata.get("comment", "")), seconds

"""H.264 in MP4, through PyAV: written so that a crash loses a second at most."""

import contextlib
import importlib.util
import io
import logging
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyimagesearch.errors import RecordingError, reason

from .clip_metadata import ClipMetadata, read_metadata
from .h264_encoder import TICKS, UNCLEAR, Encoders, size_of
from .preroll import EncodedFrame

if TYPE_CHECKING:
    import av

log = logging.getLogger(__name__)

FRAGMENT = 400_000      # microseconds of video between two writes to the disk
SYNC = 5.0          # seconds that a cut of the power may take from a clip
MISSING = "clips need PyAV, so only stills are kept; run: pip install av"
PART, DRAFT, WHOLE = ".part.mp4", ".draft.mp4", ".mp4"
FRAGMENTED = {"movflags": "empty_moov+default_base_moof",
              "frag_duration": str(FRAGMENT), "flush_packets": "1"}


def explain_lack() -> str:
    """Return the same as :func:`explain_missing`, without loading what is there."""
    return "" if importlib.util.find_spec("av") else MISSING


def explain_missing() -> str:
    """Return why no clips can be written; empty if they can."""
    try:
        import av
    except ImportError:
        return MISSING
    av.logging.set_level(None)      # what matters is in the exceptions
    return ""


class OwnFile(io.RawIOBase):
    """A file that counts its bytes, and is on the disk after each fragment."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)

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
        """Have the disk keep what was written, even if the power fails."""
        os.fdatasync(self._number)

    def close(self) -> None:
        if not self.closed:
            os.close(self._number)
        super().close()


class Clip:
    """
    A clip that is being written to *path*, which ends in ``.part.mp4``.

    Fragments of less than half a second: after a crash the file is good up to
    the last one. Made of JPEGs (encoded anew, constrained baseline, yuv420p) or
    of a camera's own packets (copied), as the first piece is. Raises
    :exc:`RecordingError` for what cannot be written; belongs to one thread.
    """

    def __init__(self, path: Path, metadata: ClipMetadata,
                 encoders: Encoders | None = None) -> None:
        self.path = path
        self.metadata = metadata
        self.frames = 0
        self.tries = 0          # to finish it
        self.first_at = self.last_at = 0.0      # monotonic [s]
        self._encoders = encoders or Encoders(most=0)
        self._synced = 0.0
        self._video: PictureVideo | PacketVideo | None = None
        self._file = self._attempt(lambda: OwnFile(path))
        self._container = self._attempt(self._open)

    @property
    def size(self) -> int:
        """The bytes written so far."""
        return int(self._file.size)

    def fits(self, piece: EncodedFrame) -> bool:
        """Return whether *piece* can go on in this clip: same camera, same size."""
        return self._video is None or self._video.fits(piece)

    def add(self, piece: EncodedFrame) -> None:
        """Write *piece*, which must fit."""
        if self._video is None:
            if not piece.key or (not piece.header and size_of(piece) == UNCLEAR):
                return
            self._video = self._attempt(lambda: self._begin(piece))
            self.first_at = self._synced = piece.at
            self.metadata = self.metadata.extended(first=piece.captured)
        video = self._video
        self._attempt(lambda: video.add(piece))
        self.frames += 1
        self.last_at = piece.at
        self.metadata = self.metadata.extended(last=piece.captured)
        if piece.at - self._synced >= SYNC:
            self._synced = piece.at
            self._attempt(self._file.sync)

    def close(self) -> None:
        """Write what is left and close the file, which stays a ``.part.mp4``."""
        try:
            if self._video is not None:
                self._attempt(self._container.close)
            self._attempt(self._file.sync)
        finally:
            self._file.close()
            video, self._video = self._video, None
            if video:
                video.release()

    def _open(self) -> "av.container.OutputContainer":
        import av
        container = av.open(self._file, "w", format="mp4", options=FRAGMENTED,
                            metadata_errors="replace")
        container.metadata["comment"] = self.metadata.as_comment()
        return container

    def _begin(self, piece: EncodedFrame) -> "PictureVideo | PacketVideo":
        if piece.header:
            return PacketVideo(self._container, piece)
        return PictureVideo(self._container, piece, self._encoders)

    def _attempt(self, work: Any) -> Any:
        import av
        try:
            return work()
        except (av.FFmpegError, OSError, ValueError) as error:
            raise RecordingError(reason(error)) from None


class PictureVideo:
    """JPEGs, made H.264 by one of *encoders*; the first *piece* tells the size."""

    def __init__(self, container: "av.container.OutputContainer", piece: EncodedFrame,
                 encoders: Encoders) -> None:
        self._encoder = encoders.take(size_of(piece))
        self._encoder.begin(piece.at)
        self._encoders = encoders
        self._container = container
        encoded = self._encoder.stream
        self._stream: Any = container.add_stream_from_template(encoded)
        self._stream.codec_context.extradata = encoded.codec_context.extradata
        self._last_at = piece.at

    def fits(self, piece: EncodedFrame) -> bool:
        """Return whether *piece* is a JPEG of the same size."""
        return not piece.header and size_of(piece) in (self._encoder.size, UNCLEAR)

    def add(self, piece: EncodedFrame) -> None:
        """Encode *piece* at its time."""
        self._last_at = piece.at
        for packet in self._encoder.encode(piece):
            packet.stream = self._stream
            self._container.mux(packet)

    def release(self) -> None:
        """Leave the encoder, which holds nothing back, to another clip."""
        self._encoders.give(self._encoder, self._last_at)


class PacketVideo:
    """A camera's own packets, copied; *piece* brings the header that describes them."""

    def __init__(self, container: "av.container.OutputContainer",
                 piece: EncodedFrame) -> None:
        import av
        assert piece.header
        self._header = piece.header
        with av.open(io.BytesIO(piece.header.mp4)) as described:
            self._stream = container.add_stream_from_template(
                described.streams.video[0])
        # as the packets are written, or they would be taken for the MP4's kind
        self._stream.codec_context.extradata = piece.header.extradata
        self._container = container
        self._begin, self._last = piece.dts, -1

    def fits(self, piece: EncodedFrame) -> bool:
        """Return whether *piece* belongs to the same video."""
        return piece.header == self._header

    def add(self, piece: EncodedFrame) -> None:
        """Copy *piece*; one that comes out of order is left out."""
        import av
        if piece.dts - self._begin <= self._last:
            return
        self._last = piece.dts - self._begin
        packet = av.Packet(piece.data)
        packet.stream = self._stream
        packet.time_base = Fraction(1, TICKS)
        packet.pts, packet.dts = piece.pts - self._begin, self._last
        packet.is_keyframe = piece.key
        self._container.mux(packet)

    def release(self) -> None:
        """Nothing is held back."""


def finish(part: Path, metadata: ClipMetadata | None = None) -> Path:
    """
    Make of *part* a clip that plays everywhere, and return its path.

    Packets are copied into a file with its index in front, named only when it
    is whole. *metadata* replaces what the file tells of itself. Raises
    :exc:`RecordingError`; then *part* is as it was.
    """
    import av
    whole = part.with_name(part.name.removesuffix(PART) + WHOLE)
    draft = part.with_name(part.name.removesuffix(PART) + DRAFT)
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
        part.unlink()
    except (av.FFmpegError, OSError, ValueError, IndexError) as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise RecordingError(reason(error)) from None
    return whole


def copy_packets(given: Any, made: Any) -> None:
    """Copy the video of one container to another, as far as it is whole."""
    source = given.streams.video[0]
    target = made.add_stream_from_template(source)
    for packet in given.demux(source):
        if packet.dts is None or not packet.size or packet.is_corrupt:
            continue    # the last one, if the disk was full in the middle of it
        packet.stream = target
        made.mux(packet)


def length_of(part: Path) -> float:
    """Return how long after its first frame the last one of *part* is [s]; or -1."""
    import av
    last = -1.0
    with contextlib.suppress(av.FFmpegError, OSError, IndexError), av.open(
            str(part)) as container:
        for packet in container.demux(video=0):
            if packet.pts is not None and packet.size and not packet.is_corrupt:
                last = max(last, float(packet.pts * packet.time_base))
    return last


def read_clip(path: Path) -> tuple[ClipMetadata | None, float]:
    """
    Return what the clip at *path* tells of itself, and its length [s].

    Raises :exc:`RecordingError` if it is no video.
    """
    import av
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise RecordingError(f"{path.name} holds no video")
            seconds = (container.duration or 0) / av.time_base
            return read_metadata(container.metadata.get("comment", "")), seconds
    except (av.FFmpegError, OSError) as error:
        raise RecordingError(reason(error)) from None



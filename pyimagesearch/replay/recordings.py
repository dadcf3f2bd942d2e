"""Find the videos to replay, and read their frames as fast as they are decoded."""

import contextlib
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.capture.limits import Allowance
from pyimagesearch.capture.videofile import VideoFileSource
from pyimagesearch.errors import (
    CameraLost,
    RecordingError,
    SourceEnded,
    SurveillanceError,
)
from pyimagesearch.events.event import MOTION
from pyimagesearch.frames import Picture
from pyimagesearch.recording.clip import read_clip
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.paths import PART_SUFFIX, STILL_SUFFIX
from pyimagesearch.settings.option import is_clean

VIDEO_SUFFIXES = {".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mov", ".ts", ".mts",
                  ".mpg", ".mpeg", ".flv", ".wmv", ".3gp", ".h264", ".h265", ".mjpeg"}
# Between two clips of one event, which follow each other without a gap
MAX_GAP_SECONDS = 2.0


class NoVideo(SurveillanceError):
    """There is nothing to replay at a path."""


class Recording(NamedTuple):
    """A video, or the consecutive clips of one event, which are learnt from once."""

    paths: tuple[Path, ...]
    name: str       # for people: without line breaks
    length: float   # as the files say [s]; 0 if they do not
    clips: tuple[ClipMetadata, ...] = ()    # one for each path; none for other videos

    @property
    def learning_seconds(self) -> float | None:
        """The pre-roll [s] of a clip that begins with one; None for other videos."""
        if not self.clips or self.clips[0].kind != MOTION:
            return None
        before = self.clips[0].begin - self.clips[0].first
        return before if before >= 0 else None

    @property
    def camera(self) -> str:
        """The camera of the clips, empty for other videos."""
        return self.clips[0].camera if self.clips else ""


class VideoFrame(NamedTuple):
    """A picture, and its time in the recording."""

    at: float           # [s since the first frame]
    picture: Picture
    fps: float          # mean rate of its file [1/s]


class VideoClock:
    """A clock on which every wait is over at once, so that nothing is paced."""

    def __init__(self) -> None:
        self.now = 0.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Move on by *seconds*; return whether *event* is set."""
        self.now += max(0.0, seconds)
        return event.is_set()


def find_videos(given: Iterable[str]) -> tuple[list[Path], list[str]]:
    """
    Return the files of all paths *given*, folders searched; and what is wrong.

    Thumbnails are left out: ``clips/front/2026-11-20/*`` means the clips.
    """
    found: dict[Path, None] = {}
    wrong = []
    for text in given:
        path = Path(text)
        if path.suffix.lower() == STILL_SUFFIX:
            continue
        scheme, colon, _ = text.partition("://")
        if colon:       # the rest may hold a password
            wrong.append("replay reads video files only, and cannot read from "
                         f"{shown(Path(scheme))}:// URLs")
            continue
        if not is_clean(text):
            wrong.append(f"{shown(path)} has bytes that are not text in UTF-8; rename "
                         "the file or folder")
            continue
        try:
            inside = sorted(each for each in path.rglob("*") if is_video(each))
        except OSError as error:
            wrong.append(f"{shown(path)} cannot be searched: {error.strerror}")
            continue
        if path.is_dir() and not inside:
            wrong.append(f"{shown(path)} is a folder without videos")
        found |= dict.fromkeys(inside if path.is_dir() else [path])
    return list(found), wrong


def is_video(path: Path) -> bool:
    """Return whether *path*, found in a folder, is a complete video by its name."""
    return (path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
            and not path.name.endswith(PART_SUFFIX) and is_clean(str(path)))


def group(paths: Iterable[Path]) -> list[Recording]:
    """Return recordings of *paths*, with the consecutive clips of an event in one."""
    found: list[Recording] = []
    for path in paths:
        metadata, length = metadata_of(path)
        before = found[-1] if found else None
        if metadata and before and follows(before, metadata):
            found[-1] = before._replace(
                paths=(*before.paths, path), length=before.length + length,
                name=f"{before.name} and {shown(path.name)}",
                clips=(*before.clips, metadata))
            continue
        found.append(Recording((path,), shown(path), length,
                               (metadata,) if metadata else ()))
    return found


def follows(before: Recording, metadata: ClipMetadata) -> bool:
    """Return whether a clip continues the event of the recording *before* it."""
    if not before.clips or before.clips[-1].event != metadata.event:
        return False
    return 0 <= metadata.first - before.clips[-1].last <= MAX_GAP_SECONDS


def metadata_of(path: Path) -> tuple[ClipMetadata | None, float]:
    """Return what a clip says of itself, None for others, and its length [s] or 0."""
    with contextlib.suppress(RecordingError):
        return read_clip(path)
    return None, 0.0


def shown(words: object) -> str:
    """Return *words*, such as a path, as text that fits in one line."""
    return "".join(each if each.isprintable() else repr(each)[1:-1]
                   for each in str(words))


def frames_of(recording: Recording) -> Iterator[VideoFrame]:
    """
    Yield the frames of *recording* at the times of their stamps, as they are decoded.

    Raises :exc:`SurveillanceError` for a file that cannot be read.
    """
    for number, path in enumerate(recording.paths):
        metadata = recording.clips[number] if recording.clips else None
        offset = metadata.first - recording.clips[0].first if metadata else 0.0
        for frame in frames_in(path):
            yield frame._replace(at=frame.at + offset)


def frames_in(path: Path) -> Iterator[VideoFrame]:
    """Yield the frames of one file; raises :exc:`NoVideo`."""
    clock = VideoClock()
    try:
        source = VideoFileSource(
            str(path), False, Allowance(), threading.Event(), clock)
        with contextlib.closing(source), contextlib.suppress(SourceEnded):
            while True:
                picture = source.read()
                yield VideoFrame(clock.now, picture, source.fps)
    except CameraLost as error:
        raise NoVideo(shown(error)) from None

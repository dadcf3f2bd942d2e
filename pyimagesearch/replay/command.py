"""``webstreaming replay``: detect motion in videos, faster than real time."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyimagesearch.errors import SettingsError, SurveillanceError, reason
from pyimagesearch.folders import DataFolder
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.settings import Settings

from .advice import advice_json, lines_about
from .contenders import SettingsOfCameras, contenders
from .marks import MarkedRecording, archived_cameras, by_archive, whole_archive
from .player import Replay, play
from .progress import Progress
from .recordings import Recording, find_videos, group
from .report import check_writable, write_report
from .results import as_json, lines_of, summary
from .suggestion import contenders_for, suggest
from .trial import Contender

NO_VIDEO = "replay needs a video, or a folder of videos"
INTERRUPTED = 130       # exit status after Ctrl-C, as of a shell


class OutputFailed(SurveillanceError):
    """The output is a full disk, or a pipe that was closed."""


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """What the command line asks for."""

    video: Sequence[str] = ()
    camera: str | None = None
    compare: Sequence[str] | None = None
    report: str | None = None
    suggest: bool = False
    json: bool = False

    def check(self) -> None:
        """Raise :exc:`SettingsError` for what does not go together."""
        if self.suggest and (self.compare or self.report):
            raise SettingsError("--suggest compares settings by itself; leave out "
                                "--compare and --report")
        if self.report is not None and Path(self.report).suffix.lower() != ".html":
            # it may be a video: --report clips/*
            raise SettingsError(f"--report is {self.report!r}, but must end in .html")
        if not self.suggest and not self.video:
            raise SettingsError(NO_VIDEO)


def replay(settings: Settings, cameras: Sequence[CameraSettings],
           others: Sequence[CameraSettings], **request: Any) -> int:
    """
    Replay videos with the settings in force for *cameras*; return the exit status.

    *others* have been set on pages, but are not configured now. :class:`ReplayRequest`
    has the *request*. Raises :exc:`SettingsError`.
    """
    asked, data = ReplayRequest(**request), DataFolder(settings.data)
    asked.check()
    names = archived_cameras(data) if asked.suggest or asked.camera else ()
    set_before = {each.name for each in (*cameras, *others)}
    known = SettingsOfCameras(settings, cameras, [*others, *(
        settings.common(name) for name in names if name not in set_before)])
    known.check(asked.camera)
    try:
        if asked.suggest:
            return print_suggestion(asked, known, data)
        return print_events(asked, known)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return INTERRUPTED


def print_events(asked: ReplayRequest, known: SettingsOfCameras) -> int:
    """Print the events in all videos, and write the report; return the exit status."""
    begin = time.perf_counter()
    recordings, wrong = find(asked)
    progress = Progress(sum(each.length for each in recordings), sys.stderr)
    tasks = [(each, contenders(known.of(each, asked.camera), asked.compare or ()))
             for each in recordings]
    if asked.report:
        check_writable(asked.report)
    replays = []
    for recording, tried in tasks:
        replays.append(play_one(recording, tried, progress, wrong, bool(asked.report)))
        for line in () if asked.json else lines_of(replays[-1]):
            say(line)
    took = time.perf_counter() - begin
    if asked.report:
        write_report(asked.report, replays, wrong, took)
    if asked.json:
        print_json(videos=[as_json(each) for each in replays], errors=wrong,
                   took=round(took, 3))
    elif any(each.seconds for each in replays):
        say(*summary(replays, took))
    return 1 if wrong else 0


def print_suggestion(asked: ReplayRequest, known: SettingsOfCameras, data: DataFolder
                     ) -> int:
    """Print the settings that suit all marked videos; return the exit status."""
    marked, wrong = find_marked(asked, data)
    if not marked:
        return 1
    present = known.of(marked[0].recording, asked.camera)
    tried = contenders_for(present)
    progress = Progress(sum(each.recording.length for each in marked), sys.stderr)
    played = [play_one(each.recording, tried, progress, wrong) for each in marked]
    readable = [(each, found.outcomes) for each, found in zip(marked, played,
                                                              strict=True)
                if any(outcome.looked_at for outcome in found.outcomes)]
    if not readable:
        complain("no video is long enough to learn the background and then detect "
                 "anything in it; see --frame-count")
        return 1
    suggestion = suggest(*zip(*readable, strict=True))
    if asked.json:
        print_json(suggestion=advice_json(suggestion), errors=wrong)
    else:
        say(*lines_about(suggestion, known.table(marked[0].recording, asked.camera)))
    return 1 if wrong else 0


def find_marked(asked: ReplayRequest, data: DataFolder
                ) -> tuple[list[MarkedRecording], list[str]]:
    """Return the marked recordings to suggest settings for, and what is wrong."""
    if not asked.video:
        marked, lacking = whole_archive(data, asked.camera)
        if lacking:
            print(f"note: {lacking} marked events have no clip that can be played",
                  file=sys.stderr)
        return marked, []
    recordings, wrong = find(asked)
    marked = by_archive(recordings, data)
    if asked.camera is None and len({each.camera for each in recordings}) > 1:
        raise SettingsError("--suggest takes clips of one camera at a time, unless "
                            "--camera names the one to replay them for")
    return marked, wrong


def find(asked: ReplayRequest) -> tuple[list[Recording], list[str]]:
    """Return the recordings to replay, and report which are missing."""
    paths, wrong = find_videos(asked.video)
    if not paths and not wrong:
        raise SettingsError(NO_VIDEO)
    for sentence in wrong:
        complain(sentence)
    return group(paths), wrong


def play_one(recording: Recording, tried: Sequence[Contender], progress: Progress,
             wrong: list[str], pictures: bool = False) -> Replay:
    """Return the replay of *recording*; add to *wrong*, and report, if it fails."""
    found = play(recording, tried, progress, pictures=pictures)
    progress.clear()
    if found.trouble:
        wrong.append(found.trouble)
        complain(found.trouble)
    return found


def complain(sentence: str) -> None:
    """Print a *sentence* about a file that is left out."""
    print(f"webstreaming: error: {sentence}", file=sys.stderr, flush=True)


def print_json(**content: Any) -> None:
    """Print *content* as one JSON object."""
    say(json.dumps(content, indent=2))


def say(*lines: str) -> None:
    """Print *lines* at once; raises :exc:`OutputFailed`."""
    try:
        print(*lines, sep="\n", flush=True)
    except OSError as error:
        raise OutputFailed(
            f"the output cannot be written: {reason(error)}") from None

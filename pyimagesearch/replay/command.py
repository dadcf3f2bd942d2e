"""``webstreaming replay``: detect motion in videos, faster than real time."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.settings import CameraSettings, Settings

from .contenders import SettingsOfCameras, contenders
from .player import Replay, play
from .progress import Progress
from .recordings import find_videos, group
from .report import check_writable, write_report
from .results import as_json, lines_of, summary


@dataclass(frozen=True, kw_only=True)
class ReplayRequest:
    """What the command line asks for."""

    video: Sequence[str] = ()
    camera: str | None = None
    compare: Sequence[str] | None = None
    report: str | None = None
    json: bool = False


class ReplayResult(NamedTuple):
    """All replays, and a sentence for each file that could not be read."""

    replays: list[Replay]
    wrong: list[str]
    took: float         # [s]


def replay(settings: Settings, cameras: Sequence[CameraSettings], **request: Any
           ) -> int:
    """
    Replay videos with the settings in force for *cameras*; return the exit status.

    :class:`ReplayRequest` has the *request*. Raises :exc:`SettingsError`.
    """
    asked = ReplayRequest(**request)
    if not asked.video:
        raise SettingsError("replay needs a video, or a folder of videos")
    if asked.report:
        check_writable(asked.report)
    result = run(asked, SettingsOfCameras(settings, cameras))
    if asked.report:
        write_report(asked.report, *result)
    if asked.json:
        print(json.dumps({"videos": [as_json(each) for each in result.replays],
                          "errors": result.wrong, "took": round(result.took, 3)},
                         indent=2))
    elif any(each.seconds for each in result.replays):
        print(*summary(result.replays, result.took), sep="\n")
    return 1 if result.wrong else 0


def run(asked: ReplayRequest, known: SettingsOfCameras) -> ReplayResult:
    """Replay all videos, and print each one's events as soon as they are known."""
    begin = time.perf_counter()
    paths, wrong = find_videos(asked.video)
    recordings = group(paths)
    progress = Progress(sum(each.length for each in recordings), sys.stderr)
    tasks = [(each, contenders(known.of(each, asked.camera), asked.compare or ()))
             for each in recordings]
    for sentence in wrong:
        complain(sentence)
    replays = []
    for recording, tried in tasks:
        found = play(recording, tried, progress, pictures=bool(asked.report))
        replays.append(found)
        progress.clear()
        if found.trouble:
            wrong.append(found.trouble)
            complain(found.trouble)
        for line in () if asked.json else lines_of(found, compared=len(tried) > 1):
            print(line, flush=True)
    return ReplayResult(replays, wrong, time.perf_counter() - begin)


def complain(sentence: str) -> None:
    """Print a *sentence* about a file that is left out."""
    print(f"webstreaming: error: {sentence}", file=sys.stderr, flush=True)

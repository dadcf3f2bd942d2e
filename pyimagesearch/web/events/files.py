"""Send the files of events, whole or in ranges."""

import datetime
import mimetypes
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

from flask import Blueprint, Response, abort, request
from werkzeug.wsgi import FileWrapper

from pyimagesearch.events.event import (
    BROKEN,
    MISSING,
    OPEN,
    REMOVED,
    UNFINISHED,
    Event,
    KeptFile,
)
from pyimagesearch.recording.integrity import is_unchanged
from pyimagesearch.web.errors import abort_no_event
from pyimagesearch.web.services import (
    ArchiveService,
    Pool,
    archive_or_404,
    get_services,
)

from .filters import UNAVAILABLE

bp = Blueprint("files", __name__)

CHUNK_BYTES = 256 * 1024
ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d+\s*-\s*\d*|-\s*\d+)\s*")

Choice = Callable[[Event], KeptFile | None]


class ThreadedFileWrapper(FileWrapper):
    """Iterate over a file in chunks that are read in *pool*."""

    def __init__(self, file: BinaryIO, pool: Pool) -> None:
        super().__init__(file, CHUNK_BYTES)
        self._pool = pool

    def __next__(self) -> bytes:
        chunk: bytes = self._pool.run_admitted(
            lambda: self.file.read(self.buffer_size))
        if not chunk:
            raise StopIteration
        return chunk


@bp.get("/events/<int:id>/clip.mp4", defaults={"part": 1})
@bp.get("/events/<int:id>/clip-<int(min=2):part>.mp4")
def clip(id: int, part: int) -> Response:
    """Send one of the clips of an event."""
    return send(id, lambda event: dict(enumerate(event.clips, 1)).get(part))


@bp.get("/events/<int:id>/still.jpg", defaults={"number": 1})
@bp.get("/events/<int:id>/still-<int(min=2):number>.jpg")
def still(id: int, number: int) -> Response:
    """Send one of the stills of an event."""
    return send(id, lambda event: dict(enumerate(event.stills, 1)).get(number))


@bp.get("/events/<int:id>/thumbnail.jpg")
def thumbnail(id: int) -> Response:
    """Send the picture that shows an event best."""
    return send(id, lambda event: event.picture)


def send(id: int, choose: Choice) -> Response:
    """Return a response with the file that *choose* returns, or a range of it."""
    archive, pool = archive_or_404(), get_services().pools.files
    kept, file, stat = pool.run(lambda: open_file(archive, id, choose))
    response = Response(ThreadedFileWrapper(file, pool),
                        direct_passthrough=True,
                        mimetype=mimetypes.guess_type(kept.path)[0])
    response.content_length = stat.st_size
    response.set_etag(f"{stat.st_mtime_ns:x}-{stat.st_size:x}")
    response.last_modified = datetime.datetime.fromtimestamp(
        stat.st_mtime_ns // 10 ** 9, datetime.UTC)
    disposition = "attachment" if request.args.get("download") else "inline"
    response.headers["Content-Disposition"] = (
        f'{disposition}; filename="{flat_name(kept.path)}"')
    environ = dict(request.environ)
    if not ONE_RANGE.fullmatch(environ.get("HTTP_RANGE", "")):
        environ.pop("HTTP_RANGE", None)     # several ranges, or not valid: send it all
    try:
        response.make_conditional(environ, accept_ranges=True,
                                  complete_length=stat.st_size)
        return response
    except BaseException:
        file.close()
        raise


def open_file(archive: ArchiveService, id: int, choose: Choice,
              ) -> tuple[KeptFile, BinaryIO, os.stat_result]:
    """Open a file of event *id*, or abort with the reason. Blocks."""
    with archive.store.reading() as reader:
        event = reader.event(id) or abort_no_event(id)
    kept = choose(event)
    if kept is None:
        abort(404, f"Event {id} has no such file.")
    if kept.state in (OPEN, UNFINISHED, *REMOVED):      # a missing file may be back
        abort_unavailable(kept.state)
    try:
        file = open_below(archive.clips, kept.path)
        if is_unchanged(archive.clips / kept.path, kept):
            return kept, file, os.fstat(file.fileno())
        file.close()
        archive.store.mark_broken(kept)
        abort_unavailable(BROKEN)
    except FileNotFoundError:
        if kept.state != MISSING:
            archive.store.mark(kept.path, MISSING)
        abort_unavailable(MISSING)
    except OSError as error:
        abort(503, f"This file cannot be read now: {error.strerror}.")


def abort_unavailable(state: str) -> NoReturn:
    """End the request: a file in this *state* cannot be sent now (404), or ever."""
    abort(404 if state in (OPEN, UNFINISHED) else 410, UNAVAILABLE[state])


def open_below(folder: Path, name: str) -> BinaryIO:
    """
    Open file *name* below *folder*.

    Raises :exc:`FileNotFoundError` also for a path or a link out of the folder.
    """
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise FileNotFoundError(name)
    return path.open("rb")


def flat_name(path: str) -> str:
    """Return *path* as one ASCII file name; sorts by camera and time."""
    return re.sub(r"[^\w.-]", "_", path.replace("/", "_"), flags=re.ASCII)

"""The files of events, and several of them as one ZIP."""

import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from flask import Blueprint, Response, abort, request

from pyimagesearch.events.event import GONE, MISSING, OPEN, UNFINISHED, Event, KeptFile
from pyimagesearch.web.params import ids
from pyimagesearch.web.services import ArchiveService, archive_or_404, get_services

from .export import Export
from .filters import ABSENT

bp = Blueprint("files", __name__)

CHUNK = 256 * 1024      # bytes read at once, beside the hub
ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d+\s*-\s*\d*|-\s*\d+)\s*")


class Opened(NamedTuple):
    """A file that is open, and its state at that moment."""

    file: BinaryIO
    bytes: int
    modified: int       # [ns since the epoch]


class Chunks:
    """
    Give a file piece by piece, read beside the hub; what a range response needs.

    Closed by the server, whether the browser took all of it or went away.
    """

    def __init__(self, file: BinaryIO, in_thread: Callable[[Any], Any]) -> None:
        self._file = file
        self._in_thread = in_thread

    def __iter__(self) -> "Chunks":
        return self

    def __next__(self) -> bytes:
        chunk: bytes = self._in_thread(lambda: self._file.read(CHUNK))
        if not chunk:
            raise StopIteration
        return chunk

    def seekable(self) -> bool:
        """Return that a range need not be read from the begin of the file."""
        return True

    def seek(self, to: int) -> int:
        """Go to byte *to*."""
        return self._file.seek(to)

    def tell(self) -> int:
        """Return the byte that comes next."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@bp.get("/events/<int:id>/clip.mp4", defaults={"part": 1})
@bp.get("/events/<int:id>/clip-<int(min=2):part>.mp4")
def clip(id: int, part: int) -> Response:
    """Send a clip of an event, or the *part* of it that is asked for."""
    return send(id, lambda event: pick(event.clips, part))


@bp.get("/events/<int:id>/still.jpg", defaults={"number": 1})
@bp.get("/events/<int:id>/still-<int(min=2):number>.jpg")
def still(id: int, number: int) -> Response:
    """Send a still of an event."""
    return send(id, lambda event: pick(event.stills, number))


@bp.get("/events/<int:id>/thumbnail.jpg")
def thumbnail(id: int) -> Response:
    """Send what the event looked like when most moved."""
    return send(id, lambda event: event.picture)


@bp.post("/events/export")
def export() -> Response:
    """Send the chosen events as one ZIP, made while it is sent."""
    services, archive = get_services(), archive_or_404()
    wanted = ids(request.form.getlist("ids"))

    def look() -> list[Event]:
        with archive.store.reading() as reader:
            return reader.events(wanted)

    events = services.in_thread(look)
    if not events:
        abort(404, "None of these events is there any more.")
    made = Export(events, archive.clips, open_inside)
    return Response(
        made.stream(services.in_thread), mimetype="application/zip", headers={
            "X-Accel-Buffering": "no",
            "Content-Disposition": f'attachment; filename="{made.name}"'})


def send(id: int, choose: Callable[[Event], KeptFile | None]) -> Response:
    """Return the response with the file that *choose* picks, or a part of it."""
    services, archive = get_services(), archive_or_404()
    kept, opened = services.in_thread(lambda: find(archive, id, choose))
    response = Response(Chunks(opened.file, services.in_thread),
                        direct_passthrough=True,
                        mimetype=mimetypes.guess_type(kept.path)[0])
    response.content_length = opened.bytes
    response.set_etag(f"{opened.modified:x}-{opened.bytes:x}")
    response.last_modified = opened.modified // 10 ** 9
    how = "attachment" if request.args.get("download") else "inline"
    response.headers["Content-Disposition"] = (
        f'{how}; filename="{sortable(kept.path)}"')
    environ = dict(request.environ)
    if not ONE_RANGE.fullmatch(environ.get("HTTP_RANGE", "")):
        environ.pop("HTTP_RANGE", None)     # several ranges, or nonsense: all of it
    try:
        response.make_conditional(environ, accept_ranges=True,
                                  complete_length=opened.bytes)
        return response
    except BaseException:
        opened.file.close()
        raise


def find(archive: ArchiveService, id: int, choose: Callable[[Event], KeptFile | None]
         ) -> tuple[KeptFile, Opened]:
    """Return the wanted file of event *id*, open; blocks, and ends the request."""
    with archive.store.reading() as reader:
        event = reader.event(id)
    if event is None:
        abort(404, f"There is no event {id}; it may have been deleted.")
    kept = choose(event)
    if kept is None:
        abort(404, f"Event {id} has no such file.")
    if kept.state in (OPEN, UNFINISHED, GONE):      # a missing one may be back
        abort(410 if kept.state == GONE else 404, ABSENT[kept.state])
    try:
        return kept, open_inside(archive.clips, kept.path)
    except FileNotFoundError:
        if kept.state != MISSING:
            archive.store.mark(kept.path, MISSING)
        abort(410, ABSENT[MISSING])
    except OSError as error:
        abort(503, f"This file cannot be read now: {error.strerror}.")


def open_inside(folder: Path, name: str) -> Opened:
    """Open file *name* below *folder*; a way out of it leads to no file."""
    root = folder.resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise FileNotFoundError(name)
    file = path.open("rb")
    state = path.stat()
    return Opened(file, state.st_size, state.st_mtime_ns)


def pick(files: tuple[KeptFile, ...], number: int) -> KeptFile | None:
    """Return the file with that *number*, counted from 1."""
    return files[number - 1] if 0 < number <= len(files) else None


def sortable(path: str) -> str:
    """Return the name under which a file leaves: it sorts by camera and time."""
    return re.sub(r"[^\w.-]", "_", path.replace("/", "_"), flags=re.ASCII)

"""Export events as a ZIP file that is made while it is sent, chunk by chunk."""

import datetime
import hashlib
import json
import logging
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, abort, request

from pyimagesearch import __version__
from pyimagesearch.events.event import GONE, OPEN, UNFINISHED, Event, KeptFile
from pyimagesearch.web.params import ids, requester
from pyimagesearch.web.services import archive_or_404, get_services, read_events

from .files import CHUNK_BYTES, flat_name, open_below
from .filters import count_events

bp = Blueprint("export", __name__)
log = logging.getLogger(__name__)

ZIP64_BYTES = 1 << 31       # size from which a file in a ZIP needs the 64-bit format
ZIP_EPOCH = 315_619_200.0   # two days into 1980, the first year of ZIP, in any zone
UNAVAILABLE = {GONE: "deleted to make room", OPEN: "still being recorded",
               UNFINISHED: "cut off by a crash and not repaired yet"}


@bp.post("/events/export")
def download() -> Response:
    """Send the selected events as a ZIP file."""
    wanted, clips = ids(request.form.getlist("ids")), archive_or_404().clips
    events = read_events(lambda reader: reader.events(wanted))
    if not events:
        abort(404, "None of these events exists any more.")
    log.info("%s exported by %s", count_events(len(events)), requester())
    export = Export(events, clips)
    return Response(
        export.stream(get_services().in_thread), mimetype="application/zip", headers={
            "X-Accel-Buffering": "no",
            "Content-Disposition": f'attachment; filename="{export.name}"'})


class ZipBuffer:
    """A file object for ZipFile that cannot seek, and is emptied after each write."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes) -> int:
        """Append *chunk*."""
        self._chunks.append(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Do nothing."""

    def take(self) -> bytes:
        """Return and forget what was written."""
        taken, self._chunks = b"".join(self._chunks), []
        return taken


class Export:
    """
    A ZIP file with the files of *events* below *folder*.

    It ends with ``manifest.json``, which describes each event and file and lists
    those that are missing, and ``SHA256SUMS`` (for ``sha256sum --check``).
    """

    def __init__(self, events: Sequence[Event], folder: Path) -> None:
        first = datetime.datetime.fromtimestamp(events[0].begin)
        self.name = f"evidence_{first:%Y-%m-%d_%H-%M-%S}.zip"
        self._events = events
        self._folder = folder
        self._entries: dict[int, list[dict[str, Any]]] = {
            event.id: [] for event in events}

    def stream(self, in_thread: Callable[[Callable[[], Any]], Any],
               ) -> Generator[bytes, None, None]:
        """Yield the ZIP file, read and compressed with *in_thread*."""
        chunks = self.chunks()
        try:
            while (chunk := in_thread(lambda: next(chunks, None))) is not None:
                if chunk:
                    yield chunk
        finally:
            chunks.close()

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield the ZIP file; some chunks are empty. Blocks."""
        buffer = ZipBuffer()
        with zipfile.ZipFile(cast(Any, buffer), "w") as archive:
            for event in self._events:
                for kept in event.files:
                    yield from self._add(archive, buffer, event, kept)
            manifest = json.dumps(self._manifest(), indent=2)
            add_text(archive, "manifest.json", manifest)
            add_text(archive, "SHA256SUMS", self._checksums(manifest))
        yield buffer.take()

    def _add(self, archive: zipfile.ZipFile, buffer: ZipBuffer, event: Event,
             kept: KeptFile) -> Generator[bytes, None, None]:
        """Add one file, which may disappear at any moment."""
        entry: dict[str, Any] = {"file": None, "media": kept.media, **span(kept),
                                 "sha256": None, "missing": ""}
        self._entries[event.id].append(entry)
        if kept.state in UNAVAILABLE:
            entry["missing"] = UNAVAILABLE[kept.state]
            return
        try:
            opened = open_below(self._folder, kept.path)
        except OSError:
            entry["missing"] = "no longer in the clips folder"
            return
        name = flat_name(kept.path)
        digest, size = hashlib.sha256(), 0
        with opened.file as file, archive.open(
                zipfile.ZipInfo(name, zip_time(kept.begin)), "w",
                force_zip64=opened.bytes >= ZIP64_BYTES) as target:
            while chunk := read_chunk(file, entry):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
                yield buffer.take()
        if size < opened.bytes and not entry["missing"]:
            entry["missing"] = "truncated while it was read"
        entry.update(file=name, bytes=size, sha256=digest.hexdigest())
        yield buffer.take()

    def _checksums(self, manifest: str) -> str:
        sums = [(entry["sha256"], entry["file"]) for entries in self._entries.values()
                for entry in entries if entry["file"]]
        sums.append((hashlib.sha256(manifest.encode()).hexdigest(), "manifest.json"))
        return "".join(f"{digest}  {name}\n" for digest, name in sums)

    def _manifest(self) -> dict[str, Any]:
        return {
            "program": "webstreaming", "version": __version__,
            "exported": timestamps(time.time()),
            "events": [{
                "id": event.id, "camera": event.camera, "kind": event.kind,
                **span(event), "peak_area_per_mille": event.peak_area,
                "note": event.note, "starred": event.starred,
                "files": self._entries[event.id],
            } for event in self._events]}


def read_chunk(file: BinaryIO, entry: dict[str, Any]) -> bytes:
    """Return the next chunk of *file*; note a read error in *entry*."""
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        entry["missing"] = f"the rest could not be read: {error.strerror}"
        return b""


def add_text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Add a text file."""
    archive.writestr(zipfile.ZipInfo(name, zip_time(time.time())), text)


def span(item: Event | KeptFile) -> dict[str, Any]:
    """Return begin and end of an event or a file."""
    return {"begin": timestamps(item.begin),
            "end": None if item.end is None else timestamps(item.end)}


def timestamps(when: float) -> dict[str, Any]:
    """Return *when* [seconds since the epoch] also as UTC and as local time."""
    utc = datetime.datetime.fromtimestamp(when, datetime.UTC)
    return {"epoch": when, "utc": utc.isoformat(timespec="milliseconds"),
            "local": utc.astimezone().isoformat(timespec="milliseconds")}


def zip_time(when: float) -> tuple[int, int, int, int, int, int]:
    """Return *when* as local time for a ZIP file, which cannot be before 1980."""
    local = time.localtime(max(when, ZIP_EPOCH))
    return (max(1980, local.tm_year), local.tm_mon, local.tm_mday, local.tm_hour,
            local.tm_min, local.tm_sec)

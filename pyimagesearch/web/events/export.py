"""Export events as a ZIP file that is made while it is sent, chunk by chunk."""

import datetime
import hashlib
import io
import json
import logging
import os
import time
import zipfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from flask import Blueprint, Response, abort, request

from pyimagesearch import __version__
from pyimagesearch.events.event import EXPIRED, GONE, OPEN, UNFINISHED, Event, KeptFile
from pyimagesearch.events.explanation import Explanation
from pyimagesearch.web.params import ids, requester
from pyimagesearch.web.services import (
    Pool,
    archive_or_404,
    get_services,
    read_events,
)

from .explanations import as_json
from .files import CHUNK_BYTES, flat_name, open_below
from .filters import count_events

bp = Blueprint("export", __name__)
log = logging.getLogger(__name__)

ZIP_EPOCH = 315_619_200.0   # in 1980, the first year of ZIP, in every time zone
UNAVAILABLE = {GONE: "deleted to make room", EXPIRED: "deleted, as it was too old",
               OPEN: "still being recorded",
               UNFINISHED: "could not be finished and is not repaired yet"}


@bp.post("/events/export")
def download() -> Response:
    """Send the selected events as a ZIP file."""
    wanted, clips = ids(request.form.getlist("ids")), archive_or_404().clips
    events, explanations = read_events(
        lambda reader: (reader.events(wanted), reader.explanations(wanted)))
    if not events:
        abort(404, "None of these events exists any more.")
    log.info("%s exported by %s", count_events(len(events)), requester())
    export = Export(events, clips, explanations)
    return Response(
        export.stream(get_services().pools.files), mimetype="application/zip", headers={
            "X-Accel-Buffering": "no",
            "Content-Disposition": f'attachment; filename="{export.name}"'})


class ZipBuffer(io.BytesIO):
    """A file object for ZipFile that cannot seek, and is emptied after each write."""

    def tell(self) -> int:
        """Raise, which is how ZipFile recognizes a file that cannot seek."""
        raise io.UnsupportedOperation

    def take(self) -> bytes:
        """Return and forget what was written."""
        taken = self.getvalue()
        self.seek(0)
        self.truncate()
        return taken


class Export:
    """
    A ZIP file with the files of *events* below *folder*.

    It ends with ``manifest.json``, which describes each event and file, says why the
    event was stored (*explanations*, by event) and lists files that are missing, and
    with ``SHA256SUMS`` (for ``sha256sum --check``).
    """

    def __init__(self, events: Sequence[Event], folder: Path,
                 explanations: Mapping[int, Sequence[Explanation]] | None = None,
                 ) -> None:
        first = datetime.datetime.fromtimestamp(events[0].begin)
        self.name = f"evidence_{first:%Y-%m-%d_%H-%M-%S}.zip"
        self._events = events
        self._folder = folder
        self._explanations = explanations or {}
        self._buffer = ZipBuffer()
        self._checksums = ""
        self._entries: dict[int, list[dict[str, Any]]] = {
            event.id: [] for event in events}

    def stream(self, pool: Pool) -> Generator[bytes, None, None]:
        """Yield the ZIP file, read and compressed in *pool*."""
        chunks = self.chunks()
        try:
            while (chunk := pool.run_admitted(lambda: next(chunks, None))) is not None:
                yield chunk
        finally:
            chunks.close()

    def chunks(self) -> Generator[bytes, None, None]:
        """Yield the ZIP file. Blocks."""
        with zipfile.ZipFile(self._buffer, "w") as archive:
            for event in self._events:
                for kept in event.files:
                    yield from self._add(archive, event, kept)
            manifest = json.dumps(self._manifest(), indent=2)
            digest = hashlib.sha256(manifest.encode()).hexdigest()
            self._checksums += f"{digest}  manifest.json\n"
            archive.writestr(zip_info("manifest.json", time.time()), manifest)
            archive.writestr(zip_info("SHA256SUMS", time.time()), self._checksums)
        yield self._buffer.take()

    def _add(self, archive: zipfile.ZipFile, event: Event, kept: KeptFile,
             ) -> Generator[bytes, None, None]:
        """Add one file, which may disappear at any moment."""
        entry: dict[str, Any] = {"file": None, "media": kept.media, **span(kept),
                                 "sha256": None,
                                 "missing": UNAVAILABLE.get(kept.state, "")}
        self._entries[event.id].append(entry)
        if entry["missing"]:
            return
        try:
            file = open_below(self._folder, kept.path)
            if os.fstat(file.fileno()).st_size == 0:
                entry["missing"] = "empty, as a power cut left it"
                file.close()
                return
        except OSError:
            entry["missing"] = "no longer in the clips folder"
            return
        info, digest = zip_info(flat_name(kept.path), kept.begin), hashlib.sha256()
        size = info.file_size = os.fstat(file.fileno()).st_size     # decides on ZIP64
        with file, archive.open(info, "w") as target:
            while chunk := read_chunk(file, entry):
                digest.update(chunk)
                target.write(chunk)
                yield self._buffer.take()
        if info.file_size < size and not entry["missing"]:      # now what was written
            entry["missing"] = "truncated while it was read"
        entry.update(file=info.filename, bytes=info.file_size,
                     sha256=digest.hexdigest())
        self._checksums += f"{digest.hexdigest()}  {info.filename}\n"
        yield self._buffer.take()

    def _manifest(self) -> dict[str, Any]:
        return {
            "program": "webstreaming", "version": __version__,
            "exported": timestamps(time.time()),
            "events": [{
                "id": event.id, "camera": event.camera, "kind": event.kind,
                **span(event), "peak_area_per_mille": event.peak_area,
                "note": event.note, "starred": event.starred,
                "not_event": event.not_event, "names": event.objects,
                "sightings": [{**each._asdict(), "at": timestamps(each.at)}
                              for each in event.sightings],
                "explanations": [as_json(each) for each in
                                 self._explanations.get(event.id, ())],
                "files": self._entries[event.id],
            } for event in self._events]}


def read_chunk(file: BinaryIO, entry: dict[str, Any]) -> bytes:
    """Return the next chunk of *file*; note a read error in *entry*."""
    try:
        return file.read(CHUNK_BYTES)
    except OSError as error:
        entry["missing"] = f"the rest could not be read: {error.strerror}"
        return b""


def span(item: Event | KeptFile) -> dict[str, Any]:
    """Return begin and end of an event or a file."""
    return {"begin": timestamps(item.begin),
            "end": None if item.end is None else timestamps(item.end)}


def timestamps(when: float) -> dict[str, Any]:
    """Return *when* [seconds since the epoch] also as UTC and as local time."""
    utc = datetime.datetime.fromtimestamp(when, datetime.UTC)
    return {"epoch": when, "utc": utc.isoformat(timespec="milliseconds"),
            "local": utc.astimezone().isoformat(timespec="milliseconds")}


def zip_info(name: str, when: float) -> zipfile.ZipInfo:
    """Return the header of a file in a ZIP, whose local time is in 1980 or later."""
    return zipfile.ZipInfo(name, time.localtime(max(when, ZIP_EPOCH))[:6])

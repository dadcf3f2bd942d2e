"""Evidence: events as a ZIP that is made while it is sent, in memory of one chunk."""

import datetime
import hashlib
import json
import re
import time
import zipfile
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from pyimagesearch import __version__
from pyimagesearch.events.event import GONE, OPEN, UNFINISHED, Event, KeptFile

CHUNK = 256 * 1024      # bytes read at once
BIG = 1 << 31           # bytes from which a file in a ZIP needs the large format
ABSENT = {GONE: "removed to make room", OPEN: "still being recorded",
          UNFINISHED: "cut off by a crash and not finished yet"}


class HasFile(Protocol):
    """What opening a file gives."""

    @property
    def file(self) -> BinaryIO:
        """The file, to be read and closed."""

    @property
    def bytes(self) -> int:
        """Its size."""


class Outlet:
    """Where the ZIP is written to: it can only go on, and is emptied all the time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        """Take *piece*."""
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


class Export:
    """
    One ZIP with the files of *events* below *folder*.

    Behind them come ``manifest.json``, which tells what each file shows, and which are
    missing, and ``SHA256SUMS`` of all (for ``sha256sum --check``).
    """

    def __init__(self, events: Sequence[Event], folder: Path,
                 open_file: Callable[[Path, str], HasFile]) -> None:
        first = datetime.datetime.fromtimestamp(events[0].begin)
        self.name = f"evidence_{first:%Y-%m-%d_%H-%M-%S}.zip"
        self._events = events
        self._folder = folder
        self._open_file = open_file
        self._told: dict[int, list[dict[str, Any]]] = {each.id: [] for each in events}

    def stream(self, in_thread: Callable[[Callable[[], Any]], Any],
               ) -> Generator[bytes, None, None]:
        """Yield the ZIP; *in_thread* does what blocks."""
        steps = self.steps()
        try:
            while (piece := in_thread(lambda: next(steps, None))) is not None:
                if piece:
                    yield piece
        finally:
            steps.close()

    def steps(self) -> Generator[bytes, None, None]:
        """Yield the ZIP, reading as it goes; pieces may be empty."""
        outlet = Outlet()
        with zipfile.ZipFile(cast(Any, outlet), "w") as archive:
            for event in self._events:
                for kept in event.files:
                    yield from self._add(archive, outlet, event, kept)
            manifest = json.dumps(self._manifest(), indent=2)
            add_text(archive, "manifest.json", manifest)
            add_text(archive, "SHA256SUMS", self._sums(manifest))
        yield outlet.take()

    def _add(self, archive: zipfile.ZipFile, outlet: Outlet, event: Event,
             kept: KeptFile) -> Generator[bytes, None, None]:
        """Put one file in; it may vanish at any moment."""
        told: dict[str, Any] = {"file": None, "media": kept.media, **span(kept),
                                "sha256": None, "missing": ""}
        self._told[event.id].append(told)
        if kept.state in ABSENT:
            told["missing"] = ABSENT[kept.state]
            return
        try:
            opened = self._open_file(self._folder, kept.path)
        except OSError:
            told["missing"] = "not in the folder of clips any more"
            return
        name = re.sub(r"[^\w.-]", "_", kept.path.replace("/", "_"), flags=re.ASCII)
        entry = zipfile.ZipInfo(name, zip_time(kept.begin))
        digest, size = hashlib.sha256(), 0
        with opened.file as file, archive.open(
                entry, "w", force_zip64=opened.bytes >= BIG) as target:
            while chunk := read(file, told):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
                yield outlet.take()
        if size < opened.bytes and not told["missing"]:
            told["missing"] = "cut short while it was read"
        told.update(file=name, bytes=size, sha256=digest.hexdigest())
        yield outlet.take()

    def _sums(self, manifest: str) -> str:
        files = [(told["sha256"], told["file"]) for files in self._told.values()
                 for told in files if told["file"]]
        files.append((hashlib.sha256(manifest.encode()).hexdigest(), "manifest.json"))
        return "".join(f"{digest}  {name}\n" for digest, name in files)

    def _manifest(self) -> dict[str, Any]:
        return {
            "program": "webstreaming", "version": __version__,
            "exported": moment(time.time()),
            "events": [{
                "id": each.id, "camera": each.camera, "kind": each.kind, **span(each),
                "peak_area_per_mille": each.peak_area, "note": each.note,
                "starred": each.starred, "files": self._told[each.id],
            } for each in self._events]}


def read(file: BinaryIO, told: dict[str, Any]) -> bytes:
    """Return the next chunk of *file*; note in *told* if it cannot be read."""
    try:
        return file.read(CHUNK)
    except OSError as error:
        told["missing"] = f"the rest could not be read: {error.strerror}"
        return b""


def add_text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Put a file of text in."""
    archive.writestr(zipfile.ZipInfo(name, zip_time(time.time())), text)


def span(of: Event | KeptFile) -> dict[str, Any]:
    """Return when it began and ended."""
    return {"begin": moment(of.begin),
            "end": None if of.end is None else moment(of.end)}


def moment(when: float) -> dict[str, Any]:
    """Return *when* [seconds since the epoch] as everybody may want to read it."""
    utc = datetime.datetime.fromtimestamp(when, datetime.UTC)
    return {"epoch": when, "utc": utc.isoformat(timespec="milliseconds"),
            "local": utc.astimezone().isoformat(timespec="milliseconds")}


def zip_time(when: float) -> tuple[int, int, int, int, int, int]:
    """Return local time as a ZIP writes it, which begins in 1980."""
    local = time.localtime(max(when, 315_619_200.0))
    return (max(1980, local.tm_year), local.tm_mon, local.tm_mday, local.tm_hour,
            local.tm_min, local.tm_sec)

"""Keep learnt backgrounds in the data folder, from a thread that may block."""

import logging
import threading
from pathlib import Path

from pyimagesearch.errors import BackgroundDamaged, reason
from pyimagesearch.folders import DataFolder, make_private, replace_file, sync_folder
from pyimagesearch.threads import Worker

from .learnt_background import LearntBackground, Mask

log = logging.getLogger(__name__)

SUFFIX = ".background"
MAX_FILE_BYTES = 4_000_000      # even of a tall picture that is all noise


class BackgroundFiles(Worker):
    """
    A :class:`~.remembered.BackgroundKeeper` with a file for each camera.

    The thread ``backgrounds`` reads them at the start, and writes once :meth:`open`
    was called, as only then this server holds the folder. Files of other cameras are
    removed, and those learnt by another privacy mask. All methods but :meth:`run` may
    be called from any thread, and do not block.
    """

    def __init__(self, folder: DataFolder, cameras: list[str]) -> None:
        super().__init__("backgrounds")
        self._folder = folder.path / "backgrounds"
        self._open = threading.Event()
        self._masks: dict[str, Mask] = dict.fromkeys(cameras, ())
        self._lock = threading.Lock()   # guards the next line
        self._waiting: dict[str, LearntBackground | None] = {}  # None: to be removed
        self._found: dict[str, LearntBackground] = {}
        self._wake = threading.Event()
        self._trouble = ""

    def add(self, camera: str) -> None:
        """Keep the background of *camera* as well; its mask is known later."""
        with self._lock:
            self._masks = {camera: (), **self._masks}

    def open(self) -> None:
        """Allow writing: this server holds the folder."""
        self._open.set()
        self._wake.set()

    def put(self, camera: str, learnt: LearntBackground) -> None:
        """Write *learnt* soon, unless the privacy mask has changed since."""
        with self._lock:
            if self._masks.get(camera) == learnt.mask:
                self._waiting[camera] = learnt
        self._wake.set()

    def forget(self, camera: str) -> None:
        """Remove the file of *camera* soon."""
        with self._lock:
            self._found.pop(camera, None)
            self._waiting[camera] = None
        self._wake.set()

    def set_mask(self, camera: str, mask: Mask) -> None:
        """Remove what was learnt by another *mask* soon."""
        with self._lock:
            if self._masks.get(camera) == mask:
                return
            self._masks[camera] = mask
            if self._thread.ident is None:      # run() has not read the files yet
                return
        self.forget(camera)

    def kept(self, camera: str) -> LearntBackground | None:
        """Return what was found at the start; ``None`` as long as it is not read."""
        with self._lock:
            return self._found.get(camera)

    def stop(self) -> None:
        """Write what waits, and end."""
        super().stop()
        self._wake.set()

    def run(self) -> None:
        """Read all files, then write until :meth:`stop`."""
        for camera in list(self._masks):
            self._read(camera)
        while True:
            self._wake.wait()
            self._wake.clear()
            last = self.stopping.is_set()       # first: what was put before is written
            if self._open.is_set():
                self._write_all()
            if last:
                return

    def _read(self, camera: str) -> None:
        """Read the file of *camera*; one that is of no use is removed."""
        path = self._path(camera)
        try:
            mask = self._masks[camera]
            learnt = LearntBackground.from_bytes(content_of(path), mask)
        except (FileNotFoundError, NotADirectoryError):     # which the archive reports
            return
        except (OSError, BackgroundDamaged) as error:
            log.warning("%s: learning the background again, as %s cannot be used: %s",
                        camera, path, reason(error))
            return
        with self._lock:
            if learnt and self._masks[camera] == mask:
                self._found[camera] = learnt
                return
        self.forget(camera)

    def _write_all(self) -> None:
        """Write and remove what waits; what fails is tried again the next time."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        trouble = ""
        for camera, learnt in waiting.items():
            try:
                self._write(camera, learnt)
            except OSError as error:
                trouble = reason(error)
                with self._lock:
                    self._waiting.setdefault(camera, learnt)
        try:
            self._remove_others()
        except OSError as error:
            trouble = reason(error)
        if trouble and trouble != self._trouble:
            log.warning("learnt backgrounds cannot be kept in %s: %s", self._folder,
                        trouble)
        self._trouble = trouble

    def _write(self, camera: str, learnt: LearntBackground | None) -> None:
        path = self._path(camera)
        if learnt is None:
            path.unlink(missing_ok=True)
            sync_folder(self._folder)
            return
        make_private(self._folder)
        replace_file(path, learnt.to_bytes())
        with self._lock:
            outdated = self._masks[camera] != learnt.mask
        if outdated:        # the mask was set meanwhile
            self._write(camera, None)

    def _remove_others(self) -> None:
        """Remove the files of cameras that are not watched any more, and drafts."""
        if not self._folder.exists():
            return
        names = {self._path(camera).name for camera in self._masks}
        for path in self._folder.iterdir():
            if path.name not in names and path.is_file():
                path.unlink(missing_ok=True)

    def _path(self, camera: str) -> Path:
        return self._folder / f"{camera}{SUFFIX}"


def content_of(path: Path) -> bytes:
    """Return the content of a file; raises :exc:`BackgroundDamaged` if it is huge."""
    if path.exists() and not path.is_file():    # a pipe would wait for ever
        raise BackgroundDamaged("it is not a file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise BackgroundDamaged(
            f"it has more than {MAX_FILE_BYTES // 10**6} MB, which none of them has")
    return content

"""Where clips and stills are: a tree for people, rsync and file managers."""

import datetime
import itertools
import os
from collections.abc import Collection
from pathlib import Path

from pyimagesearch.errors import FolderError
from pyimagesearch.folders import make_private

PART_SUFFIX, DRAFT_SUFFIX, CLIP_SUFFIX = ".part.mp4", ".draft.mp4", ".mp4"
JOURNAL_SUFFIX = ".part.jpegs"
NEW_JOURNAL_SUFFIX = ".part.jpegs.new"  # a journal until all that waits is in it
STILL_SUFFIX = ".jpg"
STILL_DRAFT_SUFFIX = ".jpg.draft"       # its name begins with a dot, too
SUFFIXES = (PART_SUFFIX, DRAFT_SUFFIX, NEW_JOURNAL_SUFFIX, JOURNAL_SUFFIX,
            CLIP_SUFFIX, STILL_DRAFT_SUFFIX, STILL_SUFFIX)      # the longest first


class ClipPaths:
    """
    Give *camera* unused paths below *folder*, and know them again.

    All methods but :meth:`reserve` may be called from any thread.
    """

    def __init__(self, folder: Path, camera: str) -> None:
        self._folder = folder
        self.camera = camera
        self._given: set[Path] | None = set()   # None: not needed any more

    def reserve(self, captured: float, reserved: Collection[Path]) -> Path:
        """Return a path as :func:`new_stem` does; raises :exc:`OSError`."""
        path = new_stem(self._folder, self.camera, captured, reserved)
        if (given := self._given) is not None:
            given.add(path)
        return path

    def check(self) -> None:
        """Raise :exc:`FolderError` if the camera's folder is a link to another disk."""
        path = self._folder / self.camera
        if path.is_symlink():       # its space would be neither counted nor made free
            raise FolderError(
                f"{str(path)!r} is a link, but must be a folder; move its clips back, "
                "or all clips to the other disk, and give that with --data")

    def gave(self, path: Path) -> bool:
        """Return whether the file at *path* is made under a path that was given."""
        given = self._given
        name = stem(path.name).removeprefix(".")
        return given is not None and path.with_name(name) in given

    def forget(self) -> None:
        """Forget what was given: :meth:`gave` is not asked any more."""
        self._given = None


def new_stem(folder: Path, camera: str, captured: float,
             reserved: Collection[Path] = ()) -> Path:
    """
    Return an unused path, without suffix, for what was captured at a time [s, epoch].

    ``CAMERA/2026-11-20/14-03-22`` in local time, or ``14-03-22_2`` if that exists or is
    *reserved*. Makes the folder; raises :exc:`OSError` if it cannot.
    """
    when = datetime.datetime.fromtimestamp(captured)
    day = folder / camera / f"{when:%Y-%m-%d}"
    make_private(day)
    taken = {stem(entry.name) for entry in os.scandir(day)}
    first = day / f"{when:%H-%M-%S}"
    candidates = itertools.chain([first], (add_suffix(first, f"_{number}")
                                           for number in itertools.count(2)))
    return next(path for path in candidates
                if path.name not in taken and path not in reserved)


def kept_path(path: Path) -> str:
    """Return *path* relative to the folder of clips, as the list of events has it."""
    return "/".join(path.parts[-3:])


def add_suffix(path: Path, suffix: str) -> Path:
    """Return *path*, which has none, with *suffix*."""
    return path.with_name(path.name + suffix)


def stem(name: str) -> str:
    """Return the *name* of a file without its suffix."""
    return next((name.removesuffix(suffix) for suffix in SUFFIXES
                 if name.endswith(suffix)), name)

"""Where clips and stills lie: a tree for people, rsync and a file manager."""

import datetime
import itertools
import os
from collections.abc import Collection
from pathlib import Path

PART, DRAFT, WHOLE = ".part.mp4", ".draft.mp4", ".mp4"
JOURNAL = ".part.jpegs"
NEW = ".part.jpegs.new"     # a journal until all that waits is in it
STILL = ".jpg"
KINDS = (PART, DRAFT, NEW, JOURNAL, WHOLE, STILL)     # the longest first


def place_for(folder: Path, camera: str, captured: float,
              avoid: Collection[Path] = ()) -> Path:
    """
    Return a place, without suffix, for what *camera* saw at *captured* [s, epoch].

    ``CAMERA/2026-11-20/14-03-22`` in local time, or ``14-03-22_2`` if something
    is there already, or is one of those to *avoid*. The folder is made; raises
    :exc:`OSError` if it cannot be.
    """
    when = datetime.datetime.fromtimestamp(captured)
    day = folder / camera / f"{when:%Y-%m-%d}"
    day.mkdir(parents=True, exist_ok=True)
    taken = {stem(entry.name) for entry in os.scandir(day)}
    wanted = day / f"{when:%H-%M-%S}"
    places = itertools.chain([wanted], (with_kind(wanted, f"_{number}")
                                        for number in itertools.count(2)))
    return next(place for place in places
                if place.name not in taken and place not in avoid)


def kept_path(path: Path) -> str:
    """Return *path* relative to the folder of clips, as the list of events has it."""
    return "/".join(path.parts[-3:])


def with_kind(place: Path, kind: str) -> Path:
    """Return the file of *kind* (its suffix) at *place*."""
    return place.with_name(place.name + kind)


def stem(name: str) -> str:
    """Return the name of a file without what tells its kind."""
    return next((name.removesuffix(kind) for kind in KINDS if name.endswith(kind)),
                name)

"""Try a model in a process of its own, as some damaged files crash OpenCV."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from pyimagesearch.errors import SettingsError

from .object_model import ObjectModel

CHECK_SECONDS = 60.0    # a Raspberry Pi loads the largest models in 10
MEMORY_SHARE = 0.5      # of this machine's, that a model may take
REFUSED = 3             # status of the child process


def check_model(path: Path, labels: Sequence[str] | None = None, *,
                memory: int | None = None) -> None:
    """
    Raise :exc:`SettingsError` with one sentence if there is no usable model at *path*.

    It is loaded with *labels* as :class:`~.object_model.ObjectModel` would be, but in a
    child process, so this process needs no memory for it and cannot crash by it. That
    takes half a second, or two on a Raspberry Pi. A model that takes more than *memory*
    [bytes], by default half of this machine's, is refused.
    """
    most = memory or round(MEMORY_SHARE * memory_bytes())
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(path), str(most)], check=False,
            input=json.dumps(labels).encode(), stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,      # OpenCV's own messages
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            timeout=CHECK_SECONDS)
    except subprocess.TimeoutExpired:
        raise SettingsError(f"--objects is {str(path)!r}, but this model could not be "
                            f"loaded in {CHECK_SECONDS:g} seconds") from None
    if child.returncode == REFUSED:
        raise SettingsError(json.loads(child.stdout))
    if child.returncode:
        raise SettingsError(f"--objects is {str(path)!r}, but OpenCV "
                            f"{cv2.__version__} crashes when it loads this file, which "
                            "may be damaged")


def memory_bytes() -> int:
    """Return how much memory this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def run_check() -> int:
    """Load the model as asked for by :func:`check_model`; return the exit status."""
    path, most = Path(sys.argv[1]), int(sys.argv[2])
    cv2.setNumThreads(1)
    limit_memory(most)
    try:
        ObjectModel(path, json.load(sys.stdin))
    except SettingsError as error:
        return refuse(str(error))
    except MemoryError:
        return refuse(f"--objects is {str(path)!r}, but this model takes more than "
                      f"{most / 1e6:.0f} MB of memory")
    return 0


def limit_memory(most: int) -> None:
    """Let this process take *most* bytes more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[5])    # of data: proc(5)
    limit = pages * os.sysconf("SC_PAGE_SIZE") + most
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def refuse(sentence: str) -> int:
    """Hand *sentence* to :func:`check_model`; return the exit status."""
    print(json.dumps(sentence))
    return REFUSED


if __name__ == "__main__":
    sys.exit(run_check())

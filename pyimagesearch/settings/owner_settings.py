"""What the owner set on pages: a few settings of single cameras, across restarts."""

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

from pyimagesearch.errors import (
    FolderError,
    NewerFormat,
    SettingFixed,
    SettingsError,
    reason,
)
from pyimagesearch.file_formats import check_format
from pyimagesearch.folders import ConfigFolder

from .camera_settings import ADJUSTABLE_OPTIONS, HOURS_OPTIONS, CameraSettings
from .option import did_you_mean
from .schedule import check_place, schedule_of
from .settings import Settings

log = logging.getLogger(__name__)

FILE_NAME = "cameras.json"
NOT_SAVED = "this holds only until the next start, because"

# what the tune page has sliders for
TUNED_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "sensitivity", "threshold", "min_area", "min_frames", "post_roll")}
# what the page of alerts sets
ALERT_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "alerts", "alert_kinds", "alert_only", "alert_hours")}
# what the page of schedules sets
ARMING_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "armed_hours", "armed_home")}

Choices = Mapping[str, Mapping[str, Any]]       # values, by camera and option


class AdjustableCamera(Protocol):
    """A watched camera, or another part of the program that has its settings."""

    def apply(self, settings: CameraSettings) -> None:
        """Take new values of adjustable settings at once, without blocking."""


class OwnerSettings:
    """
    Keep what the owner set of each camera in ``cameras.json`` in *folder*.

    It takes the place of what the settings file says, but not of the command line and
    the environment. A change takes effect at once, even if it cannot be saved. Raises
    :exc:`FolderError` if the file is damaged. Every method may be called from any
    thread; :meth:`change` waits for the disk. *place* is that of the settings.
    """

    def __init__(self, folder: ConfigFolder, settings: Settings) -> None:
        self._folder = folder
        self._path = folder.path / FILE_NAME
        self._given = {each.name: each for each in settings.cameras()}
        self._fixed = {name: {option: where for option, where in settings.fixed.items()
                              if option not in settings.tables.get(name, {})}
                       for name in self._given}
        self._cameras: dict[str, list[AdjustableCamera]] = {
            name: [] for name in self._given}
        self._lock = threading.Lock()       # guards the choices
        self._choices = self._load()
        self._common = settings.common("")
        self.place = settings.place
        self._fixed_for_all = settings.fixed
        self._report()

    def cameras(self) -> list[CameraSettings]:
        """Return the settings in force for each camera, in the order of the sources."""
        return [self.current(name) for name in self._given]

    def others(self) -> list[CameraSettings]:
        """Return what holds for each camera that is in the file, but not configured."""
        return [replace(self._common, name=name, source=name, **{
            option: value for option, value in values.items()
            if option in ADJUSTABLE_OPTIONS and option not in self._fixed_for_all})
            for name, values in sorted(self._choices.items())
            if name not in self._given]

    def current(self, name: str) -> CameraSettings:
        """Return the settings in force for camera *name*."""
        return replace(self._given[name], **self.chosen(name))

    def current_or_common(self, name: str) -> CameraSettings:
        """Return the same, or what all cameras share for one that is not configured."""
        return (self.current(name) if name in self._given
                else replace(self._common, name=name, source=name))

    def chosen(self, name: str) -> dict[str, Any]:
        """Return what the owner set of camera *name*, as far as it is in force."""
        return {option: value for option, value in self.kept(name).items()
                if option not in self._fixed[name]}

    def kept(self, name: str) -> dict[str, Any]:
        """Return what the owner set of camera *name*, although it may be fixed now."""
        return {option: value for option, value in self._choices.get(name, {}).items()
                if option in ADJUSTABLE_OPTIONS}

    def fixed(self, name: str) -> dict[str, str]:
        """Return the flag or variable of each option that cannot be set by a page."""
        return {option: where for option, where in self._fixed[name].items()
                if option in ADJUSTABLE_OPTIONS}

    def preview(self, name: str, values: Mapping[str, Any]) -> CameraSettings:
        """
        Return the settings of camera *name* as they would be with *values*, by option.

        ``None`` stands for what the settings file or the default says. Raises
        :exc:`SettingsError`, and :exc:`SettingFixed` for a value of an option given
        elsewhere.
        """
        return self._with(name, self._parse(name, values))

    def change(self, name: str, values: Mapping[str, Any]) -> CameraSettings:
        """
        Put *values* of camera *name* in force, and save them; see :meth:`preview`.

        Raises :exc:`FolderError` if they cannot be saved.
        """
        parsed = self._parse(name, values)
        with self._lock:
            before = self.kept(name)
            self._choices = with_values(self._choices, name, parsed)
            settings = self.current(name)
            if changed := {option: value for option, value in parsed.items()
                           if value is not None or option in before}:
                log.info("%s: %s by the owner", name, as_words(changed, "reset"))
            for camera in self._cameras[name]:
                camera.apply(settings)
            self._save(name, parsed)
        return settings

    def report_others(self) -> None:
        """Log the cameras that are in the file, but not configured."""
        for each in self.others():
            log.warning("%s has settings of a camera that is not configured: %s",
                        FILE_NAME, each.name)

    def attach(self, name: str, camera: AdjustableCamera) -> None:
        """Have *camera* apply what the owner changes from now on."""
        self._cameras.setdefault(name, []).append(camera)

    def detach(self, name: str) -> None:
        """Forget all parts of camera *name*, which ends."""
        self._cameras.pop(name, None)

    def _with(self, name: str, parsed: Mapping[str, Any]) -> CameraSettings:
        given = self._given[name]
        return replace(self.current(name), **{
            option: getattr(given, option) if value is None else value
            for option, value in parsed.items()})

    def _parse(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        for option in values:
            if option not in ADJUSTABLE_OPTIONS:
                raise SettingsError(
                    f"{option} is not a setting that can be changed here"
                    + did_you_mean(option, ADJUSTABLE_OPTIONS))
            where = self._fixed[name].get(option)
            if where and values[option] is not None:    # to forget one is no matter
                raise SettingFixed(
                    f"{option} of camera {name!r} is fixed by {where}; remove that and "
                    "restart to set it here")
        parsed = {option: None if value is None else parse_value(name, option, value)
                  for option, value in values.items()}
        for option in HOURS_OPTIONS:
            check_place(parsed.get(option), self.place, f"{option} of camera {name!r}")
        return parsed

    def _report(self) -> None:
        for name in self._given:
            if chosen := self.chosen(name):
                log.info("%s: %s, set on the page", name, as_words(chosen))
            for option in filter(chosen.get, HOURS_OPTIONS):
                if self.place is None and schedule_of(chosen[option]).needs_place:
                    log.warning("%s: %s takes the sun to rise at 6:00 and to set at "
                                "18:00, as --place is not set", name, option)
            for option in self._choices.get(name, {}):
                if option not in ADJUSTABLE_OPTIONS:
                    log.warning("%s: %s in %s is not a setting", name, option,
                                FILE_NAME)
                elif where := self._fixed[name].get(option):
                    log.info("%s: %s set on the page does not count, as %s is given",
                             name, option, where)

    def _save(self, name: str, parsed: Mapping[str, Any]) -> None:
        """Change the file, which other servers may have changed."""
        try:
            with self._folder.locked():
                choices = with_values(self._load(), name, parsed)
                content = json.dumps(choices, indent=1, default=asdict).encode() + b"\n"
                self._folder.keep_secret(FILE_NAME, content)
        except FolderError as error:
            raise FolderError(f"{NOT_SAVED} {error}") from None
        except OSError as error:
            raise FolderError(f"{NOT_SAVED} it cannot be saved in {self._path}: "
                              f"{error.strerror}") from None

    def _load(self) -> Choices:
        try:
            content = self._folder.secret(FILE_NAME)
            return {} if content is None else parse_choices(json.loads(content))
        except (OSError, NewerFormat) as error:
            raise FolderError(f"the owner's settings {self._path} cannot be read: "
                              f"{reason(error)}") from None
        except (ValueError, RecursionError) as error:
            raise FolderError(
                f"the owner's settings {self._path} are damaged ({error}); repair the "
                "file, or remove it and set them on the page again") from None


def sliders_of(settings: CameraSettings) -> tuple[str, ...]:
    """Return the options that have a slider, for the detector in *settings*."""
    wanted = (*settings.detector_options, "min_area", "min_frames", "post_roll")
    return tuple(name for name in wanted if name in TUNED_OPTIONS)


def parse_choices(content: Any) -> Choices:
    """
    Return the parsed *content* of the file.

    Raises :exc:`ValueError`, or :exc:`NewerFormat`.
    """
    check_format(content, content)      # the fields are the names of cameras
    if not isinstance(content, dict) or not all(
            isinstance(values, dict) for values in content.values()):
        raise ValueError("the file must have an object for each camera")
    return {name: {option: parse_value(name, option, value)
                   for option, value in values.items()}
            for name, values in content.items()}


def parse_value(name: str, option: str, value: Any) -> Any:
    """Return the checked *value* of camera *name*; an unknown *option* keeps its."""
    if option not in ADJUSTABLE_OPTIONS:
        return value
    item, where = ADJUSTABLE_OPTIONS[option], f"{option} of camera {name!r}"
    if isinstance(value, str):      # no "5" for 5: JSON has numbers
        item.check(value, where)
    if type(value) is float and item.kind is int and value.is_integer():
        value = int(value)          # some programs write 5.0
    return item.parse(value, where)


def with_values(choices: Choices, name: str, values: Mapping[str, Any]) -> Choices:
    """Return *choices* with other *values* of camera *name*; ``None`` removes one."""
    kept = {option: value for option, value in
            {**choices.get(name, {}), **values}.items() if value is not None}
    others = {camera: own for camera, own in choices.items() if camera != name}
    return {**others, name: kept} if kept else others


def as_words(values: Mapping[str, Any], unset: str = "") -> str:
    """Return *values* by option, as in a log; *unset* stands for ``None``."""
    return ", ".join(f"{option} {unset if value is None else as_word(value)}"
                     for option, value in values.items())


def as_word(value: Any) -> str:
    """Return *value* as in a log."""
    if isinstance(value, tuple):
        return " and ".join(map(str, value)) or "none"
    return str(value)

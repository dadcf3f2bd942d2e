"""What the owner sets on pages of single cameras, in force at once."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import ConfigFolder

from .camera_settings import ADJUSTABLE_OPTIONS, CameraSettings
from .option import did_you_mean
from .page_values import parse_value
from .settings import Settings
from .settings_file import SettingsFile, log

# what the tune page has sliders for
TUNED_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "sensitivity", "threshold", "min_area", "min_frames", "post_roll")}
# what the page of alerts sets
ALERT_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "alerts", "alert_kinds", "alert_only", "alert_hours")}
# what the page of schedules sets
ARMING_OPTIONS = {name: ADJUSTABLE_OPTIONS[name] for name in (
    "armed_hours", "armed_home")}


class AdjustableCamera(Protocol):
    """A watched camera, or another part of the program that has its settings."""

    def apply(self, settings: CameraSettings) -> None:
        """Take new values of adjustable settings at once, without blocking."""


class OwnerSettings:
    """
    The adjustable settings of each camera, in the settings file.

    A change takes effect at once, even if it cannot be saved. Raises
    :exc:`FolderError` if the file is damaged. Every method may be called from any
    thread; :meth:`change` waits for the disk.
    """

    def __init__(self, folder: ConfigFolder, settings: Settings) -> None:
        self.file = SettingsFile(folder, settings)
        self._in_force = by_name(self.file.settings)
        self._parts: dict[str, list[AdjustableCamera]] = {}
        self._lock = threading.Lock()       # guards the parts
        self.file.listeners.append(self._follow)

    @property
    def place(self) -> str | None:
        """The place of the settings, for sunrise and sunset."""
        return self.file.settings.place

    def cameras(self) -> list[CameraSettings]:
        """Return the settings in force for each camera, in the order of the sources."""
        return list(self._in_force.values())

    def others(self) -> list[CameraSettings]:
        """Return what holds for each camera that has a table, but is not watched."""
        settings = self.file.settings
        return [replace(settings.common(name), **table)
                for name, table in sorted(settings.tables.items())
                if name not in self._in_force]

    def current(self, name: str) -> CameraSettings:
        """Return the settings in force for camera *name*."""
        return self._in_force[name]

    def current_or_common(self, name: str) -> CameraSettings:
        """Return the same, or what all cameras share for one that is not watched."""
        return self._in_force.get(name) or self.file.settings.common(name)

    def chosen(self, name: str) -> dict[str, Any]:
        """Return what the file says of camera *name* that pages can set."""
        return {option: value for option, value in self.file.written(name).items()
                if option in ADJUSTABLE_OPTIONS}

    def fixed(self, name: str) -> dict[str, str]:
        """Return the flag or variable of each option that cannot be set by a page."""
        return {option: where for option, where in self.file.fixed(name).items()
                if option in ADJUSTABLE_OPTIONS}

    def preview(self, name: str, values: Mapping[str, Any]) -> CameraSettings:
        """
        Return the settings of camera *name* as they would be with *values*, by option.

        ``None`` stands for what holds for all cameras. Raises :exc:`SettingsError`,
        and :exc:`SettingFixed` for a value of an option given elsewhere.
        """
        check_values(name, values)
        return by_name(self.file.preview(name, values))[name]

    def change(self, name: str, values: Mapping[str, Any]) -> CameraSettings:
        """
        Put *values* of camera *name* in force, and save them; see :meth:`preview`.

        Raises :exc:`FolderError` if they cannot be saved.
        """
        check_values(name, values)
        return by_name(self.file.change(name, values))[name]

    def report_others(self) -> None:
        """Log the cameras that have settings, but no source."""
        if "source" not in self.file.settings.fixed:    # else they are logged already
            for each in self.others():
                log.warning("[cameras.%s] of %s has settings of a camera that is not "
                            "configured", each.name, self.file.path)

    def attach(self, name: str, part: AdjustableCamera) -> None:
        """Have *part* of a camera apply what the owner changes from now on."""
        with self._lock:
            self._parts.setdefault(name, []).append(part)

    def detach(self, name: str) -> None:
        """Forget all parts of camera *name*."""
        with self._lock:
            self._parts.pop(name, None)

    def _follow(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Apply new *settings*, as far as cameras can while they run."""
        before, self._in_force = self._in_force, by_name(settings)
        with self._lock:
            parts = {name: list(each) for name, each in self._parts.items()}
        for name, each in self._in_force.items():
            if name in before and each != before[name] and only_adjusted(
                    each, before[name]):
                for part in parts.get(name, ()):
                    part.apply(each)


def by_name(settings: Settings) -> dict[str, CameraSettings]:
    """Return the settings of all cameras by name, in the order of the sources."""
    return {each.name: each for each in settings.cameras()}


def only_adjusted(settings: CameraSettings, before: CameraSettings) -> bool:
    """Return whether *settings* differ from those *before* in adjustable ones only."""
    return settings == replace(before, **{
        option: getattr(settings, option) for option in ADJUSTABLE_OPTIONS})


def check_values(name: str, values: Mapping[str, Any]) -> None:
    """Raise :exc:`SettingsError` unless *values* of camera *name* are adjustable."""
    for option, value in values.items():
        if option not in ADJUSTABLE_OPTIONS:
            raise SettingsError(f"{option} is not a setting that can be changed here"
                                + did_you_mean(option, ADJUSTABLE_OPTIONS))
        if value is not None:
            parse_value(name, option, value)


def sliders_of(settings: CameraSettings) -> tuple[str, ...]:
    """Return the options that have a slider, for the detector in *settings*."""
    wanted = (*settings.detector_options, "min_area", "min_frames", "post_roll")
    return tuple(name for name in wanted if name in TUNED_OPTIONS)

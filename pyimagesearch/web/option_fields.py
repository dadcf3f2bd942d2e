"""Describe settings for forms and the API: value, limits, and what fixes them."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS, CameraSettings
from pyimagesearch.settings.option import Option
from pyimagesearch.settings.page_values import masked
from pyimagesearch.settings.settings import ALL_OPTIONS, Settings, needs_restart
from pyimagesearch.settings.settings_file import SettingsFile
from pyimagesearch.settings.zone import Zone

KIND_NAMES = {int: "integer", float: "number", bool: "boolean", str: "text",
              tuple: "list"}


class Field(NamedTuple):
    """
    A setting as a form shows it, of the server or of one camera.

    A *value* that may hold a password is shown without, or as ``None``. *default* is
    in force if the file says nothing. *fixed* is the flag or variable that gives the
    value, which cannot be changed then; so cannot *local* ones.
    """

    name: str
    kind: str           # integer, number, boolean, text, list
    value: Any
    default: Any
    is_set: bool        # in the settings file, for this camera or for all
    fixed: str
    needs_restart: bool
    is_local: bool
    option: Option


def server_fields(file: SettingsFile, names: Iterable[str] = ALL_OPTIONS
                  ) -> list[Field]:
    """Return the settings *names* of the server, and the defaults of its cameras."""
    written, fixed = file.written(None), file.fixed(None)
    return [field_of(ALL_OPTIONS[name], file.settings, ALL_OPTIONS[name].default,
                     name in written, fixed.get(name, ""))
            for name in names if name != "config"]


def camera_fields(file: SettingsFile, camera: str,
                  names: Iterable[str] = CAMERA_OPTIONS) -> list[Field]:
    """Return the settings *names* of *camera*, which may include ``source``."""
    written, fixed = file.written(camera), file.fixed(camera)
    found = next(each for each in file.settings.cameras() if each.name == camera)
    common = file.settings.common(camera)
    return [field_of(ALL_OPTIONS[name], found, shown(ALL_OPTIONS[name], common),
                     name == "source" or name in written, fixed.get(name, ""))
            for name in names]


def field_of(option: Option, settings: Settings | CameraSettings, default: Any,
             is_set: bool, fixed: str) -> Field:
    """Return the field of *option* with its value in *settings*."""
    return Field(option.name, KIND_NAMES[option.kind], shown(option, settings),
                 plain(default), is_set, fixed, needs_restart(option.name),
                 option.local, option)


def shown(option: Option, settings: Settings | CameraSettings) -> Any:
    """Return the value of *option* without passwords."""
    value = getattr(settings, option.name)
    if option.name == "source":
        return masked(value) if isinstance(value, str) else [*map(masked, value)]
    return None if option.secret else plain(value)


def plain(value: Any) -> Any:
    """Return *value* as JSON has it."""
    if isinstance(value, tuple):
        return [asdict(each) if isinstance(each, Zone) else each for each in value]
    return value


def option_of(error: SettingsError) -> str:
    """Return the name of the setting that *error* is about; "" if it names none."""
    if error.option:
        return error.option
    found = re.match(r"--([a-z-]+)\b", str(error))
    return found[1].replace("-", "_") if found else ""

"""Merge the command line with the environment and a TOML file."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import SETTINGS_FILE, ConfigFolder, DataFolder

from .camera_settings import CAMERA_OPTIONS
from .option import CAMERA_NAME_PATTERN, ENV_PREFIX, Option, did_you_mean
from .settings import ALL_OPTIONS

# Values separated by blanks, where the password of a URL may hold blanks as well
VALUES_PATTERN = re.compile(
    r"\S*?://[^\s@]*:(?:(?!\s+(?:[\w-]+=)?"
    r"(?:auto|demo|picamera|/dev/|[a-z][a-z0-9+.-]*://)).)*@\S*"
    r"|\S+", re.S)
FILE_OPTIONS = {name: item for name, item in ALL_OPTIONS.items() if name != "config"}
ONLY_IN_FILE = "not read; set {} in the file given by --config"
VARIABLE_OPTIONS = {name: item for name, item in ALL_OPTIONS.items()
                    if not item.file_only}


def merge(typed: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """
    Return all settings made, by name: *typed* before *environ* before the file.

    ``fixed`` says where those are given that are not from the file.
    """
    found = {name: text for name, item in VARIABLE_OPTIONS.items()
             if (text := environ.get(item.variable, ""))}
    given = {**found, **typed}
    file = given.get("config") or default_file(
        given.get("config_dir"), given.get("data"))
    values = {"config": file, **read_toml(file)} if file else {}
    for name, text in found.items():
        item = ALL_OPTIONS[name]
        values[name] = item.parse(
            VALUES_PATTERN.findall(text) if item.kind is tuple else text, item.variable)
    for name, text in typed.items():
        values[name] = ALL_OPTIONS[name].parse(text, ALL_OPTIONS[name].flag)
    values["fixed"] = ({name: ALL_OPTIONS[name].variable for name in found}
                       | {name: ALL_OPTIONS[name].flag for name in typed})
    return values


def default_file(config_dir: str | None, data: str | None) -> str | None:
    """Return the path of the settings file in the config folder, if there is one."""
    try:
        path = ConfigFolder(config_dir, DataFolder(data).path).path / SETTINGS_FILE
        path.stat()
    except (OSError, SettingsError):    # a wrong folder is reported once it is needed
        return None
    return str(path)


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each ``SURVEILLANCE_`` variable that is not a setting."""
    known = {name.upper() for name in VARIABLE_OPTIONS}
    unknown = {name.removeprefix(ENV_PREFIX) for name in environ
               if name.startswith(ENV_PREFIX)} - known
    return [f"{ENV_PREFIX}{name} in the environment is "
            + (ONLY_IN_FILE.format(name.lower()) if name.lower() in FILE_OPTIONS else
               "not a setting" + did_you_mean(name, known, ENV_PREFIX))
            for name in sorted(unknown)]


def read_toml(file: str) -> dict[str, Any]:
    """Return the settings in *file*, by name; raises :exc:`SettingsError`."""
    try:
        text = Path(file).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SettingsError(
            f"--config is {file!r}, which cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(
            f"--config is {file!r}, which is not UTF-8; save it as that") from None
    return parse_content(load_toml(text, file), file)


def load_toml(text: str, file: str) -> dict[str, Any]:
    """Return the content of the *text* of *file*; raises :exc:`SettingsError`."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:   # of TOML, huge numbers
        raise SettingsError(
            f"--config is {file!r}, which is not TOML: {error}") from None


def parse_content(content: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return the settings in the *content* of *file*; raises :exc:`SettingsError`."""
    values = {name: parse_key(FILE_OPTIONS, name, value, file, "cameras")
              for name, value in content.items() if name != "cameras"}
    sources, tables = read_cameras(content.get("cameras", {}), file)
    if sources and "source" in values:
        raise SettingsError(f"source in {file} must be in a table [cameras.NAME], as "
                            "there are such tables with a source")
    if sources:
        values["source"] = sources
    return {**values, "tables": tables} if tables else values


def read_cameras(cameras: Any, file: str
                 ) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]]:
    """
    Return sources, and settings by name, of the ``[cameras.NAME]`` tables.

    One without a source has settings of a camera that is named elsewhere.
    """
    if not isinstance(cameras, dict) or not all(
            re.fullmatch(CAMERA_NAME_PATTERN, name) and isinstance(content, dict)
            for name, content in cameras.items()):
        raise SettingsError(f"cameras in {file} must be tables [cameras.NAME], with "
                            "names of up to 32 letters, digits, - and _")
    sources, settings = [], {}
    for name, content in cameras.items():
        where = f"[cameras.{name}] of {file}"
        settings[name] = {key: parse_key(CAMERA_OPTIONS, key, value, where, "source")
                          for key, value in content.items() if key != "source"}
        if content.get("source") in ("", []):
            raise SettingsError(f"source in {where} is empty, but must name its camera")
        if "source" in content:
            parsed = ALL_OPTIONS["source"].parse(
                content["source"], f"source in {where}")
            sources += [f"{name}={each}" for each in parsed]
    return tuple(sources), settings


def parse_key(table: Mapping[str, Option], name: str, value: Any, where: str,
              other: str) -> Any:
    """Parse *value* of key *name*, of *table*; *other* is another key known there."""
    if name in table:
        return table[name].parse(value, f"{name} in {where}")
    if name in FILE_OPTIONS:
        raise SettingsError(f"{name} in {where} is not a setting of a single camera; "
                            "move it above the tables [cameras.NAME]")
    raise SettingsError(f"{name} in {where} is not a setting"
                        + (did_you_mean(name, [*table, other]) or " of this version"))

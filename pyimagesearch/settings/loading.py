"""What a user has set: on the command line, in the environment, in a file."""

import argparse
import difflib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pyimagesearch import __version__
from pyimagesearch.errors import SettingsError

from .option import Option, flag, format_default, parse

ENV_PREFIX = "SURVEILLANCE_"
CAMERA_NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"    # fits URLs and folders

Table = Mapping[str, Option]


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one line, not below all that there is."""

    def error(self, message: str) -> NoReturn:
        """Exit with 2 and *message*."""
        self.exit(2, f"{self.prog}: error: {message} (what there is: --help)\n")


def build_parser(table: Table) -> argparse.ArgumentParser:
    """Return the parser of all options; it converts nothing."""
    parser = Parser(
        prog="webstreaming", allow_abbrev=False,
        description="Stream motion-annotated video to any number of browsers.",
        epilog=f"Each option can also be set as {ENV_PREFIX}NAME in the environment. "
        "'webstreaming doctor [SPEC]' says which cameras are there, and what is wrong; "
        "'webstreaming password [--viewer]' sets a password; 'webstreaming token "
        "[--new]' shows the links that log in, or new ones that end the old; "
        "'webstreaming service [--install] [options]' has systemd run it.")
    parser.add_argument("--version", action="version",
                        version=f"%(prog)s {__version__}")
    for item in table.values():
        kind, default = item.metadata["kind"], format_default(item)
        shape: dict[str, Any] = {
            "metavar": item.metadata["metavar"] or "|".join(item.metadata["choices"])
            or item.name.upper()}
        if kind is bool:
            shape = {"action": argparse.BooleanOptionalAction}
        elif kind is tuple:
            shape["action"] = "append"
        told = item.metadata["help"] + (f" (default: {default})" if default else "")
        parser.add_argument(*item.metadata["flags"], flag(item), dest=item.name,
                            default=argparse.SUPPRESS, help=told, **shape)
    return parser


def merged(table: Table, camera_table: Table, typed: Mapping[str, Any],
           environ: Mapping[str, str]) -> dict[str, Any]:
    """Return all that was set anywhere, the strongest word last."""
    given = {name: value for name in table
             if (value := environ.get(ENV_PREFIX + name.upper(), ""))}
    file = typed.get("config", given.get("config"))
    values = read_toml(table, camera_table, file) if file else {}
    values |= {name: parse(table[name], text, ENV_PREFIX + name.upper())
               for name, text in given.items()}
    return values | {name: parse(table[name], text, flag(table[name]))
                     for name, text in typed.items()}


def unknown(table: Table, environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable of ours in *environ* that sets nothing."""
    names = {name.upper() for name in table}
    strange = sorted({name.removeprefix(ENV_PREFIX) for name in environ
                      if name.startswith(ENV_PREFIX)} - names)
    return [f"{ENV_PREFIX}{name} in the environment is not a setting" + "".join(
                f"; did you mean {ENV_PREFIX}{near}?"
                for near in difflib.get_close_matches(name, names, 1))
            for name in strange]


def read_toml(table: Table, camera_table: Table, file: str) -> dict[str, Any]:
    """Return the settings in *file*; raises :exc:`SettingsError` for what is none."""
    try:
        content = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"--config is {file!r}, which cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:   # of TOML, Unicode, huge numbers
        raise SettingsError(
            f"--config is {file!r}, which is not TOML: {error}") from None
    cameras = content.pop("cameras", {})
    top = {name: item for name, item in table.items() if name != "config"}
    values = {name: parse_in(top, name, value, file, "[cameras.NAME]")
              for name, value in content.items()}
    if cameras:
        if "source" in values:
            raise SettingsError(
                f"source in {file} stands beside tables [cameras.NAME], "
                "but must be one of them, with a name")
        values["source"], values["tables"] = read_cameras(
            table["source"], camera_table, cameras, file)
    return values


def read_cameras(source_option: Option, table: Table, cameras: Any, file: str
                 ) -> tuple[tuple[str, ...], dict[str, dict[str, Any]]]:
    """Return sources, and settings by name, of the ``[cameras.NAME]`` tables."""
    if not isinstance(cameras, dict) or not all(
            re.fullmatch(CAMERA_NAME_PATTERN, name) and isinstance(content, dict)
            for name, content in cameras.items()):
        raise SettingsError(f"cameras in {file} must be tables [cameras.NAME], with "
                            "names of up to 32 letters, digits, - and _")
    sources, settings = [], {}
    for name, content in cameras.items():
        where = f"[cameras.{name}] of {file}"
        if "source" not in content:
            raise SettingsError(f"{where} has no source, but must name its camera")
        source = parse(source_option, content.pop("source"), f"source in {where}")
        sources += [f"{name}={each}" for each in source]
        settings[name] = {key: parse_in(table, key, value, where, "source")
                          for key, value in content.items()}
    return tuple(sources), settings


def parse_in(table: Table, name: str, value: Any, where: str, besides: str) -> Any:
    """
    Return the parsed *value* of setting *name*, which must be in *table*.

    *besides* is what else may stand there, for who wrote something that may not.
    """
    if name not in table:
        raise SettingsError(f"{name} in {where} is not a setting; there are "
                            + ", ".join([*table, besides]))
    return parse(table[name], value, f"{name} in {where}")

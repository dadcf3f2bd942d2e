"""Everything a user may set, each thing written down exactly once."""

import argparse
import contextlib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

from . import __version__
from .errors import SettingsError

PREFIX = "SURVEILLANCE_"
WORDS = {"true": True, "yes": True, "on": True, "1": True,
         "false": False, "no": False, "off": False, "0": False}


def option(default: Any, help: str, *flags: str, kind: type | None = None,
           low: float | None = None, high: float | None = None,
           choices: tuple[str, ...] = (), metavar: str | None = None) -> Any:
    """
    Declare one setting.

    *kind* is the type of a value, by default that of *default*; *low* and
    *high* are inclusive; *choices* are all values there are.
    """
    return field(default=default, metadata={
        "help": help, "flags": flags, "kind": kind or type(default), "low": low,
        "high": high, "choices": choices, "metavar": metavar})


class Row(NamedTuple):
    """One line of the table of settings, as the README prints it."""

    flags: str
    variable: str
    default: str
    help: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """
    One line here is one option everywhere: ``frame_count`` is
    ``--frame-count`` on the command line, ``SURVEILLANCE_FRAME_COUNT`` in the
    environment and ``frame_count`` in the TOML file. The command line wins
    over the environment, that over the file, that over the default. A value
    out of range never gets past construction.
    """

    ip: str = option("127.0.0.1", "address to listen on; 0.0.0.0 = every one", "-i")
    port: int = option(8000, "TCP port to listen on; 0 = any free one", "-o",
                       low=0, high=65535)
    frame_count: int = option(
        32, "frames that teach the background before detection", "-f",
        low=1, high=100_000)
    source: str = option(
        "0", "camera: 0 or /dev/video0 (USB), picamera, a video file, "
        "an http:// or rtsp:// URL, or demo", metavar="SPEC")
    loop: bool = option(False, "start a video file again at its end")
    width: int = option(640, "width of the streamed picture [pixels], never enlarged",
                        low=16, high=7680)
    fps: float | None = option(
        None, "frames a second at most; default: as many as the camera gives",
        kind=float, low=0.1, high=240)
    quality: int = option(75, "JPEG quality of the streamed picture", low=1, high=100)
    threshold: int = option(25, "grey-level change that counts as motion",
                            low=0, high=255)
    accum_weight: float = option(
        0.1, "weight of a new frame in the learnt background", low=0, high=1)
    log_level: str = option("info", "how much is logged",
                            choices=("debug", "info", "warning", "error"))
    config: str | None = option(None, "TOML file with any of these settings",
                                kind=str, metavar="FILE")

    def __post_init__(self) -> None:
        for item in fields(self):
            check(item, getattr(self, item.name), flag(item))

    @classmethod
    def from_command_line(cls, argv: Sequence[str] | None = None,
                          environ: Mapping[str, str] = os.environ) -> "Settings":
        """Parse *argv*; print a usage message and exit with 2 if it is wrong."""
        parser = cls._parser()
        typed = vars(parser.parse_args(argv))
        try:
            return cls(**cls._merged(typed, environ))
        except SettingsError as error:
            parser.error(str(error))

    @classmethod
    def table(cls) -> list[Row]:
        """Return what there is to set, for people."""
        return [Row(", ".join((*item.metadata["flags"], flag(item))),
                    PREFIX + item.name.upper(),
                    "" if item.default is None else str(item.default).lower()
                    if isinstance(item.default, bool) else str(item.default),
                    item.metadata["help"]) for item in fields(cls)]

    @classmethod
    def _parser(cls) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog="webstreaming", allow_abbrev=False,
            description="Stream motion-annotated video to any number of browsers.",
            epilog=f"Each option can also be set as {PREFIX}NAME in the environment.")
        parser.add_argument("--version", action="version",
                            version=f"%(prog)s {__version__}")
        for item in fields(cls):
            told = item.metadata["help"] + (
                "" if item.default is None else f" (default: {item.default})")
            shape: dict[str, Any] = (
                {"action": argparse.BooleanOptionalAction}
                if item.metadata["kind"] is bool else
                {"metavar": item.metadata["metavar"] or item.name.upper()})
            parser.add_argument(*item.metadata["flags"], flag(item), dest=item.name,
                                default=argparse.SUPPRESS, help=told, **shape)
        return parser

    @classmethod
    def _merged(cls, typed: Mapping[str, Any],
                environ: Mapping[str, str]) -> dict[str, Any]:
        table = {item.name: item for item in fields(cls)}
        given = {name: value for name in table
                 if (value := environ.get(PREFIX + name.upper(), ""))}
        file = typed.get("config", given.get("config"))
        values = dict(read_toml(file, table)) if file else {}
        values |= {name: parse(table[name], text, PREFIX + name.upper())
                   for name, text in given.items()}
        return values | {name: parse(table[name], text, flag(table[name]))
                         for name, text in typed.items()}


def flag(item: "Field[Any]") -> str:
    """Return the long option of a setting."""
    return "--" + item.name.replace("_", "-")


def read_toml(file: str, table: Mapping[str, "Field[Any]"]
              ) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each setting in *file*; refuse what is not one."""
    try:
        content = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"--config is {file!r}, which cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"--config is {file!r}, which is not TOML: {error}") from None
    for name, value in content.items():
        where = f"{name} in {file}"
        if name not in table or name == "config":
            known = ", ".join(other for other in table if other != "config")
            raise SettingsError(f"{where} is not a setting; there are {known}")
        yield name, parse(table[name], value, where)


def parse(item: "Field[Any]", value: Any, where: str) -> Any:
    """Return *value*, from text or TOML, in the type of its setting, checked."""
    kind = item.metadata["kind"]
    if kind is bool and isinstance(value, str):
        value = WORDS.get(value.lower(), value)
    elif kind in (int, float) and isinstance(value, str):
        with contextlib.suppress(ValueError):   # check() says what is allowed instead
            value = kind(value)
    elif kind is float and type(value) is int:
        value = float(value)
    elif kind is str and type(value) is int:    # source = 0 reads naturally
        value = str(value)
    check(item, value, where)
    return value


def check(item: "Field[Any]", value: Any, where: str) -> None:
    """Raise :exc:`SettingsError` unless *value* is what its setting allows."""
    rules = item.metadata
    if value is None and item.default is None:
        return
    kinds = (int, float) if rules["kind"] is float else (rules["kind"],)
    fits = (type(value) in kinds
            and (rules["low"] is None or value >= rules["low"])
            and (rules["high"] is None or value <= rules["high"])
            and (not rules["choices"] or value in rules["choices"])
            and value != "")
    if not fits:
        raise SettingsError(f"{where} is {value!r}, but must be {allowed(item)}")


def allowed(item: "Field[Any]") -> str:
    """Say in words which values a setting may have."""
    rules = item.metadata
    if rules["choices"]:
        return "one of " + ", ".join(rules["choices"])
    name = {int: "a whole number", float: "a number", bool: "true or false",
            str: "some text"}[rules["kind"]]
    limits = "" if rules["low"] is None else f" from {rules['low']} to {rules['high']}"
    return name + limits

"""Declare a setting, read its value from text or TOML, and check it."""

import contextlib
import re
from dataclasses import Field, field
from typing import Any

from pyimagesearch.errors import SettingsError

ENV_PREFIX = "SURVEILLANCE_"
GROUPS = ("server", "cameras", "detection", "recording", "storage", "access")
BOOLEANS = {"true": True, "yes": True, "on": True, "1": True,
            "false": False, "no": False, "off": False, "0": False}
KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false",
              str: "some text", tuple: "one source or several"}
METAVARS = {int: "N", float: "X"}

CAMERA_NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"    # fits URLs and folders
# A DNS name or an address; a bare number is neither
HOST_PATTERN = r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
PATH_PATTERN = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.~-]+)+"     # of a URL, no . or ..
SIZE_PATTERN = r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kMGT]?)B?"
MAX_INTEGER_BITS = 63       # TOML promises no larger integers
SIZE_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

Option = Field[Any]


def option(default: Any, help: str, *flags: str, group: str, advanced: bool = False,
           kind: type | None = None, low: float = 0, high: float | None = None,
           choices: tuple[str, ...] = (), pattern: str | None = None,
           metavar: str | None = None, allowed: str = "") -> Any:
    """
    Declare one setting, as a field of a dataclass.

    *group* is its heading in help and documentation; *advanced* options are listed by
    ``--help-all`` only. *kind* is the type of a value, by default that of *default*;
    *low* and *high* are inclusive; *choices* are the only values; *pattern* is what
    text must match, and *metavar* shows how it is written, or *allowed* describes it
    where that takes more words.
    """
    kind = kind or type(default)
    return field(default=default, metadata={
        "help": help, "flags": flags, "group": group, "advanced": advanced,
        "kind": kind, "low": low, "high": high, "choices": choices, "pattern": pattern,
        "metavar": metavar or "|".join(choices) or METAVARS.get(kind, "TEXT"),
        "allowed": allowed})


def flag(item: Option) -> str:
    """Return the long option of a setting."""
    return "--" + item.name.replace("_", "-")


def variable(item: Option) -> str:
    """Return the environment variable of a setting."""
    return ENV_PREFIX + item.name.upper()


def format_default(item: Option) -> str:
    """Return the default as a user would write it; empty for none."""
    if item.default is None:
        return ""
    if isinstance(item.default, tuple):
        return " ".join(item.default)
    text = str(item.default)
    return text.lower() if item.metadata["kind"] is bool else text


def parse(item: Option, value: Any, where: str) -> Any:
    """
    Return *value*, from text or TOML, in the type of its setting.

    Raises :exc:`SettingsError`, which names *where* it was set, if it is not allowed.
    """
    kind = item.metadata["kind"]
    for each in value if isinstance(value, list) else [value]:
        if type(each) is int and each.bit_length() > MAX_INTEGER_BITS:
            raise SettingsError(    # not shown: Python refuses to print huge numbers
                f"{where} is a number of {each.bit_length()} bits, "
                f"but must be {describe_allowed(item)}")
    if kind is bool and isinstance(value, str):
        value = BOOLEANS.get(value.lower(), value)
    elif kind in (int, float) and isinstance(value, str):
        with contextlib.suppress(ValueError):   # check() reports it
            value = kind(value)
    elif kind is float and type(value) is int:
        value = float(value)
    elif kind is str and type(value) is int:    # source = 0 in TOML
        value = str(value)
    elif kind is tuple:
        items = value.split() if isinstance(value, str) else (
            value if isinstance(value, list) else [value])
        value = tuple(str(item) if type(item) is int else item for item in items)
    check(item, value, where)
    return value


def check(item: Option, value: Any, where: str) -> None:
    """Raise :exc:`SettingsError` unless *value* is allowed for its setting."""
    rules = item.metadata
    if value is None and item.default is None:
        return
    texts = value if type(value) is tuple else (value,)
    kinds = (int, float) if rules["kind"] is float else (rules["kind"],)
    fits = (type(value) in kinds
            and (rules["high"] is None or rules["low"] <= value <= rules["high"])
            and (not rules["choices"] or value in rules["choices"])
            and (type(value) is not tuple or all(type(each) is str for each in value))
            and (not rules["pattern"]
                 or all(re.fullmatch(rules["pattern"], text) for text in texts))
            and value not in ("", ())
            and not any("\0" in text for text in texts if type(text) is str))
    if not fits:
        shown = ", ".join(map(repr, texts)) or "empty"
        raise SettingsError(f"{where} is {shown}, but must be {describe_allowed(item)}")


def describe_allowed(item: Option) -> str:
    """Return the allowed values of a setting in words."""
    rules = item.metadata
    if rules["allowed"]:
        return str(rules["allowed"])
    if rules["choices"]:
        return "one of " + ", ".join(rules["choices"])
    if rules["pattern"]:
        return f"written {rules['metavar']}"
    limits = "" if rules["high"] is None else f" from {rules['low']} to {rules['high']}"
    return KIND_NAMES[rules["kind"]] + limits


def parse_bytes(size: str) -> int:
    """Return the bytes of a *size* such as ``10GB`` (SI units)."""
    found = re.fullmatch(SIZE_PATTERN, size)
    assert found, "was checked against SIZE_PATTERN"
    return int(float(found[1]) * SIZE_FACTORS[found[2]])


def format_bytes(count: float) -> str:
    """Return *count* bytes in a unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"

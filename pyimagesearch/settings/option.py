"""How one setting is declared, read from text or TOML, and checked."""

import contextlib
import re
from dataclasses import Field, field
from typing import Any

from pyimagesearch.errors import SettingsError

WORDS = {"true": True, "yes": True, "on": True, "1": True,
         "false": False, "no": False, "off": False, "0": False}
NAMES = {int: "a whole number", float: "a number", bool: "true or false",
         str: "some text", tuple: "one source or several"}

# a name in the DNS, or an address; a bare number is neither
HOST = r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
PATH = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.~-]+)+"      # of a URL, without . and ..
SIZE = r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kMGT]?)B?"
WIDEST = 63         # bits; TOML promises no larger integers
FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}

Option = Field[Any]


def option(default: Any, help: str, *flags: str, group: str, kind: type | None = None,
           low: float | None = None, high: float | None = None,
           choices: tuple[str, ...] = (), pattern: str | None = None,
           metavar: str | None = None, allowed: str = "") -> Any:
    """
    Declare one setting, as a field of a dataclass.

    *group* is its heading in help and documentation. *kind* is the type of a value, by
    default that of *default*; *low* and *high* are inclusive; *choices* are the only
    values; *pattern* is what text must match, and *metavar* shows how it is written,
    or *allowed* describes it where that takes more words.
    """
    return field(default=default, metadata={
        "help": help, "flags": flags, "group": group, "kind": kind or type(default),
        "low": low, "high": high, "choices": choices, "pattern": pattern,
        "metavar": metavar, "allowed": allowed})


def flag(item: Option) -> str:
    """Return the long option of a setting."""
    return "--" + item.name.replace("_", "-")


def format_default(item: Option) -> str:
    """Return the default as a user would write it; empty for none."""
    if item.default is None:
        return ""
    if isinstance(item.default, tuple):
        return " ".join(item.default)
    text = str(item.default)
    return text.lower() if item.metadata["kind"] is bool else text


def parse(item: Option, value: Any, where: str) -> Any:
    """Return *value*, from text or TOML, in the type of its setting, checked."""
    kind = item.metadata["kind"]
    for each in value if isinstance(value, list) else [value]:
        if type(each) is int and each.bit_length() > WIDEST:    # some cannot be shown
            raise SettingsError(f"{where} is a number of {each.bit_length()} bits, "
                                f"but must be {allowed(item)}")
    if kind is bool and isinstance(value, str):
        value = WORDS.get(value.lower(), value)
    elif kind in (int, float) and isinstance(value, str):
        with contextlib.suppress(ValueError):   # check() says what is allowed instead
            value = kind(value)
    elif kind is float and type(value) is int:
        value = float(value)
    elif kind is str and type(value) is int:    # source = 0 reads naturally
        value = str(value)
    elif kind is tuple:
        items = value.split() if isinstance(value, str) else (
            value if isinstance(value, list) else [value])
        value = tuple(str(item) if type(item) is int else item for item in items)
    check(item, value, where)
    return value


def check(item: Option, value: Any, where: str) -> None:
    """Raise :exc:`SettingsError` unless *value* is what its setting allows."""
    rules = item.metadata
    if value is None and item.default is None:
        return
    texts = value if type(value) is tuple else (value,)
    kinds = (int, float) if rules["kind"] is float else (rules["kind"],)
    fits = (type(value) in kinds
            and (rules["low"] is None or value >= rules["low"])
            and (rules["high"] is None or value <= rules["high"])
            and (not rules["choices"] or value in rules["choices"])
            and (type(value) is not tuple or all(type(each) is str for each in value))
            and (not rules["pattern"]
                 or all(re.fullmatch(rules["pattern"], text) for text in texts))
            and value not in ("", ())
            and not any("\0" in text for text in texts if type(text) is str))
    if not fits:
        told = ", ".join(map(repr, texts)) or "empty"
        raise SettingsError(f"{where} is {told}, but must be {allowed(item)}")


def allowed(item: Option) -> str:
    """Say in words which values a setting may have."""
    rules = item.metadata
    if rules["allowed"]:
        return str(rules["allowed"])
    if rules["choices"]:
        return "one of " + ", ".join(rules["choices"])
    if rules["pattern"]:
        return f"written {rules['metavar']}"
    limits = "" if rules["low"] is None else f" from {rules['low']} to {rules['high']}"
    return NAMES[rules["kind"]] + limits


def parse_bytes(size: str) -> int:
    """Return the bytes that *size* means, written like ``10GB`` (SI units)."""
    found = re.fullmatch(SIZE, size)
    assert found, "was checked against SIZE"
    return int(float(found[1]) * FACTORS[found[2]])


def format_bytes(count: float) -> str:
    """Return *count* bytes in a unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"

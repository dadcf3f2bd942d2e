"""Declare a setting, read its value from text or TOML, and check it."""

import contextlib
import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pyimagesearch.errors import SettingsError

ENV_PREFIX = "SURVEILLANCE_"
GROUPS = ("server", "cameras", "detection", "recording", "alerts", "storage", "access")
BOOLEANS = {"true": True, "yes": True, "on": True, "1": True,
            "false": False, "no": False, "off": False, "0": False}
KIND_NAMES = {int: "a whole number", float: "a number", bool: "true or false",
              str: "some text", tuple: "one source or several"}
METAVARS = {int: "N", float: "X"}

CAMERA_NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"    # fits URLs and folders
SIZE_PATTERN = r"([0-9]{1,15}(?:\.[0-9]{1,15})?) ?([kMGT]?)B?"
MAX_INTEGER_BITS = 63       # TOML promises no larger integers
MAX_SHOWN = 200             # characters of a wrong value
URL_LOGIN = re.compile(r"//[^/\s]*@")
SIZE_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(frozen=True, kw_only=True)
class Option:
    """
    The declaration of one setting.

    *group* is its heading in help and documentation; *advanced* options are listed by
    ``--help-all`` only. The owner can set *adjustable* ones on pages, for one camera
    while it runs. *low* and *high* are inclusive; *choices* are the only values;
    *secret* values may hold a password and are not repeated in an error. *private* ones
    have no flag, as all users of the machine can read command lines; *file_only* ones
    have no environment variable, either. *local* ones cannot be changed on pages.
    *live* ones of the server take effect while it runs. *optional* lists may be empty
    in the file. *pattern* is what text must match
    unless it is one of *words*, and *metavar* shows how it is written, or *allowed*
    describes it where that takes more words.
    """

    name: str = ""
    default: Any
    help: str
    short_flags: tuple[str, ...]
    group: str
    advanced: bool = False
    secret: bool = False
    adjustable: bool = False
    private: bool = False
    file_only: bool = False
    local: bool = False
    live: bool = False
    optional: bool = False
    kind: type
    low: float = 0
    high: float | None = None
    choices: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    pattern: str | None = None
    metavar: str
    allowed: str = ""

    @property
    def flag(self) -> str:
        """The long option on the command line; its key if it has none."""
        return "--" + self.name.replace("_", "-") if self.has_flag else self.name

    @property
    def has_flag(self) -> bool:
        """Whether the command line may set it."""
        return not (self.private or self.file_only)

    @property
    def flags(self) -> tuple[str, ...]:
        """All options on the command line, the long one last."""
        return *self.short_flags, self.flag

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENV_PREFIX + self.name.upper()

    @property
    def negation(self) -> str:
        """The option that switches it off; empty if it is no switch."""
        is_switch = self.has_flag and (self.kind is bool or self.has_switch)
        return "--no-" + self.flag[2:] if is_switch else ""

    @property
    def has_switch(self) -> bool:
        """Whether its choices are those of a switch, ``on`` and ``off``, and others."""
        return {"on", "off"} <= set(self.choices)

    @property
    def shown_default(self) -> str:
        """The default as a user would write it; empty for none."""
        if self.default is None:
            return ""
        if isinstance(self.default, tuple):
            return " ".join(self.default)
        return str(self.default).lower() if self.kind is bool else str(self.default)

    def parse(self, value: Any, where: str) -> Any:
        """Convert *value*, set *where*, from text or TOML; raises SettingsError."""
        for each in value if isinstance(value, list) else [value]:
            if type(each) is int and each.bit_length() > MAX_INTEGER_BITS:
                raise SettingsError(    # Python refuses to print huge numbers
                    f"{where} is a number of {each.bit_length()} bits, "
                    f"but must be {self.describe_allowed()}")
        if self.kind is bool and isinstance(value, str):
            value = BOOLEANS.get(value.lower(), value)
        elif self.has_switch:
            value = as_switch(value)
        elif self.kind in (int, float) and isinstance(value, str):
            with contextlib.suppress(ValueError):   # check() reports it
                value = self.kind(value)
        elif self.kind is float and type(value) is int:
            value = float(value)
        elif self.kind is str and type(value) is int:       # source = 0 in TOML
            value = str(value)
        elif self.kind is tuple:
            items = value if isinstance(value, list) else [value]
            value = tuple(str(item) if type(item) is int else item for item in items)
        self.check(value, where)
        return value

    def check(self, value: Any, where: str) -> None:
        """Raise :exc:`SettingsError` unless *value* is allowed."""
        if value is None and self.default is None:
            return
        texts = value if type(value) is tuple else (value,)
        if not all(map(is_clean, texts)):   # not repeated, as it may hold a password
            raise SettingsError(f"{where} has bytes that are not text in UTF-8; rename "
                                "the file or folder")
        kinds = (int, float) if self.kind is float else (self.kind,)
        fits = (type(value) in kinds
                and (self.high is None or self.low <= value <= self.high)
                and (not self.choices or value in self.choices)
                and (self.kind is not tuple or set(map(type, value)) <= {str})
                and (not self.pattern
                     or all(text in self.words or re.fullmatch(self.pattern, text)
                            for text in texts))
                and value != "" and (value != () or self.optional))
        if not fits:
            if self.secret:
                raise SettingsError(f"{where} must be {self.describe_allowed()}")
            shown = URL_LOGIN.sub("//***@", ", ".join(map(shortened, texts))) or "empty"
            raise SettingsError(
                f"{where} is {shown}, but must be {self.describe_allowed()}"
                + did_you_mean(str(texts[0]), self.words))

    def describe_allowed(self) -> str:
        """Return the allowed values in words."""
        if self.allowed:
            return self.allowed
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.pattern:
            return f"written like {self.metavar}"
        limits = "" if self.high is None else f" from {self.low} to {self.high}"
        return KIND_NAMES[self.kind] + limits


def did_you_mean(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return ``; did you mean X?`` for the one of *known* that is most like *word*."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def shortened(value: Any) -> str:
    """Return *value* as an error shows it."""
    text = str(value).lower() if isinstance(value, bool) else repr(value)  # like TOML
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN - 3]}..."


def is_clean(value: Any) -> bool:
    """Return whether *value*, if it is text, has only what pages and files can have."""
    if type(value) is not str:
        return True
    try:
        return b"\0" not in value.encode()
    except UnicodeEncodeError:      # a file name that is not UTF-8
        return False


def as_switch(value: Any) -> Any:
    """Return ``on`` or ``off`` for a *value* that means it, others as they are."""
    found = BOOLEANS.get(value.lower(), value) if isinstance(value, str) else value
    return {True: "on", False: "off"}[found] if isinstance(found, bool) else value


def option(default: Any, help: str, *short_flags: str, kind: type | None = None,
           metavar: str = "", make: type[Option] = Option, **rules: Any) -> Any:
    """Return the field of a dataclass that is a setting, with the *rules* of Option."""
    kind = kind or (str if default is None else type(default))
    metavar = metavar or "|".join(rules.get("choices", ())) or METAVARS.get(kind, "")
    return field(default=default, metadata={"option": make(
        default=default, help=help, short_flags=short_flags, kind=kind, metavar=metavar,
        **rules)})


def options_of(settings: Any) -> dict[str, Option]:
    """Return the options of a dataclass, by name."""
    return {item.name: replace(item.metadata["option"], name=item.name)
            for item in fields(settings) if item.metadata}


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

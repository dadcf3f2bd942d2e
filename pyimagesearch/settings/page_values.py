"""Check values that pages and the API send, and write them as TOML or words."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from pyimagesearch.errors import SettingsError

from .camera_settings import ADJUSTABLE_OPTIONS, CAMERA_OPTIONS, HOURS_OPTIONS
from .option import URL_LOGIN, Option, did_you_mean
from .schedule import check_place
from .settings import ALL_OPTIONS
from .zone import Zone

MASKED_LOGIN = "//***@"     # in place of the user and the password of a URL
SOURCE_OPTION = {"source": ALL_OPTIONS["source"]}


def parse_value(name: str, option: str, value: Any) -> Any:
    """
    Return the checked *value* of an adjustable *option* of camera *name*, from JSON.

    Text is no number here: JSON has numbers. Raises :exc:`SettingsError`.
    """
    item, where = ADJUSTABLE_OPTIONS[option], f"{option} of camera {name!r}"
    if isinstance(value, str):
        item.check(value, where)
    return parsed_by(item, value, where)


def parse_values(camera: str | None, values: Mapping[str, Any], place: str | None
                 ) -> dict[str, Any]:
    """
    Return checked *values* of *camera*, or of the server for ``None``, by option.

    Empty text is ``None``. Schedules may need a *place*. Raises :exc:`SettingsError`.
    """
    options = ALL_OPTIONS if camera is None else CAMERA_OPTIONS | SOURCE_OPTION
    return {name: parse_one(name, value, options, camera,
                            values.get("place") or place)
            for name, value in values.items()}


def parse_one(name: str, value: Any, options: Mapping[str, Option],
              camera: str | None, place: str | None) -> Any:
    """Return the checked *value* of setting *name*, one of *options*."""
    where = f"{name} of camera {camera!r}" if camera else (
        options[name].flag if name in options else name)
    try:
        if name not in options:
            raise SettingsError(f"{name} is not a setting that can be changed here"
                                + did_you_mean(name, options))
        if name == "source" and camera and not value:
            raise SettingsError(f"{where} is empty, but must name its camera")
        if value is None or value == "":
            return None
        parsed = parsed_by(options[name], value, where)
        if name in HOURS_OPTIONS:
            check_place(parsed, place, where)
        return parsed
    except SettingsError as error:
        error.option = name
        raise


def parsed_by(item: Option, value: Any, where: str) -> Any:
    """Return *value* of *item*, set *where*; raises :exc:`SettingsError`."""
    if type(value) is float and item.kind is int and value.is_integer():
        value = int(value)          # some programs write 5.0
    return item.parse(value, where)


def as_toml(value: Any) -> Any:
    """Return a parsed *value* as TOML has it."""
    if isinstance(value, tuple):
        items = [as_table(each) if isinstance(each, Zone) else each for each in value]
        return items[0] if len(items) == 1 and isinstance(items[0], str) else items
    return value


def as_table(zone: Zone) -> dict[str, Any]:
    """Return the table of *zone*, without what is the default."""
    return {item.name: value for item in fields(zone)
            if (value := getattr(zone, item.name)) != item.default}


def masked(source: str) -> str:
    """Return *source* as pages show it, without its login."""
    return URL_LOGIN.sub(MASKED_LOGIN, source)


def unmasked(source: str, known: str) -> str:
    """
    Return *source*, with the login of the *known* one if it was masked.

    Raises :exc:`SettingsError` if it is for another host, which must not get it.
    """
    if MASKED_LOGIN not in source:
        return source
    login, new, old = URL_LOGIN.search(known), urlsplit(source), urlsplit(known)
    if not login or (new.scheme, new.hostname) != (old.scheme, old.hostname):
        error = SettingsError("source has *** in place of its login; enter user and "
                              "password, as they are not kept for this address")
        error.option = "source"
        raise error
    return source.replace(MASKED_LOGIN, login[0])


def as_words(values: Mapping[str, Any], unset: str = "") -> str:
    """Return *values* by option, as in a log; *unset* stands for ``None``."""
    return ", ".join(f"{option} {as_word(option, value, unset)}"
                     for option, value in values.items())


def as_word(option: str, value: Any, unset: str) -> str:
    """Return *value* of *option* as in a log, which has no secrets."""
    if value is None or value == "":
        return unset
    if option in ALL_OPTIONS and ALL_OPTIONS[option].secret:
        return "changed"
    if isinstance(value, tuple | list):
        return " and ".join(map(zone_words, value)) or "none"
    return str(value)


def zone_words(value: Any) -> str:
    """Return an item of a list as in a log: a zone by its name."""
    return str(value.get("name", value)) if isinstance(value, Mapping) else str(value)

"""Take the secrets out of the text of a settings file, and put them back."""

import tomllib
from typing import Any

from .option import URL_LOGIN
from .page_values import MASKED_LOGIN, masked, unmasked
from .settings import ALL_OPTIONS
from .toml_edits import change_values

SECRET_NAMES = {name for name, item in ALL_OPTIONS.items() if item.secret}


def without_secrets(text: str) -> str:
    """Return *text* with masked logins of cameras, and no other secret."""
    content = tomllib.loads(text)
    for camera, table in [(None, content), *content.get("cameras", {}).items()]:
        text = change_values(text, camera, {
            name: mapped(table[name], masked) if name == "source" else None
            for name in SECRET_NAMES & table.keys()})
    return text


def with_secrets(text: str, present: str) -> str:
    """
    Return *text* with the secrets that it lacks, from the *present* text.

    A login that is not known there is left out: the camera then refuses us, and says
    so on the page.
    """
    content, known = tomllib.loads(text), tomllib.loads(present)
    logins = [source for table in (known, *known.get("cameras", {}).values())
              for source in as_list(table.get("source", []))]
    for camera, table in [(None, content), *content.get("cameras", {}).items()]:
        ours = known if camera is None else known.get("cameras", {}).get(camera, {})
        text = change_values(text, camera, {
            name: ours[name] for name in (SECRET_NAMES - {"source"}) & ours.keys()
            if name not in table})
        if "source" in table:
            text = change_values(text, camera, {"source": mapped(
                table["source"], lambda source: with_login(source, logins))})
    return text


def with_login(source: str, known: list[str]) -> str:
    """Return *source* with the login of a *known* one for its host, or with none."""
    if MASKED_LOGIN not in source:
        return source
    for each in known:
        try:
            return unmasked(source, each)
        except ValueError:      # of another host
            continue
    return URL_LOGIN.sub("//", source)


def mapped(value: Any, change: Any) -> Any:
    """Return *value*, a source or a list of them, with each text changed."""
    if isinstance(value, list):
        return [mapped(each, change) for each in value]
    return change(value) if isinstance(value, str) else value


def as_list(value: Any) -> list[str]:
    """Return the texts of *value*, a source or a list of them."""
    return [each for each in (value if isinstance(value, list) else [value])
            if isinstance(each, str)]

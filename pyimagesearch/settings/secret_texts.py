"""Which texts in the settings are secret: passwords, tokens and parts of URLs."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote

from .settings import ALL_OPTIONS, Settings

LEAST_CHARACTERS = 6    # shorter ones are parts of too many words and numbers
SERVER_PATTERN = re.compile(    # the name or address of a server
    r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
WORD_PATTERN = re.compile(r"[a-z]+")    # of a path, such as "webhook": no secret alone


def secret_texts(settings: Settings) -> set[str]:
    """Return the texts in *settings* that must not be shown, also as they are sent."""
    found = set[str]()
    for option in ALL_OPTIONS.values():
        value = getattr(settings, option.name)
        for text in value if isinstance(value, tuple) else [value]:
            if option.secret and text:
                found |= set(secrets_in(text, option.name))
    found |= set(map(unquote, found))
    return {each for each in found if len(each) >= LEAST_CHARACTERS}


def secrets_in(text: str, name: str) -> Iterator[str]:
    """
    Yield what is secret in *text*, a value of the setting called *name*.

    Of a URL, these are the password, and except for that of a camera, the path, the
    query and the random parts of both. In a URL for Apprise, a user or a server may be
    a key.
    """
    separator, rest = text.partition("://")[1:]
    if not separator:
        if name != "source":        # a camera here, or a file
            yield text
        return
    head = rest.partition("?")[0]
    login = (head if "@" in head else rest).rpartition("@")[0]
    if login:
        user, colon, password = login.partition(":")
        yield password if colon else user
        yield base64.b64encode(unquote(login).encode()).decode()
    if name == "apprise":
        yield from random_parts(rest)
    elif name != "source":
        slash, path = rest[len(login):].partition("/")[1:]
        yield slash + path
        yield from random_parts(path)


def random_parts(text: str) -> Iterator[str]:
    """Yield the parts of *text*, of a URL, that are no words and no servers."""
    for part in re.split(r"[/?&=:@,]", text):
        if not (WORD_PATTERN.fullmatch(part) or SERVER_PATTERN.fullmatch(part)):
            yield part

"""The words of the pages in the reader's language, from catalogues of gettext."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, g, has_request_context, request

DEFAULT_LANGUAGE = "en"
LANGUAGES = (DEFAULT_LANGUAGE, "de", "fr", "es", "zh")
FOLDER = Path(__file__).parent / "translations"


def register(app: Flask) -> None:
    """Let templates of *app* translate their words, by ``_()`` and ``ngettext()``."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    install = app.jinja_env.install_gettext_callables   # type: ignore[attr-defined]
    install(plain_gettext, plain_ngettext, newstyle=True)
    app.jinja_env.globals.update(language=language, script_words=script_words)
    app.jinja_env.filters["translated"] = translated


def language() -> str:
    """Return the language of the reader, as the browser prefers it, or English."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    if "language" not in g:
        wanted = (code.partition("-")[0].lower() for code, quality
                  in request.accept_languages if quality)
        g.language = next((code for code in wanted if code in LANGUAGES),
                          DEFAULT_LANGUAGE)
    chosen: str = g.language
    return chosen


def gettext(message: str, **values: object) -> str:
    """Return *message* in the reader's language; *values* fill its ``%(name)s``."""
    text = plain_gettext(message)
    return text % values if values else text


def N_(message: str) -> str:
    """Return *message* as it is; marks a constant for the catalogues."""
    return message


def translated(message: str) -> str:
    """
    Return *message*, which no template has as a literal, in the reader's language.

    Templates must not use ``_()`` for that: its result counts as HTML.
    """
    return plain_gettext(message) if message else ""


def ngettext(one: str, several: str, num: int, **values: object) -> str:
    """Return the form for *num* things, which is also the value of ``%(num)s``."""
    return plain_ngettext(one, several, num) % {"num": num, **values}


def plain_gettext(message: str) -> str:
    """Return *message* in the reader's language, its ``%(name)s`` unfilled."""
    return translations(language()).gettext(message)


def plain_ngettext(one: str, several: str, num: int) -> str:
    """Return the form for *num* things, its ``%(num)s`` unfilled."""
    return translations(language()).ngettext(one, several, num)


def script_words() -> dict[str, str | list[str]]:
    """Return the messages of the scripts, by their English words; none in English."""
    if language() == DEFAULT_LANGUAGE:
        return {}
    return _script_words(language())


@cache
def _script_words(code: str) -> dict[str, str | list[str]]:
    found: dict[str, str | list[str]] = {}
    for message in catalogue(code):
        if any(name.endswith(".js") for name, _ in message.locations):
            if isinstance(message.id, str):
                found[message.id] = str(message.string)
            else:
                found[message.id[0]] = list(message.string or ())
    return found


@cache
def translations(code: str) -> NullTranslations:
    """Return what translates to language *code*; the file is read once."""
    if code == DEFAULT_LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(code))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def catalogue(code: str) -> Catalog:
    """Return the messages of language *code*, with the places where they stand."""
    with (FOLDER / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)

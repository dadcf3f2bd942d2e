"""The words of the pages in every language."""

import functools
import re
import urllib.request

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg

from harness import ROOT
from pyimagesearch.web.words import FOLDER, LANGUAGES, catalogue

OTHERS = LANGUAGES[1:]
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext": None, "ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@functools.cache
def messages():
    """Return all messages in templates, scripts and views."""
    with (FOLDER / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=lambda folder: (
        folder.startswith(tuple(map(str, (ROOT / "pyimagesearch", ROOT / "templates", ROOT / "static"))))))
    return {message for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_missing(language):
    assert len(messages()) > 300
    found = {message.id: message.string for message in catalogue(language) if message.id}
    missing = [message for message in messages() if not all(
        [found.get(message)] if isinstance(message, str) else found.get(message) or [""])]
    assert missing == []


@pytest.mark.parametrize("language", OTHERS)
def test_values_stand_in_every_translation(language):
    for message in catalogue(language):
        if message.id:
            wanted = [message.id] if isinstance(message.id, str) else message.id
            forms = [message.string] if isinstance(message.string, str) else message.string
            for form in forms:
                assert set(PLACEHOLDER.findall(form)) in [
                    set(PLACEHOLDER.findall(each)) for each in wanted], message.id


def test_page_speaks_the_readers_language(start):
    product = start("--source", "demo:160x120@5", "--no-record")
    request = urllib.request.Request(f"{product.url}/settings", headers={
        "Accept-Language": "pt, de-AT;q=0.8, en;q=0.5"})
    with urllib.request.urlopen(request) as answer:
        page = answer.read().decode()
    assert '<html lang="de">' in page
    assert "Einstellungen" in page

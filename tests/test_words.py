"""The words of the pages in every language."""

import re
import urllib.request

import pytest

from docs.site.words import messages, with_new
from pyimagesearch.web.words import FOLDER, LANGUAGES, catalogue

OTHERS = LANGUAGES[1:]
WANTED = messages()
PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_is_missing(language):
    file = (FOLDER / f"{language}.po").read_text()
    assert len(WANTED) > 300
    assert 'msgstr ""\n\n' not in file
    assert file.partition("\n\n")[2] == with_new(catalogue(language), WANTED)     # as make words writes it


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

"""Add new words of the pages to the catalogues, and remove those that are gone."""

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import write_po

from pyimagesearch.web.words import DEFAULT_LANGUAGE, FOLDER, LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
METHODS = [("pyimagesearch/web/**.py", "python"), ("templates/**.html", "jinja2"),
           ("static/**.js", "javascript")]
FOLDERS = ("pyimagesearch", "templates", "static")      # else all of .venv is searched
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext": None, "ngettext": (1, 2)}


def messages() -> Catalog:
    """Return all messages of templates, scripts and views, with their files."""
    found = Catalog()
    for file, _, message, _, _ in extract_from_dir(
            ROOT, METHODS, {}, KEYWORDS, directory_filter=is_searched):
        found.add(message, locations=[(file, 0)])
    return found


def is_searched(folder: str) -> bool:
    """Return whether *folder* of the checkout has words of pages."""
    return Path(folder).relative_to(ROOT).parts[0] in FOLDERS


def with_new(known: Catalog, wanted: Catalog) -> str:
    """Return the text of a catalogue with the messages *wanted*, as far as *known*."""
    changed = Catalog(locale=known.locale)
    for message in wanted:
        if message.id:
            before = known.get(message.id)
            changed.add(message.id, before.string if before else "",
                        message.locations, message.flags)
    text = io.BytesIO()
    write_po(text, changed, width=100, omit_header=True, sort_output=True,
             include_lineno=False)
    return text.getvalue().decode().strip("\n") + "\n"


def main() -> None:
    """Write the catalogues of all languages but English."""
    wanted = messages()
    for language in LANGUAGES:
        if language != DEFAULT_LANGUAGE:
            file = FOLDER / f"{language}.po"
            header, _, _ = file.read_text(encoding="utf-8").partition("\n\n")
            text = with_new(catalogue(language), wanted)
            file.write_text(f"{header}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()

"""README.md and the pages below docs/, as the tests read them."""

import re

from harness import ROOT

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]


def blocks(language):
    """Return the fenced blocks of *language* in all pages, each once."""
    return list(dict.fromkeys(
        block for page in PAGES
        for block in re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.S | re.M)))


def commands(*programs):
    """Return the shell commands in all pages that begin with one of *programs*."""
    lines = dict.fromkeys(line for block in blocks("sh") for line in block.splitlines())
    return [line for line in lines if line.startswith(programs or "")]


def prose(page):
    """Return the text of *page* without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M)


def code(page):
    """Return what *page* quotes as code outside of its fenced blocks."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def anchors(page):
    """Return the anchors of the headings of *page*, as GitHub and MkDocs make them."""
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
            for heading in re.findall(r"^#+ (.*)$", prose(page), re.M)}

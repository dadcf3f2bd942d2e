"""Write the tables of all settings into docs/settings.md, from their declarations."""

import re
from itertools import groupby
from pathlib import Path

from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS
from pyimagesearch.settings.option import Option
from pyimagesearch.settings.settings import ALL_OPTIONS

PAGE = Path(__file__).parents[1] / "settings.md"
BEGIN, END = "<!-- begin of the tables -->\n", "<!-- end of the tables -->\n"


def tables() -> str:
    """Return a Markdown table for each group of settings, under its heading."""
    return "\n".join(
        f"### {group.capitalize()}\n\n"
        "| option | default | meaning | per camera |\n|---|---|---|---|\n"
        + "".join(map(line, items))
        for group, items in groupby(ALL_OPTIONS.values(), lambda item: item.group))


def line(item: Option) -> str:
    """Return the line of one setting."""
    default = f"`{item.shown_default}`" if item.shown_default else ""
    mark = "yes" if item.name in CAMERA_OPTIONS else ""
    return f"| `{', '.join(item.flags)}` | {default} | {item.help} | {mark} |\n"


def with_tables(text: str) -> str:
    """Return the *text* of the page with the current tables."""
    pattern = f"{re.escape(BEGIN)}.*{re.escape(END)}"
    return re.sub(pattern, lambda _: f"{BEGIN}\n{tables()}\n{END}", text, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))

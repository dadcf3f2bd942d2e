"""Write the tables of all settings into docs/settings.md, from their declarations."""

import re
from dataclasses import fields
from itertools import groupby
from pathlib import Path

from pyimagesearch.settings.settings import CameraOptions, Row, Settings

PAGE = Path(__file__).parents[1] / "settings.md"
BEGIN, END = "<!-- begin of the tables -->\n", "<!-- end of the tables -->\n"
PER_CAMERA = {item.name for item in fields(CameraOptions)}


def tables() -> str:
    """Return a Markdown table for each group of settings, under its heading."""
    return "\n".join(
        f"### {group.capitalize()}\n\n"
        "| option | default | meaning | per camera |\n|---|---|---|---|\n"
        + "".join(map(line, rows))
        for group, rows in groupby(Settings.table(), lambda row: row.group))


def line(row: Row) -> str:
    """Return the line of one setting."""
    name = row.flags.split("--")[-1].replace("-", "_")
    default = f"`{row.default}`" if row.default else ""
    mark = "yes" if name in PER_CAMERA else ""
    return f"| `{row.flags}` | {default} | {row.help} | {mark} |\n"


def with_tables(text: str) -> str:
    """Return the *text* of the page with the current tables."""
    pattern = f"{re.escape(BEGIN)}.*{re.escape(END)}"
    return re.sub(pattern, lambda _: f"{BEGIN}\n{tables()}\n{END}", text, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))

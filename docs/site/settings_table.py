"""Write the table of all settings into docs/settings.md, from their declarations."""

import re
from pathlib import Path

from pyimagesearch.settings.settings import Settings

PAGE = Path(__file__).parents[1] / "settings.md"
BEGIN, END = "<!-- begin of the table -->\n", "<!-- end of the table -->\n"


def table() -> str:
    """Return one Markdown row for each setting."""
    rows = ["| option | environment | default | meaning |", "|---|---|---|---|"]
    for row in Settings.table():
        default = f"`{row.default}`" if row.default else ""
        rows.append(f"| `{row.flags}` | `{row.variable}` | {default} | {row.help} |")
    return "\n".join(rows) + "\n"


def with_table(text: str) -> str:
    """Return the *text* of the page with the current table."""
    pattern = f"{re.escape(BEGIN)}.*{re.escape(END)}"
    return re.sub(pattern, lambda _: f"{BEGIN}\n{table()}\n{END}", text, flags=re.S)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))

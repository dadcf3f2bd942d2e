"""
Edit the text of a settings file, whose comments and layout are kept.

Each function returns the new text. What it means is computed beside it, from the plain
content: where the layout cannot be kept, as in a file with unusual syntax, the text is
written again from the content.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import tomlkit
from tomlkit.exceptions import TOMLKitError

CAMERAS = "cameras"     # the table with a table for each camera
# the begin of [cameras.NAME], [[cameras.NAME.zones]], with or without quotes
HEADER_PATTERN = re.compile(
    r"[ \t]*\[{1,2}[ \t]*cameras[ \t]*\.[ \t]*(?P<quote>[\"']?)"
    r"(?P<name>[\w-]+)(?P=quote)[ \t]*[.\]]")

Values = Mapping[str, Any]      # as in TOML, by key; None removes one


class Block(NamedTuple):
    """A table of a camera, with the comments right above it."""

    camera: str
    text: str


def change_values(text: str, camera: str | None, values: Values) -> str:
    """Set *values* in the table of *camera*, or above all tables for ``None``."""
    content = tomllib.loads(text)
    plain = content if camera is None else (
        content.setdefault(CAMERAS, {}).setdefault(camera, {}))
    new = {key: value for key, value in values.items()
           if key not in plain and value is not None}
    old = {key: value for key, value in values.items() if key in plain}
    update(plain, values)
    remove_empty(content)
    return checked(lambda: with_new(with_changed(text, camera, old), camera, new),
                   content)


def remove_camera(text: str, camera: str) -> str:
    """Remove the table of *camera*."""
    content = tomllib.loads(text)
    content.get(CAMERAS, {}).pop(camera, None)
    remove_empty(content)
    head, blocks = split(text)
    return checked(lambda: joined(head, [
        each for each in blocks if each.camera != camera]), content)


def rename_camera(text: str, camera: str, name: str) -> str:
    """Call *camera* by another *name*, which has no table yet, in its place."""
    content = tomllib.loads(text)
    if CAMERAS in content:
        content[CAMERAS] = {name if each == camera else each: table
                            for each, table in content[CAMERAS].items()}
    head, blocks = split(text)
    return checked(lambda: joined(head, [
        renamed(each, name) if each.camera == camera else each for each in blocks]),
        content)


def reorder_cameras(text: str, names: Sequence[str]) -> str:
    """Put the tables of the cameras *names* in this order; others follow."""
    content = tomllib.loads(text)
    tables = content.get(CAMERAS, {})
    order = [*(each for each in names if each in tables),
             *(each for each in tables if each not in names)]
    if tables:
        content[CAMERAS] = {each: tables[each] for each in order}
    head, blocks = split(text)
    return checked(lambda: joined(head, sorted(
        blocks, key=lambda block: order.index(block.camera))), content)


def checked(edit: Any, content: Mapping[str, Any]) -> str:
    """Return the text that *edit* returns if it means *content*, or one that does."""
    try:
        text = str(edit())
        found = tomllib.loads(text)
        if found == content and list(found.get(CAMERAS, {})) == list(
                content.get(CAMERAS, {})):
            return text
    except (TOMLKitError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        pass    # what tomlkit raises where its own state is inconsistent
    return tomlkit.dumps(content)


def with_changed(text: str, camera: str | None, values: Values) -> str:
    """Change or remove *values* that are in *text*."""
    if not values:
        return text
    document = tomlkit.parse(text)
    table: Any = document if camera is None else document[CAMERAS][camera]
    for key, value in values.items():
        if value is None or isinstance(value, list):
            del table[key]
        if value is not None:
            table[key] = toml_item(value)
    if camera is not None and not table:
        return remove_camera(tomlkit.dumps(document), camera)
    return tomlkit.dumps(document)


def with_new(text: str, camera: str | None, values: Values) -> str:
    """Add *values* to *text*, which has none of these keys there."""
    if not values:
        return text
    head, blocks = split(text)
    lines = "".join(f"{tomlkit.dumps({key: toml_item(value)})}"
                    for key, value in values.items())
    if camera is None:
        return joined(f"{ended(head)}{lines}\n" if blocks else ended(head) + lines,
                      blocks)
    if all(each.camera != camera for each in blocks):
        return f"{ended(text, blank=True)}[{CAMERAS}.{camera}]\n{lines}"
    document = tomlkit.parse(text)
    table: Any = document[CAMERAS][camera]
    for key, value in values.items():
        table[key] = toml_item(value)
    return tomlkit.dumps(document)


def toml_item(value: Any) -> Any:
    """Return *value* for tomlkit; a list of tables takes a line for each of them."""
    if not (isinstance(value, list) and value and isinstance(value[0], Mapping)):
        return value
    array = tomlkit.array()
    for each in value:
        table = tomlkit.inline_table()
        table.update(each)
        array.append(table)
    return array.multiline(True)


def update(table: dict[str, Any], values: Values) -> None:
    """Set *values* in a plain *table*."""
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value


def remove_empty(content: dict[str, Any]) -> None:
    """Remove tables of cameras that say nothing."""
    if CAMERAS in content:
        content[CAMERAS] = {name: table for name, table in content[CAMERAS].items()
                            if table}
        if not content[CAMERAS]:
            del content[CAMERAS]


def split(text: str) -> tuple[str, list[Block]]:
    """Return what is above all tables of cameras, and these tables."""
    lines = text.splitlines(keepends=True)
    begins = list(block_begins(lines))
    head = "".join(lines[:begins[0][0]] if begins else lines)
    ends = [*(begin for begin, _ in begins[1:]), len(lines)]
    return head, [Block(name, "".join(lines[begin:end]))
                  for (begin, name), end in zip(begins, ends, strict=False)]


def block_begins(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the number of the first line of each block, and its camera."""
    for number, line in enumerate(lines):
        if found := HEADER_PATTERN.match(line):
            while number and lines[number - 1].lstrip().startswith("#"):
                number -= 1
            yield number, found["name"]


def renamed(block: Block, name: str) -> Block:
    """Return *block* of a camera that is called by another *name* now."""
    lines = block.text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if found := HEADER_PATTERN.match(line):
            lines[number] = line[:found.start("name")] + name + line[found.end("name"):]
            break
    return Block(name, "".join(lines))


def joined(head: str, blocks: Sequence[Block]) -> str:
    """Return the text of *head* and *blocks*, with a blank line between tables."""
    text = head
    for each in blocks:
        text = ended(text, blank=True) + each.text
    return ended(text.rstrip("\n"))


def ended(text: str, *, blank: bool = False) -> str:
    """Return *text* with the end of its last line, and a *blank* line below it."""
    if not text:
        return text
    text = text if text.endswith("\n") else f"{text}\n"
    return text if not blank or text.endswith("\n\n") else f"{text}\n"

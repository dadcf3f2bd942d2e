"""Join the modules of a page into one script, so that it takes one request."""

import gzip
import re
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request

bp = Blueprint("bundles", __name__)

IMPORT = re.compile(r'^import (?:(\{[^}]*\}) from )?"\./(\w+)\.js";$', re.M)
EXPORT = re.compile(r"^export ((?:async )?(?:const|function|class)) (\w+)", re.M)
UNKNOWN = re.compile(r"^(?:import|export)[ {*].*$", re.M)     # written in another way
COMMENT = re.compile(r"^ *//.*\n", re.M)


@bp.get("/static/bundle/<name>.js")
def script(name: str) -> Response:
    """
    Return module *name* of the pages with all that it imports; public.

    What it imports later, by ``import("./other.js")``, is a bundle of its own.
    """
    folder = Path(current_app.static_folder or "")
    if not name.isidentifier() or not (folder / f"{name}.js").is_file():
        abort(404, f"There is no script {name!r}.")
    content = bundle(folder, name).encode()
    response = Response(mimetype="text/javascript", headers={
        "Cache-Control": "no-cache", "Vary": "Accept-Encoding"})    # revalidate by ETag
    if request.accept_encodings["gzip"]:
        content, response.content_encoding = compressed(content), "gzip"
    response.data = content
    response.set_etag(sha256(content).hexdigest()[:32])
    response.make_conditional(request)
    return response


@lru_cache(maxsize=16)
def compressed(content: bytes) -> bytes:
    """Return *content* as gzip, the same bytes each time."""
    return gzip.compress(content, mtime=0)


def bundle(folder: Path, name: str) -> str:
    """
    Return module *name* of *folder* and all that it imports as one module.

    Imports and exports must have the forms IMPORT and EXPORT, or it raises
    :exc:`ValueError`.
    """
    joined: dict[str, str] = {}
    names = add_module(folder, name, joined)
    return "\n".join([*joined.values(), f"export const {{ {names} }} = ${name};\n"])


def add_module(folder: Path, name: str, joined: dict[str, str]) -> str:
    """Add module *name* to those *joined*, after its imports; return its exports."""
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for _, imported in IMPORT.findall(text):
        if imported not in joined:
            add_module(folder, imported, joined)
    names = ", ".join(found[2] for found in EXPORT.finditer(text))
    body = IMPORT.sub(lambda found: found[1] and f"const {found[1]} = ${found[2]};",
                      COMMENT.sub("", text))
    body = EXPORT.sub(r"\1 \2", body)
    if wrong := UNKNOWN.search(body):
        raise ValueError(f"{name}.js has a line that cannot be bundled: {wrong[0]}")
    joined[name] = f"const ${name} = (() => {{\n{body}return {{ {names} }};\n}})();"
    return names

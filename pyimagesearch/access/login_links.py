"""Links that log in with one tap, and their picture for a phone's camera."""

import io
import os
import sys
from collections.abc import Iterator

import segno

from .credentials import Credentials
from .roles import Role


def link(credentials: Credentials, role: Role, url: str) -> str:
    """Return the address under *url* that logs a browser in as *role*."""
    return f"{url}login?token={credentials.tokens[role]}"


def invitation(credentials: Credentials, url: str) -> Iterator[str]:
    """Yield what to print so that somebody gets in; *url* ends with a slash."""
    if in_journal(sys.stdout.fileno()):
        yield "log in with the link that 'webstreaming token' prints"
        return
    owner = link(credentials, Role.OWNER, url)
    yield f"log in as owner (may do all): {owner}"
    yield f"log in as viewer (may look):  {link(credentials, Role.VIEWER, url)}"
    if sys.stdout.isatty():
        yield "the same as a code, for the owner:"
        yield from qr_code(owner, sys.stdout.encoding)


def qr_code(text: str, encoding: str) -> Iterator[str]:
    """Yield *text* as a picture of block characters, if *encoding* has them."""
    picture = io.StringIO()
    segno.make(text, error="l").terminal(picture, border=2, compact=True)
    try:
        picture.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return
    yield picture.getvalue().rstrip("\n")


def in_journal(output: int) -> bool:
    """Return whether file *output* goes to systemd's journal, where it is kept."""
    found = os.fstat(output)
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"

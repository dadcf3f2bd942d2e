"""Login links, and their QR code for a phone's camera."""

import io
import os
import sys
from collections.abc import Iterator

import segno

from .credentials import Credentials
from .roles import Role

WHITE_ON_BLACK, RESET = "\x1b[97;40m", "\x1b[0m"    # readable in any colour scheme


def login_lines(credentials: Credentials, url: str) -> Iterator[str]:
    """
    Yield the lines to print for logging in to the server at *url*, ending with "/".

    They hold no link if they go to systemd's journal, which keeps them.
    """
    if in_journal(sys.stdout.fileno()):
        yield "log in with the link that 'webstreaming token' prints"
        return
    owner, viewer = (f"{url}login?token={credentials.tokens[role]}"
                     for role in (Role.OWNER, Role.VIEWER))
    yield f"log in as owner (may change everything): {owner}"
    yield f"log in as viewer (may only watch): {viewer}"
    if sys.stdout.isatty():
        yield "QR code of the owner's link:"
        yield from qr_code(owner, sys.stdout.encoding)


def qr_code(text: str, encoding: str) -> Iterator[str]:
    """Yield *text* as a QR code of block characters, if *encoding* has them."""
    picture = io.StringIO()
    segno.make(text, error="l").terminal(picture, border=2, compact=True)
    try:
        picture.getvalue().encode(encoding)
    except UnicodeEncodeError:
        return
    for line in picture.getvalue().splitlines():
        yield f"{WHITE_ON_BLACK}{line}{RESET}"


def in_journal(output: int) -> bool:
    """Return whether the file descriptor *output* leads to systemd's journal."""
    found = os.fstat(output)
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"

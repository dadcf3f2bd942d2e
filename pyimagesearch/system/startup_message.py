"""The lines printed at the start: where the server is, and how to open it to others."""

import contextlib
import logging
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyimagesearch import __version__
from pyimagesearch.addresses import is_loopback, phone_urls, urls
from pyimagesearch.capture.url import redact_url
from pyimagesearch.settings.settings import Settings

log = logging.getLogger(__name__)

# of an argument; looks like the login of a URL without its scheme, but is none
DEMO_PATTERN = re.compile(r"(?:--source=)?(?:[\w-]+=)?demo:[0-9]+x[0-9]+@[0-9.]+")


def print_lines(lines: Iterable[str]) -> None:
    """Print *lines*; log it, and stop printing, if stdout is a full or broken one."""
    try:
        for line in lines:
            # in one write, also if stdout is not buffered: other threads log meanwhile
            print(f"{line}\n", end="", flush=True)
    except OSError as error:
        log.warning("cannot print where the server is: %s", error.strerror)
        stop_printing()


def stop_printing() -> None:
    """Print nothing from now on, as stdout is a full disk or a closed pipe."""
    sys.stdout = open(os.devnull, "w")      # noqa: SIM115 - to the end of the process


def print_error(text: str) -> None:
    """Print an error that ends the program on stderr, if that can be written."""
    with contextlib.suppress(OSError):
        print(f"webstreaming: error: {text}", file=sys.stderr)


def server_urls(settings: Settings, ip: str, port: int) -> list[str]:
    """Return the URLs of the server, the best for a phone last."""
    path = (settings.base_path or "").lstrip("/")
    found = urls(ip, port, scheme(settings))
    if settings.trusted_proxies and settings.host:
        found.append(f"https://{settings.host[0]}/")
    return [f"{url}{path}/" if path else url for url in found]


def scheme(settings: Settings) -> str:
    """Return ``https`` or ``http``, as the server speaks it."""
    return "https" if settings.cert or settings.tls != "off" else "http"


def startup_lines(settings: Settings, ip: str, port: int) -> Iterator[str]:
    """Yield what to print once the server listens on *ip* and *port*."""
    found = " ".join(server_urls(settings, ip, port))
    yield f"webstreaming {__version__}: open {found}"
    if settings.behind_proxy or not is_loopback(ip):
        return
    there = " or ".join(phone_urls(port, scheme(settings)))
    yield (f"only this machine can watch; to watch from a phone{' at' * bool(there)} "
           f"{there or 'in your network'}, " + (
               f'set ip = "0.0.0.0" in {settings.config}' if settings.config else
               f"run: {opening_command(sys.argv)}"))


def opening_command(argv: Sequence[str]) -> str:
    """Return the command *argv* with ``--ip 0.0.0.0``, and without its secrets."""
    words = program_words(argv[0])
    if any(redact_url(word) != word and not DEMO_PATTERN.fullmatch(word)
           for word in argv[1:]):
        return shlex.join([*words, "--ip", "0.0.0.0"]) + " and your other options"
    return shlex.join([*words, *argv[1:], "--ip", "0.0.0.0"])


def program_command() -> str:
    """Return how to run this program again, for a shell."""
    return shlex.join(program_words(sys.argv[0]))


def program_words(called: str) -> list[str]:
    """Return how to run this program again, which was *called* by that path."""
    program = Path(called)
    if program.suffix == ".py":
        return [path_from_here(sys.executable), called]
    return [program.name if shutil.which(program.name) == called else called]


def path_from_here(path: str) -> str:
    """Return *path* as seen from the current folder, if it is below that."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):     # not below, or the folder was removed
        return path


def describe_access(settings: Settings) -> str:
    """Return a sentence on what takes a login."""
    if settings.auth == "off":
        return "--no-auth: all who reach the port can watch, record and delete"
    if settings.auth == "changes":
        return ("--auth changes: all who reach the port can watch; to change "
                "something, they must log in")
    if is_loopback(settings.ip) and not settings.behind_proxy:
        return "only this machine can watch; a login is needed if a password is set"
    return "all who reach the port must log in"


def unencrypted_login(settings: Settings, ip: str) -> str | None:
    """Return a sentence if logins cross the network by plain HTTP, else ``None``."""
    if (settings.auth == "off" or settings.behind_proxy or is_loopback(ip)
            or scheme(settings) == "https"):
        return None
    return ("login links and passwords are not encrypted, and others in the network "
            "can read them; to encrypt them, add --tls self-signed")

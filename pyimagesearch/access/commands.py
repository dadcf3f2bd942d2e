"""The commands ``password`` and ``token``."""

import getpass
import sys

from pyimagesearch.errors import AccessError
from pyimagesearch.folders import open_folders
from pyimagesearch.settings.settings import Settings

from .credentials import Credentials, CredentialsFile
from .login_links import login_lines
from .passwords import hash_password
from .roles import Role


def print_links(settings: Settings, url: str, *, renew: bool) -> None:
    """Print the login links, or new ones; *url* is that of a server not run yet."""
    file = open_credentials(settings)
    found = file.change(Credentials.renewed if renew else lambda same: same)
    for line in login_lines(found, found.url or url):
        print(line)


def set_password(settings: Settings, role: Role) -> None:
    """Ask for the password of *role* twice, and keep its hash."""
    file = open_credentials(settings)
    try:
        password = ask(f"New password of the {role}: ")
        again = ask("The same again: ")
    except (EOFError, KeyboardInterrupt, UnicodeError):
        print(file=sys.stderr)
        raise AccessError("no password was given; nothing was changed") from None
    if password != again:
        raise AccessError("the two passwords differ; nothing was changed")
    hashed = hash_password(password)
    found = file.change(lambda found: found.with_password(role, hashed))
    print(f"The password of the {role} is set; browsers logged in as {role} "
          "must log in again.")
    if role is Role.VIEWER and Role.OWNER not in found.passwords:
        print("The owner has no password; log in with the link that 'token' prints.")


def open_credentials(settings: Settings) -> CredentialsFile:
    """Return the credentials in the config folder, and print which folder that is."""
    _, folder = open_folders(settings.data, settings.config_dir)
    file = CredentialsFile(folder)
    print(f"for the server with the config folder {folder.path}" + (
        "" if file.current() else " (none has run with it yet)"))
    return file


def ask(prompt: str) -> str:
    """Return what is typed after *prompt*, without echo, or a line of piped input."""
    if sys.stdin is None:
        raise EOFError
    line = getpass.getpass(prompt) if sys.stdin.isatty() else input()
    line.encode()       # raises for what a browser could not send
    return line

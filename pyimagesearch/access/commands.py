"""``webstreaming.py password`` and ``webstreaming.py token``."""

import getpass
import sys
from collections.abc import Callable, Sequence

from pyimagesearch.errors import AccessError
from pyimagesearch.folders import open_folders
from pyimagesearch.settings.settings import Settings

from .credentials import Credentials, CredentialsFile
from .login_links import login_lines
from .passwords import hash_password
from .roles import Role

COMMANDS = (["password"], ["token"])      # the first word of the command line


def command(argv: Sequence[str], url: Callable[[Settings], str]) -> int:
    """
    Run the command *argv*: its name, its own flag, and settings (``--config-dir``).

    *url* says where the server is found if it has not run yet.
    """
    name, *words = argv
    own = {"password": "--viewer", "token": "--new"}[name]
    settings = Settings.from_command_line([word for word in words if word != own])
    _, folder = open_folders(settings.data, settings.config_dir)
    file = CredentialsFile(folder)
    print(f"for the server with the config folder {folder.path}" + (
        "" if file.current() else " (none has run with it yet)"))
    if name == "password":
        return set_password(file, Role.VIEWER if own in words else Role.OWNER)
    found = file.change(Credentials.renewed if own in words else lambda same: same)
    for line in login_lines(found, found.url or url(settings)):
        print(line)
    return 0


def set_password(file: CredentialsFile, role: Role) -> int:
    """Ask for the password of *role* twice, and keep its hash."""
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
          "must log in anew.")
    if role is Role.VIEWER and Role.OWNER not in found.passwords:
        print("The owner has none, and logs in with the link that 'token' prints.")
    return 0


def ask(prompt: str) -> str:
    """Return what is typed behind *prompt*, unseen; or a line of what is piped in."""
    if sys.stdin is None:
        raise EOFError
    line = getpass.getpass(prompt) if sys.stdin.isatty() else input()
    line.encode()       # or it is none that a browser could send
    return line

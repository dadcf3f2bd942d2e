"""The commands ``password``, ``token`` and ``device-key``."""

import getpass
import sys

from pyimagesearch.clock import SystemClock, local_time
from pyimagesearch.errors import AccessError, SettingsError
from pyimagesearch.folders import open_folders
from pyimagesearch.settings.settings import Settings

from .credentials import Credentials, CredentialsFile
from .device_keys import DAYS, DeviceKey, DeviceKeys, with_login
from .login_links import login_lines
from .passwords import hash_password
from .roles import Role


def print_links(settings: Settings, url: str, *, new: bool) -> None:
    """Print the login links, or *new* ones; *url* is that of a server not run yet."""
    file = open_credentials(settings)
    found = file.change(Credentials.renewed if new else lambda same: same)
    for line in login_lines(found, found.url or url):
        print(line)
    if new and (count := len(open_device_keys(settings).all())):
        print(f"device keys that stay valid: {count} (see device-key list)")


def change_device_keys(settings: Settings, url: str, *, action: str, name: str | None,
                       days: str | None) -> None:
    """Add, list or revoke device keys; *url* is that of a server not run yet."""
    if action != "list" and name is None:
        raise SettingsError(f"device-key {action} needs the name of the key")
    credentials = open_credentials(settings).current()
    url = credentials.url or url if credentials else url
    keys = open_device_keys(settings)
    match action:
        case "add":
            add_device_key(keys, url, str(name), DAYS.parse(days, "--days"))
        case "revoke":
            revoke_device_key(keys, str(name))
        case "list":
            print("\n".join(map(describe, keys.all())) or "there are no device keys")


def add_device_key(keys: DeviceKeys, url: str, name: str, days: float | None) -> None:
    """Make a key and print it, with the URLs for a server at *url*."""
    secret = keys.add(name, days)
    print(f"user name: {name}\npassword (shown only now): {secret}")
    for path in ("video_feed", "live.mp4", "snapshot.jpg"):
        print(with_login(url + path, name, secret))


def revoke_device_key(keys: DeviceKeys, name: str) -> None:
    """Revoke the key called *name*."""
    names = {each.name: each for each in keys.all()}
    if name not in names:
        raise SettingsError(f"there is no device key {name!r}; there are: "
                            f"{', '.join(names) or 'none'}")
    keys.revoke(names[name])
    print(f"the device key {name!r} is revoked, and its streams end")


def describe(key: DeviceKey) -> str:
    """Return a line about *key*."""
    expires = f", expires {local_time(key.until)}" if key.until else ""
    used = (f"last used {local_time(key.used)} from {key.address}" if key.used
            else "never used")
    return f"{key.name}: since {local_time(key.since)}{expires}, {used}"


def set_password(settings: Settings, *, viewer: bool) -> None:
    """Ask for the password of owner or *viewer* twice, and keep its hash."""
    role = Role.VIEWER if viewer else Role.OWNER
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


def open_device_keys(settings: Settings) -> DeviceKeys:
    """Return the device keys in the config folder."""
    _, folder = open_folders(settings.data, settings.config_dir)
    return DeviceKeys(folder, SystemClock(), lambda work: work())


def ask(prompt: str) -> str:
    """Return what is typed after *prompt*, without echo, or a line of piped input."""
    if sys.stdin is None:
        raise EOFError
    line = getpass.getpass(prompt) if sys.stdin.isatty() else input()
    line.encode()       # raises for what a browser could not send
    return line

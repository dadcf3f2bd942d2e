"""``webstreaming.py service``: have systemd keep the program running for months."""

import os
import pwd
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyimagesearch.capture.cameras import is_video_file
from pyimagesearch.capture.url import redact_url
from pyimagesearch.errors import ServiceError
from pyimagesearch.settings.loading import CAMERA_NAME_PATTERN, ENV_PREFIX, build_parser
from pyimagesearch.settings.option import flag
from pyimagesearch.settings.settings import Settings, options

from .systemd_unit import NAME as UNIT
from .systemd_unit import STATE, unit

COMMAND = ["service"]       # the first word of the command line
FOLDER = Path("/etc/systemd/system")
INSTALL = "--install"
FILES = ("config", "cert", "key")       # settings that name files to be read
HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))


def service(argv: Sequence[str], folder: Path = FOLDER) -> int:
    """
    Run the command *argv*: print the unit, or write it below *folder*.

    All words but ``--install`` are settings that the service is to have.
    """
    given = [word for word in argv[1:] if word != INSTALL]
    settings = Settings.from_command_line(given, {})    # or ends with a sentence
    table = {item.name: item for item in options()}
    folders = {"data": settings.data} if settings.data else {}      # also of the file
    typed = absolute(vars(build_parser(table).parse_args(given)) | folders)
    own = program()
    secret = any(redact_url(each) != each for each in typed.get("source", ()))
    text = unit([*own, *words(typed)], data=typed.get("data"), port=settings.port)
    unseen = list(out_of_sight(
        {"Python": own[0], "the program": own[-1], **named_files(typed)}))
    warnings = [*left_behind(os.environ), *([leak()] if secret else [])]
    if INSTALL not in argv:
        print(text, end="")
        warn([*unseen, *warnings])
        return 0
    if unseen:
        raise ServiceError(unseen[0])
    path = write(text, folder, own_eyes=secret, again=[*own, *argv])
    print(f"{path} is written; next:")
    for line in following(own, typed, settings):
        print(f"  {line}")
    warn(warnings)
    return 0


def warn(sentences: Iterable[str]) -> None:
    """Show *sentences* to who runs the command."""
    for sentence in sentences:
        print(f"webstreaming: warning: {sentence}", file=sys.stderr)


def left_behind(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each setting of *environ* that the service does not see."""
    for item in options():
        if environ.get(name := ENV_PREFIX + item.name.upper()):
            yield (f"{name} is set here, but not for the service; give {flag(item)} to "
                   "this command, or write it into a file for --config")


def program() -> list[str]:
    """Return the words that start this program, from any folder."""
    called = Path(sys.argv[0]).absolute()
    return [sys.executable, str(called)] if called.suffix == ".py" else [str(called)]


def absolute(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings *typed*, with files found here found from anywhere."""
    found = dict(typed)
    for name in ("data", *FILES):
        if name in found:
            found[name] = os.path.abspath(Path(found[name]).expanduser())
    if "source" in found:
        found["source"] = [absolute_source(each) for each in found["source"]]
    return found


def absolute_source(text: str) -> str:
    """Return *text* of a ``--source``; a video file by its whole path."""
    match = re.fullmatch(f"({CAMERA_NAME_PATTERN}=)?(.+)", text)
    if match is None or not is_video_file(match[2]):
        return text
    return (match[1] or "") + os.path.abspath(match[2])


def words(typed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the settings *typed* as words of a command line, one for each."""
    for item in options():
        values = typed.get(item.name)
        if isinstance(values, bool):
            yield flag(item) if values else flag(item).replace("--", "--no-", 1)
        elif values is not None:
            for value in [values] if isinstance(values, str) else values:
                yield f"{flag(item)}={value}"


def named_files(typed: Mapping[str, Any]) -> dict[str, str]:
    """Return the paths in the settings *typed*, by the option that gives them."""
    return {f"--{name}": typed[name] for name in ("data", *FILES) if name in typed}


def out_of_sight(paths: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each of *paths* that no such service gets to see."""
    for name, path in paths.items():
        for top in HIDDEN:
            if Path(path).is_relative_to(top):
                yield (f"{name} is {path!r}, but the service sees nothing below {top}; "
                       "put it elsewhere, such as under /opt, /etc or /var/lib")


def write(text: str, folder: Path, *, own_eyes: bool, again: Sequence[str]) -> Path:
    """
    Write the unit below *folder*, with *own_eyes* for root alone; return its path.

    Raises :exc:`ServiceError`, with how to call the program *again* as root.
    """
    path = folder / f"{UNIT}.service"
    draft = folder / f".{UNIT}.draft"
    try:
        draft.unlink(missing_ok=True)
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "w") as file:
            file.write(text)
            os.fchmod(number, 0o600 if own_eyes else 0o644)
        draft.replace(path)
    except PermissionError:
        raise ServiceError(f"only root may write {str(path)!r}; run: sudo "
                           f"{shlex.join(again)}") from None
    except OSError as error:
        raise ServiceError(f"{str(path)!r} cannot be written: {error.strerror}; is "
                           "systemd in use here?") from None
    return path


def following(own: Sequence[str], typed: Mapping[str, Any],
              settings: Settings) -> Iterator[str]:
    """Yield the commands that are left to do by hand."""
    data = typed.get("data", STATE)
    if not is_user(UNIT):
        yield (f"sudo useradd --system --user-group --home-dir {STATE} "
               f"--shell /usr/sbin/nologin {UNIT}")
    if "data" in typed:
        yield f"sudo install -d -o {UNIT} -g {UNIT} -m 700 {shlex.quote(data)}"
    for name in FILES:
        if name in typed:
            yield f"sudo chgrp {UNIT} {shlex.quote(typed[name])}"
            yield f"sudo chmod 640 {shlex.quote(typed[name])}"
    yield "sudo systemctl daemon-reload"
    yield f"sudo systemctl enable --now {UNIT}"
    if settings.auth:
        yield f"sudo -u {UNIT} {shlex.join([*own, 'token', '--data', data])}"


def is_user(name: str) -> bool:
    """Return whether this machine has a user *name*."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def leak() -> str:
    """Return what to do about a camera's password on the command line."""
    return ("the password of a camera stands in the unit, and every user of this "
            "machine sees it in ps and 'systemctl show'; better write the camera into "
            "a file for --config, as the README shows")

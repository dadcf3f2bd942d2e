"""Which secrets in the settings other users of this machine can read."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from pyimagesearch.permissions import others_can_enter, others_may

from .secret_texts import secrets_in
from .settings import ALL_OPTIONS, Settings


def exposed_secrets(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each way in which other users can read a secret."""
    if (settings.fixed.get("source") == ALL_OPTIONS["source"].flag
            and has_secret(settings, "source")):
        yield ("all users of this machine can read the password of a camera in the "
               "command line; set source in the file given by --config, or "
               "SURVEILLANCE_SOURCE")
    names = [option.name for option in ALL_OPTIONS.values()
             if option.secret and option.name not in settings.fixed
             and has_secret(settings, option.name)]
    if names and settings.config:
        yield from exposed_file(Path(settings.config), names)


def has_secret(settings: Settings, name: str) -> bool:
    """Return whether the setting called *name* holds a secret."""
    value = getattr(settings, name)
    return any(secret for text in (value if isinstance(value, tuple) else [value])
               if text for secret in secrets_in(text, name))


def exposed_file(path: Path, names: list[str]) -> Iterator[str]:
    """Yield a sentence if other users can read the file with the secrets *names*."""
    try:
        found = path.stat()
    except OSError:     # it was read before
        return
    if not (others_may(found, os.R_OK) and others_can_enter(path.absolute().parent)):
        return
    file = shlex.quote(str(path))
    remedy = (f"chmod 600 {file}" if found.st_uid == os.geteuid() else
              f"sudo chgrp {os.getegid()} {file}; sudo chmod 640 {file}")
    yield (f"other users of this machine can read {', '.join(names)} in {path}; run: "
           f"{remedy}")

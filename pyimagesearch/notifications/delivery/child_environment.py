"""The environment of child processes, without the secrets of this program."""

import os

from pyimagesearch.settings.option import ENV_PREFIX


def child_environment() -> dict[str, str]:
    """Return the environment without settings, as those may be passwords and URLs."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(ENV_PREFIX)}

"""Read ``cameras.json``, in which older versions kept what the owner set on pages."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from pyimagesearch.errors import FolderError, NewerFormat, reason
from pyimagesearch.file_formats import check_format
from pyimagesearch.folders import ConfigFolder

from .camera_settings import ADJUSTABLE_OPTIONS
from .page_values import parse_value

log = logging.getLogger(__name__)

OLD_FILE = "cameras.json"

Choices = Mapping[str, Mapping[str, Any]]       # values, by camera and option


def old_choices(folder: ConfigFolder) -> Choices | None:
    """
    Return what the file in *folder* says; ``None`` if there is none.

    Raises :exc:`FolderError` if it is damaged, or a newer version wrote it.
    """
    path = folder.path / OLD_FILE
    try:
        content = folder.secret(OLD_FILE)
        return None if content is None else parse_choices(json.loads(content))
    except (OSError, NewerFormat) as error:
        raise FolderError(f"the owner's settings {path} cannot be read: "
                          f"{reason(error)}") from None
    except (ValueError, RecursionError) as error:
        raise FolderError(
            f"the owner's settings {path} are damaged ({error}); repair the file, or "
            "remove it and set them on the page again") from None


def parse_choices(content: Any) -> Choices:
    """Return the parsed *content*; raises :exc:`ValueError` or :exc:`NewerFormat`."""
    check_format(content, content)      # the fields are the names of cameras
    if not isinstance(content, dict) or not all(
            isinstance(values, dict) for values in content.values()):
        raise ValueError("the file must have an object for each camera")
    return {name: dict(known_values(name, values)) for name, values in content.items()}


def known_values(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked *values* of camera *name* that are settings."""
    for option in values.keys() - ADJUSTABLE_OPTIONS.keys():
        log.warning("%s: %s in %s is not a setting", name, option, OLD_FILE)
    return {option: parse_value(name, option, value)
            for option, value in values.items() if option in ADJUSTABLE_OPTIONS}

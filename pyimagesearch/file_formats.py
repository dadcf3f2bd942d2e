"""Distinguish files that a newer version has written from damaged ones."""

from collections.abc import Collection
from typing import Any

from .errors import NewerFormat

FORMAT_KEY = "format"       # of the number that a file has once its format was changed


def check_format(values: Any, known: Collection[str]) -> None:
    """
    Raise :exc:`NewerFormat` if a newer version has written *values*, parsed JSON.

    They should be an object with the fields *known*; so far, files have no number.
    """
    if isinstance(values, dict) and (type(values.get(FORMAT_KEY)) is int
                                     or values.keys() > set(known)):
        raise NewerFormat


def check_list(values: Any, known: Collection[str]) -> None:
    """Like :func:`check_format`, for what should be a list of such objects."""
    check_format(values, ())
    for each in values if isinstance(values, list) else ():
        check_format(each, known)

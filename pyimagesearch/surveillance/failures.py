"""Log failures of the camera loop: in full once, and then in a line."""

import logging
import traceback

log = logging.getLogger(__name__)


class Failures:
    """
    The kinds of errors that were logged with their traceback.

    A detector of the user's own may fail every few seconds, for months. Of one kind are
    errors of one type that were raised in the same line.
    """

    def __init__(self) -> None:
        self._known: set[tuple[str, str, int | None]] = set()

    def log(self, camera: str, error: Exception) -> None:
        """Log that the loop of *camera* failed by *error*, which was caught."""
        kind = kind_of(error)
        if kind in self._known:
            log.error("%s: the camera loop failed again: %s: %s", camera,
                      type(error).__name__, error)
            return
        self._known.add(kind)
        log.error("%s: the camera loop failed", camera, exc_info=error)


def kind_of(error: BaseException) -> tuple[str, str, int | None]:
    """Return the type of the first cause of *error*, and the line that raised it."""
    while error.__cause__ is not None:
        error = error.__cause__
    frames = traceback.extract_tb(error.__traceback__)
    where = (frames[-1].filename, frames[-1].lineno) if frames else ("", None)
    return (type(error).__name__, *where)

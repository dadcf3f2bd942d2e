"""The last lines of the log, for the page of the owner."""

import logging
from collections import deque

KEPT_LINES = 200


class LogTail(logging.Handler):
    """Keep the last lines of the log, formatted as those of another *handler*."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.setFormatter(handler.formatter)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line of *record*."""
        self._lines.append(self.format(record))

    def lines(self) -> list[str]:
        """Return the lines, the oldest first."""
        return list(self._lines)

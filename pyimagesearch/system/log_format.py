"""Set up the log: lines of text or JSON on stderr, without secrets."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from pyimagesearch.access.log_redaction import Redaction
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import printable
from pyimagesearch.log_tail import LogTail
from pyimagesearch.settings import Settings
from pyimagesearch.settings.secret_texts import secret_texts

from .log_repeats import RepeatFilter

LINES = "\n\t"      # what may divide and indent a traceback

ExcInfo = (tuple[type[BaseException], BaseException, TracebackType | None]
           | tuple[None, None, None])


class TextFormatter(logging.Formatter):
    """Format a record as text, without secrets and control characters."""

    def __init__(self, form: str, redaction: Redaction) -> None:
        super().__init__(form)
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback if there is one."""
        return self._redaction.redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the line, which is one whatever the message holds."""
        record.message = printable(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:
        """Return the traceback."""
        return printable(super().formatException(ei), keep=LINES)


class JsonFormatter(logging.Formatter):
    """Format a record as one JSON object on one line, without secrets.

    Of control characters, only line breaks and tabs remain, escaped.
    """

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """Return time (ISO 8601, UTC), level, logger, message and any traceback."""
        time = datetime.fromtimestamp(record.created, UTC)
        line = {"time": time.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "logger": record.name,
                "message": self._clean(record.getMessage())}
        if record.exc_info:
            line["traceback"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        return self._redaction.redact(printable(text, keep=LINES))


class LineHandler(logging.StreamHandler[TextIO]):
    """Write lines to stderr; those that a full disk or closed pipe refuses are lost."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Report a defect, but not that the line cannot be written."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


class Log:
    """The log of the program: its last lines, and how it follows the settings."""

    def __init__(self, tail: LogTail, redaction: Redaction) -> None:
        self.tail = tail
        self._redaction = redaction

    def hide(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Keep the secrets of new *settings* out of the log, before they are used."""
        self._redaction.hide(secret_texts(settings))

    def follow(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Log from the level of new *settings* on."""
        logging.getLogger().setLevel(settings.log_level.upper())


def configure_logging(settings: Settings) -> Log:
    """Log as *settings* say, without any of their secrets."""
    redaction = Redaction(secret_texts(settings))
    handler = LineHandler()
    handler.setFormatter(
        JsonFormatter(redaction) if settings.log_format == "json" else
        TextFormatter("%(asctime)s %(levelname)s %(message)s", redaction))
    tail = LogTail(handler)
    handler.addFilter(RepeatFilter(SystemClock()))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler, tail])
    return Log(tail, redaction)

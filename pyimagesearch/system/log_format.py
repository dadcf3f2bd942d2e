"""Set up the log: lines of text or JSON on stderr, without secrets."""

import json
import logging
from datetime import UTC, datetime

from pyimagesearch.access.log_redaction import redact


class TextFormatter(logging.Formatter):
    """Format a record as text, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback if there is one."""
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """Format a record as one JSON object on one line, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time (ISO 8601, UTC), level, logger, message and any traceback."""
        time = datetime.fromtimestamp(record.created, UTC)
        line = {"time": time.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(), "logger": record.name,
                "message": redact(record.getMessage())}
        if record.exc_info:
            line["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def configure_logging(level: str, form: str) -> None:
    """Log from *level* on as *form* says, ``text`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else
                         TextFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])

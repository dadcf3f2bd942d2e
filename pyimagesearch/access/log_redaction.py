"""No link and no key in any log, whoever writes the line."""

import logging
import re

SECRET = re.compile(r"((?:token|key)=|Bearer )[^&\s\"'<>]+")


class RedactingFormatter(logging.Formatter):
    """Formats as usual, then masks what would let a reader of the log in."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, tracebacks included, without secrets."""
        return SECRET.sub(r"\1***", super().format(record))


def redact_secrets(format: str) -> None:
    """Have everything that is logged so far pass through the mask."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter(format))

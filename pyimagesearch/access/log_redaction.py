"""Redact links, tokens and keys in every log line."""

import logging
import re

SECRET = re.compile(r"((?:token|key)=|Bearer )[^&\s\"'<>]+")


class RedactingFormatter(logging.Formatter):
    """Format as usual, then redact secrets, also those in tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for *record* without secrets."""
        return SECRET.sub(r"\1***", super().format(record))


def redact_secrets(format: str) -> None:
    """Set a redacting formatter on the handlers of the root logger."""
    for handler in logging.getLogger().handlers:
        handler.setFormatter(RedactingFormatter(format))

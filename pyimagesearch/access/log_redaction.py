"""Keep login links, stream keys and bearer tokens out of the log."""

import re

SECRET_PATTERN = re.compile(r"((?:token|key)=|Bearer )[^&\s\"'<>]+")


def redact(text: str) -> str:
    """Return *text* with each secret replaced by ``***``."""
    return SECRET_PATTERN.sub(r"\1***", text)

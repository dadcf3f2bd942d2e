"""Keep login links, keys, tokens and passwords out of the log."""

import re

# not after a "/", where it is the path of a camera
SECRET_PATTERN = re.compile(
    r"((?:token|key)=|(?<!/)[Bb](?:earer|asic) )[^&\s\"'<>]+")
URL_LOGIN_PATTERN = re.compile(r"(?<=://)[^/\s\"'<>]+(?=@)")


def redact(text: str) -> str:
    """Return *text* with each secret replaced by ``***``."""
    return URL_LOGIN_PATTERN.sub("***", SECRET_PATTERN.sub(r"\1***", text))

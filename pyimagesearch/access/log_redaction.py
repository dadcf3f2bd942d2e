"""Keep login links, keys, tokens and passwords out of the log."""

import re
from collections.abc import Iterable

# not after a "/", where it is the path of a camera
SECRET_PATTERN = re.compile(
    r"((?:token|key)=|(?<!/)[Bb](?:earer|asic) )[^&\s\"'<>]+")
URL_LOGIN_PATTERN = re.compile(r"(?<=://)[^/\s\"'<>]+(?=@)")


class Redaction:
    """Replaces by ``***`` what looks like a secret, and the *known* ones anywhere."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._texts: set[str] = set()
        self.hide(known)

    def hide(self, known: Iterable[str]) -> None:
        """Replace these as well from now on."""
        self._texts |= set(known)
        longest_first = sorted(self._texts, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def redact(self, text: str) -> str:
        """Return *text* without secrets."""
        text = self._known.sub("***", text)
        return URL_LOGIN_PATTERN.sub("***", SECRET_PATTERN.sub(r"\1***", text))

"""Passwords: hashed and checked by Werkzeug's scrypt, one at a time."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from pyimagesearch.errors import AccessError

SHORTEST, LONGEST = 8, 1000     # characters
WAITING = 3     # checks of an account that are under way or wait; each holds a thread


class Busy(Exception):
    """Too many passwords are being checked at this moment."""


def hash_password(password: str) -> str:
    """Return what is kept of *password*; raises :exc:`AccessError` for a poor one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise AccessError(f"the password has {len(password)} characters, but must "
                          f"have {SHORTEST} to {LONGEST}; nothing was changed")
    return generate_password_hash(password, "scrypt")


class PasswordCheck:
    """
    Check passwords beside the hub, one at a time.

    A check takes 70 ms and 32 MB on a fast machine: many at once would take the
    processors from the cameras, and many that wait the threads from other views.
    *in_thread* runs a function in another thread and waits for its result.
    """

    def __init__(self, in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self._in_thread = in_thread
        self._one = threading.Lock()
        self._waiting: Counter[str] = Counter()     # belongs to the server's thread

    def fits(self, account: str, hashed: str, password: str) -> bool:
        """
        Return whether *password* is the one of *hashed*; may raise :exc:`Busy`.

        Those who log in to one *account* leave room for those of another.
        """
        if len(password) > LONGEST:
            return False
        if self._waiting[account] >= WAITING:
            raise Busy
        self._waiting[account] += 1
        try:
            return bool(self._in_thread(lambda: self._check(hashed, password)))
        finally:
            self._waiting[account] -= 1

    def _check(self, hashed: str, password: str) -> bool:
        with self._one:
            return check_password_hash(hashed, password)

"""Hash and check passwords with Werkzeug's scrypt, one at a time."""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from pyimagesearch.errors import AccessError

MIN_LENGTH, MAX_LENGTH = 8, 1000    # characters
MAX_PENDING = 3     # checks of one account, running or waiting; each holds a thread


class TooManyAttempts(Exception):
    """A password cannot be checked for another *seconds*, for the reason *message*."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def hash_password(password: str) -> str:
    """Return the hash of *password*; raises :exc:`AccessError` for a wrong length."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise AccessError(f"the password has {len(password)} characters, but must "
                          f"have {MIN_LENGTH} to {MAX_LENGTH}; nothing was changed")
    return generate_password_hash(password, "scrypt")


class PasswordChecker:
    """
    Check passwords outside the server's thread, one at a time.

    A check takes 70 ms and 32 MB on a fast machine: many at once would take the
    processors from the cameras, and many waiting ones the threads from other views.
    *in_thread* runs a function in another thread and waits for its result.
    """

    def __init__(self, in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self._in_thread = in_thread
        self._lock = threading.Lock()
        self._pending: Counter[str] = Counter()     # belongs to the server's thread

    def check(self, account: str, hashed: str, password: str) -> bool:
        """
        Return whether *password* has the hash *hashed*.

        Raises :exc:`TooManyAttempts` if too many checks of *account* are pending;
        other accounts have limits of their own.
        """
        if len(password) > MAX_LENGTH:
            return False
        if self._pending[account] >= MAX_PENDING:
            raise TooManyAttempts("Too many passwords are being checked.", 1)
        self._pending[account] += 1
        try:
            return bool(self._in_thread(lambda: self._check_alone(hashed, password)))
        finally:
            self._pending[account] -= 1

    def _check_alone(self, hashed: str, password: str) -> bool:
        with self._lock:
            return check_password_hash(hashed, password)

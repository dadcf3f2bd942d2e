"""Hash and check passwords with Werkzeug's scrypt."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from werkzeug.security import check_password_hash, generate_password_hash

from pyimagesearch.errors import AccessError

MIN_LENGTH, MAX_LENGTH = 8, 1000    # characters
MAX_PENDING = 3     # checks of one account, running or waiting


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
    Check passwords outside the server's thread.

    A check takes 70 ms and 32 MB on a fast machine: many at once would take the
    processors from the cameras. *in_thread* runs a function in a thread that does
    nothing else, one at a time, and waits for its result.
    """

    def __init__(self, in_thread: Callable[[Callable[[], Any]], Any]) -> None:
        self._in_thread = in_thread
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
            return bool(self._in_thread(
                lambda: check_password_hash(hashed, password)))
        finally:
            self._pending[account] -= 1

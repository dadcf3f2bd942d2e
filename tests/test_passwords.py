"""Passwords are hashed by scrypt, and few checks wait."""

import threading

import pytest

from harness import DEADLINE, InBackground, eventually
from protected import OWNER, VIEWER
from pyimagesearch.access.passwords import (
    PasswordChecker,
    TooManyAttempts,
    hash_password,
)
from pyimagesearch.errors import AccessError


def test_password_is_hashed_by_scrypt():
    assert hash_password("long enough").startswith("scrypt:32768:8:1$")


@pytest.mark.parametrize("poor", ["", "1234567", "x" * 1001])
def test_password_of_wrong_length_is_refused(poor):
    with pytest.raises(AccessError, match="must have 8 to 1000; nothing was changed"):
        hash_password(poor)


def test_few_checks_of_one_account_may_wait():
    pending, go_on = [], threading.Event()

    def in_thread(work):
        pending.append(work)
        return go_on.wait(DEADLINE)
    checker = PasswordChecker(in_thread)
    checks = [InBackground(checker.check, VIEWER, "", "") for _ in range(3)]
    eventually(lambda: len(pending) == 3)
    with pytest.raises(TooManyAttempts):
        checker.check(VIEWER, "", "")
    checks.append(InBackground(checker.check, OWNER, "", ""))     # not blocked by viewers
    eventually(lambda: len(pending) == 4)
    go_on.set()
    assert all(each.result() for each in checks)
    assert checker.check(VIEWER, "", "")


def test_overlong_password_is_not_hashed():
    def never(work):
        raise AssertionError("was checked")
    assert PasswordChecker(never).check(OWNER, "scrypt:…", "x" * 10_000) is False

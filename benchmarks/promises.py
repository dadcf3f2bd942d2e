"""What a server promised by its answers, and what of it a power cut may take."""

import time
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

SETTLED_SECONDS = 1.0       # after an answer, when nothing of it may be lost any more


@dataclass
class Change:
    """A *value* that was asked for, and when that was answered [s, monotonic]."""

    value: Any
    answered: float = field(default=float("inf"))


class Promises:
    """The changes that were asked for, by what they change."""

    def __init__(self) -> None:
        self._changes: dict[Hashable, list[Change]] = defaultdict(list)

    def ask(self, key: Hashable, value: Any) -> Change:
        """Note that *key* is about to become *value*."""
        change = Change(value)
        self._changes[key].append(change)
        return change

    def answer(self, *changes: Change) -> None:
        """Note that *changes* were answered with success."""
        for each in changes:
            each.answered = time.monotonic()

    def withdraw(self, key: Hashable, change: Change) -> None:
        """Note that *change* was answered, but not made."""
        self._changes[key].remove(change)

    def hold(self, key: Hashable, value: Any) -> None:
        """Note that *key* is *value* as of now."""
        self.answer(self.ask(key, value))

    def keys(self, kind: str) -> list[Any]:
        """Return the second half of all keys ``(kind, ...)``."""
        return [key[1] for key in self._changes if isinstance(key, tuple)
                and key[0] == kind]

    def current(self, key: Hashable) -> Any:
        """Return the value asked for last, ``None`` without any."""
        changes = self._changes.get(key)
        return changes[-1].value if changes else None

    def possible(self, key: Hashable, cut: float) -> list[Any]:
        """Return the values that *key* may have after a power cut; none is promised."""
        changes = self._changes.get(key, [])
        settled = [number for number, each in enumerate(changes)
                   if each.answered <= cut - SETTLED_SECONDS]
        return [each.value for each in changes[settled[-1]:]] if settled else []

    def settle(self, key: Hashable, found: Any) -> None:
        """Go on with what was *found* after a power cut."""
        self._changes[key] = [Change(found, float("-inf"))]

    def forget(self, key: Hashable) -> None:
        """Promise nothing about *key* any more."""
        self._changes.pop(key, None)

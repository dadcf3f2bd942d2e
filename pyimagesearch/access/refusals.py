"""Who was refused, told without letting a flood of it fill the log."""

import logging
from collections.abc import Callable

from pyimagesearch.clock import Clock

log = logging.getLogger(__name__)

TOLD_EVERY = 1.0    # seconds between two lines about the same sort of refusal
TOKEN, UNSEEN = "token", "unseen"       # beside the names of roles, what was refused


class Refusals:
    """
    Log wrong tries, and tell *on_refused* the address and account of each.

    Wrong passwords are few, as they are slowed. Wrong tokens and tries that are
    refused unseen can come by the thousand: one a second is logged, with the count.
    """

    def __init__(self, clock: Clock, on_refused: Callable[[str, str], object]) -> None:
        self.total = 0      # of all sorts, told or not
        self._clock = clock
        self._on_refused = on_refused
        self._due: dict[str, float] = {}
        self._untold: dict[str, int] = {}

    def tell(self, address: str, account: str) -> None:
        """Note that a wrong password of *account*, or a wrong token, was shown."""
        self.total += 1
        self._on_refused(address, account)
        others = self._others(account) if account == TOKEN else ""
        if others is not None:
            log.warning("refused %s: wrong %s%s", address, "token or link"
                        if account == TOKEN else f"password of {account}", others)

    def count(self, address: str) -> None:
        """Note that *address* was refused unseen, as it had tried too often."""
        self.total += 1
        self._on_refused(address, UNSEEN)
        others = self._others(UNSEEN)
        if others is not None:
            log.warning("refused %s: too many wrong passwords%s", address, others)

    def _others(self, sort: str) -> str | None:
        """Return what to say of those that were not told; ``None`` = tell later."""
        now = self._clock.monotonic()
        if now < self._due.get(sort, now):
            self._untold[sort] = self._untold.get(sort, 0) + 1
            return None
        self._due[sort] = now + TOLD_EVERY
        untold = self._untold.pop(sort, 0)
        return (f" (and {untold} more since the last line, from anywhere)" if untold
                else "")

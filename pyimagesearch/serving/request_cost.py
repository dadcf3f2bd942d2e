"""Measure the time that a request takes of the hub's thread and of the pools."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class RequestCost:
    """The time that a request of *network* takes, from *begin* [s of the thread] on."""

    def __init__(self, network: str, begin: float) -> None:
        self.network = network
        self.pool_seconds = 0.0     # of the threads of pools
        self._begin = begin

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Do not count the thread's time in the ``with`` block, in which others run."""
        begin = time.thread_time()
        try:
            yield
        finally:
            self._begin += time.thread_time() - begin

    def seconds(self) -> float:
        """Return what the request took so far; only for the hub's thread."""
        return time.thread_time() - self._begin + self.pool_seconds


# of the request that the current greenlet answers
REQUEST_COST: ContextVar[RequestCost | None] = ContextVar("REQUEST_COST", default=None)


def current_cost() -> RequestCost:
    """Return the cost of the current request; outside of one, of no network."""
    return REQUEST_COST.get() or RequestCost("", time.thread_time())

"""What a recorder needs of the list of events."""

from typing import Protocol

from pyimagesearch.events.event import KeptFile

RETRY_SECONDS = 5.0     # until a disk that refused is tried again


class Ledger(Protocol):
    """Takes note of the files of events; the event store is one."""

    def keep(self, event_id: int, file: KeptFile) -> None:
        """Add *file*, or replace the entry with the same path. Must not wait."""

"""What an alert says, in fields for programs and in words for people."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = 1         # of the fields
BEGIN, END, DIGEST, TEST = "begin", "end", "digest", "test"
DISK = "disk"       # kind of an alert without an event: nothing can be written


@dataclass(frozen=True, kw_only=True)
class Alert:
    """
    One message to one channel; times in seconds since the epoch.

    *type* is BEGIN when an event begins, END once it has ended (which updates the
    first message), DIGEST for events that are reported late or too many, or TEST.
    *id* is that of the event, or an id of its own. *url* never holds a login.
    """

    type: str
    id: int
    camera: str = ""        # empty: the whole server
    kind: str
    names: tuple[str, ...] = ()     # objects, such as "person"
    zones: tuple[str, ...] = ()
    note: str = ""
    begin: float
    end: float | None = None
    peak_area: float = 0.0  # [per mille of the frame]
    more: int = 0           # events left out since the last alert
    more_since: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)     # of a digest, by camera
    url: str = ""
    still: bytes | None = None      # JPEG, at most 200 kB

    @property
    def key(self) -> str:
        """The same whenever this alert is sent again: ``17-begin``."""
        return f"{self.id}-{self.type}"

    @property
    def tag(self) -> str:
        """The same for all alerts of the event: a later one replaces the former."""
        return f"event-{self.id}"

    @property
    def title(self) -> str:
        """A short heading: ``front: motion``."""
        what = {DIGEST: "digest", TEST: "test"}.get(
            self.type, ", ".join(self.names) or self.kind)
        return f"{self.camera}: {what}" if self.camera else f"Surveillance: {what}"

    @property
    def text(self) -> str:
        """One or two sentences."""
        at = datetime.datetime.fromtimestamp(self.begin).strftime("%H:%M:%S")
        return f"{self.kind} at {at}"

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs, without the still."""
        return {"version": VERSION, "type": self.type, "id": self.id,
                "camera": self.camera, "kind": self.kind, "names": list(self.names),
                "zones": list(self.zones), "note": self.note, "begin": self.begin,
                "end": self.end, "peak_area": self.peak_area, "more": self.more,
                "more_since": self.more_since, "counts": dict(self.counts),
                "url": self.url}

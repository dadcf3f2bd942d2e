"""What an alert says, in fields for programs and in words for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyimagesearch.events.event import Sighting

from .alert_words import (
    Happened,
    capitalized,
    digest_of,
    few_of,
    more_of,
    number_of_events,
    pause_of,
    sentence_of,
)

VERSION = 1         # of the fields
BEGIN, UPDATE, END, DIGEST, TEST = "begin", "update", "end", "digest", "test"
DISK = "disk"       # kind of an alert without an event: nothing can be written


@dataclass(frozen=True, kw_only=True)
class Alert:
    """
    One message to one channel; times in seconds since the epoch.

    *type* is BEGIN when an event begins, UPDATE once an object is recognised later,
    END once it has ended (both replace the first message), DIGEST for events that are
    reported late or too many, or TEST.
    *id* is that of the event, or an id of its own. *url* never holds a login.
    """

    type: str
    id: int
    camera: str = ""        # empty: the whole server
    kind: str
    sightings: tuple[Sighting, ...] = ()    # the best of each name, the best first
    zones: tuple[str, ...] = ()
    note: str = ""
    begin: float
    end: float | None = None
    peak_area: float = 0.0  # [per mille of the frame]
    more: int = 0           # events left out since the last alert; those of a digest
    more_since: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)     # of these, by camera
    paused_until: float | None = None   # it is the last of an hour, unless urgent
    url: str = ""
    still: bytes | None = None      # JPEG, at most 200 kB

    @property
    def names(self) -> tuple[str, ...]:
        """The objects that were recognised, such as "person"."""
        return tuple(each.name for each in self.sightings)

    @property
    def is_update(self) -> bool:
        """Whether it replaces a message about the same event."""
        return self.type in (UPDATE, END)

    @property
    def key(self) -> str:
        """
        The same whenever this alert is sent again: ``17-begin``.

        A digest that has grown is another one, with the same tag: ``17-digest-23``.
        """
        number = f"-{self.more}" if self.type == DIGEST else ""
        return f"{self.id}-{self.type}{number}"

    @property
    def tag(self) -> str:
        """
        The same for all alerts of the event: a later one replaces the former.

        At most 32 letters, digits and hyphens, as push services allow (RFC 8030).
        """
        return f"event-{self.id}"

    @property
    def title(self) -> str:
        """A short heading: ``front: motion``, or ``Person at front``."""
        if self.names:
            return f"{capitalized(few_of(self.names))} at {self.camera}"
        what = {DIGEST: number_of_events(self.more), TEST: "test alert"}.get(
            self.type, self.kind)
        return f"{self.camera or 'Surveillance'}: {what}"

    @property
    def text(self) -> str:
        """One or two sentences, without a full stop at the end."""
        if self.type == TEST:
            return "This is how alerts arrive"
        if self.type == DIGEST:
            return digest_of(self.begin, self.end or self.begin, self.counts)
        happened = sentence_of(Happened(self.kind, self.names, self.zones, self.note,
                                        self.begin, self.end))
        more = more_of(self.more, self.more_since, self.counts)
        paused = "" if self.paused_until is None else pause_of(self.paused_until)
        return ". ".join(filter(None, [happened, more and f"And {more}", paused]))

    def as_json(self) -> dict[str, Any]:
        """Return the fields for programs, without the still."""
        return {"version": VERSION, "type": self.type, "id": self.id,
                "camera": self.camera, "kind": self.kind, **recognised(self.sightings),
                "zones": list(self.zones), "note": self.note, "begin": self.begin,
                "end": self.end, "peak_area": self.peak_area, "more": self.more,
                "more_since": self.more_since, "counts": dict(self.counts),
                "paused_until": self.paused_until, "url": self.url}


def recognised(sightings: Sequence[Sighting]) -> dict[str, Any]:
    """Return the fields for programs about objects, of the best of each name."""
    return {"names": [each.name for each in sightings],
            "scores": {each.name: round(each.score, 2) for each in sightings},
            "labels": {each.name: each.label for each in sightings}}

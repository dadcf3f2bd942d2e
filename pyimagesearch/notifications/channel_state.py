"""What a channel has sent and still has to send, across restarts."""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

SENT_KEPT_SECONDS = 7200.0      # for which the times of alerts are kept
CLOCK_SECONDS = 5.0     # by which the clock may be adjusted without being set
QUIET_KEPT_SECONDS = 600.0      # for events that began before, but wait for a decision


@dataclass
class LeftOut:
    """
    Events that no alert has reported yet, to be counted in the next one.

    *first* is the id of the first, *since* and *until* are when the first and the last
    began [s since the epoch]. *is_late* is whether some were found long after they
    happened, *is_limited* whether the limit of an hour left out some: these are
    reported even if no other event comes.
    """

    counts: dict[str, int] = field(default_factory=dict)    # by camera
    first: int = 0
    since: float = 0.0
    until: float = 0.0
    is_late: bool = False
    is_limited: bool = False

    @property
    def total(self) -> int:
        """How many there are, of all cameras."""
        return sum(self.counts.values())

    def add(self, id: int, camera: str, begin: float) -> None:
        """Count event *id*, which began at *begin* [s since the epoch]."""
        if not self.counts:
            self.first, self.since, self.until = id, begin, begin
        self.counts[camera] = self.counts.get(camera, 0) + 1
        self.since, self.until = min(self.since, begin), max(self.until, begin)


@dataclass
class Daily:
    """A kind of event that raises one alert a day, the last one at *at*."""

    at: float           # [s since the epoch]
    more: int = 0       # events since then


@dataclass
class ChannelState:
    """
    What one channel sent; times in seconds since the epoch.

    Events up to the arrival *cursor* are either among those below, or done with. The
    events that began before *since*, when the channel was first used, raise no alert.
    """

    cursor: int
    since: float
    waiting: list[int] = field(default_factory=list)    # events, in order of arrival
    raising: list[int] = field(default_factory=list)    # of these, known to raise one
    begun: dict[int, str] = field(default_factory=dict)     # sent, not ended: subject
    named: list[int] = field(default_factory=list)      # of these, sent with names
    quiet: dict[str, float] = field(default_factory=dict)   # until when, by subject
    left_out: LeftOut = field(default_factory=LeftOut)
    sent: list[float] = field(default_factory=list)     # in the last two hours
    daily: dict[str, Daily] = field(default_factory=dict)       # by kind
    losses: list[str] = field(default_factory=list)     # cameras: the return is awaited
    last_success: float | None = None
    is_closed: bool = False     # by the receiver
    not_before: float = 0.0     # the next try, as the receiver demanded

    def as_text(self) -> str:
        """Return the state as it is stored."""
        return json.dumps(asdict(self))

    def note_sent(self, now: float, most: int) -> None:
        """Count an alert that was sent *now*; only the last *most* matter."""
        self.last_success = now
        self.sent = [*self.sent, now][-most:]

    def take_over(self, other: "ChannelState") -> None:
        """Count the alerts that *other* says were sent, in this hour and this day."""
        self.sent = sorted({*self.sent, *other.sent})
        self.daily = {**self.daily, **other.daily}
        self.is_closed |= other.is_closed

    def tidy(self, now: float, quiet_seconds: float) -> None:
        """Drop times that are over, or in the future, as the clock was set back."""
        latest = now + quiet_seconds + CLOCK_SECONDS
        self.since = min(self.since, now)
        self.sent = [each for each in self.sent
                     if -CLOCK_SECONDS <= now - each < SENT_KEPT_SECONDS]
        self.quiet = {subject: until for subject, until in self.quiet.items()
                      if now - QUIET_KEPT_SECONDS < until <= latest}
        self.daily = {kind: each for kind, each in self.daily.items()
                      if each.at <= now + CLOCK_SECONDS}


def read_state(text: str) -> ChannelState:
    """
    Return the state stored as *text*; raises :exc:`ValueError` if it is damaged.

    Fields that another version of the program added are ignored.
    """
    try:
        content = known_fields(ChannelState, json.loads(text))
        begun = {int(id): subject for id, subject in content["begun"].items()}
        left_out = LeftOut(**known_fields(LeftOut, content["left_out"]))
        daily = {kind: Daily(**known_fields(Daily, each))
                 for kind, each in content["daily"].items()}
        return ChannelState(**{**content, "begun": begun, "left_out": left_out,
                               "daily": daily})
    except (TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def known_fields(kind: type[Any], content: dict[str, Any]) -> dict[str, Any]:
    """Return those of *content* that the dataclass *kind* has."""
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in content.items() if name in names}

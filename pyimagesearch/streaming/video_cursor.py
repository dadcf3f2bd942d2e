"""The place of one viewer in a video: which fragment it is to be sent next."""

import math

from .stream_tally import StreamTally
from .video_broadcaster import Fragment, VideoBroadcaster

FRESH_SECONDS = 0.3     # age of a key frame with which a viewer may begin
LATE_SECONDS = 0.5      # behind the newest fragment, at which a viewer is put forward
KEY_SECONDS = 1.0       # between two key frames that late viewers ask for


class VideoCursor:
    """
    Choose the fragments for one viewer of *video*, and count them in *tally*.

    A viewer begins with a key frame: with the last one if that is fresh, else with one
    that it asks for. Then it is sent each fragment in order. One that falls behind goes
    on with the next key frame, which all late viewers together ask for at most once a
    second. Only a video that makes no key frames on demand is begun with an old one; a
    viewer of that may be late until it has caught up. For one thread.
    """

    def __init__(self, video: VideoBroadcaster, tally: StreamTally) -> None:
        self.tally = tally
        self._video = video
        self._seen = 0              # number of the fragment sent last
        self._header = b""          # sent last
        self._in_order = False      # whether the next one can be decoded
        self._may_be_late = 0.0     # [s]

    @property
    def has_begun(self) -> bool:
        """Whether there was something to be sent."""
        return bool(self._header)

    @property
    def is_hidden(self) -> bool:
        """Whether what was sent last must not be shown any more."""
        return self._seen <= self._video.hidden

    def next(self) -> bytes:
        """Return what is to be sent now; empty if there is nothing yet."""
        group = self._video.group
        if not group or group[-1].number <= self._seen:
            return b""
        fragment = self._following(group) or self._beginning(group)
        if fragment is None:
            return b""
        self._seen, self._in_order = fragment.number, True
        self.tally.count(fragment.number)
        if fragment.header == self._header:
            return fragment.data
        self._header = fragment.header
        return fragment.header + fragment.data

    def _following(self, group: tuple[Fragment, ...]) -> Fragment | None:
        """Return the fragment after the one sent last, unless it comes too late."""
        place = self._seen + 1 - group[0].number
        if not self._in_order or place < 0:
            return None
        late = group[-1].at - group[place].at
        self._in_order = late <= self._may_be_late
        self._may_be_late = min(self._may_be_late, late + LATE_SECONDS)
        return group[place] if self._in_order else None

    def _beginning(self, group: tuple[Fragment, ...]) -> Fragment | None:
        """Return the key frame to go on with, or ask for one."""
        key = group[0]
        age = group[-1].at - key.at
        self._in_order = False
        if key.number > self._seen and age <= self._max_key_age:
            self._may_be_late = age + LATE_SECONDS
            return key
        if age > (KEY_SECONDS if self._seen else FRESH_SECONDS):
            self._video.ask_for_key()
        return None

    @property
    def _max_key_age(self) -> float:
        """The age of a key frame up to which this viewer takes it [s]."""
        if self._video.makes_keys:
            return FRESH_SECONDS
        return KEY_SECONDS if self._seen else math.inf

"""What a clip tells about itself: enough to rebuild the list of events from clips."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from pyimagesearch.frames import Box

MARK = "webstreaming clip"


@dataclass(frozen=True, kw_only=True)
class Story:
    """The event that a clip belongs to, and the part of it that the clip shows."""

    event: int
    camera: str
    kind: str
    begin: float                # of the event [seconds since the epoch]
    end: float | None = None    # of the event; None while it lasts
    peak_area: float = 0.0      # per mille of the frame
    peak_box: Box | None = None
    first: float = 0.0          # captured time of the clip's first frame
    last: float = 0.0           # and of its last

    def as_comment(self) -> str:
        """Return the story as the text of an MP4's comment."""
        return json.dumps({MARK: 1, **asdict(self)})

    def extended(self, **changes: Any) -> "Story":
        """Return the story with *changes*."""
        return replace(self, **changes)


def read_story(comment: str) -> Story | None:
    """Return the story told by a *comment*; ``None`` if it is somebody else's."""
    try:
        told = json.loads(comment)
        if not isinstance(told, dict) or told.pop(MARK, None) != 1:
            return None
        story = Story(**told)
    except (ValueError, TypeError, RecursionError):
        return None
    if not can_be_kept(story):
        return None
    return replace(story, peak_box=None if story.peak_box is None
                   else tuple(story.peak_box))  # type: ignore[arg-type]


def can_be_kept(story: Story) -> bool:
    """Return whether *story*, whose values may be anything, is as it should be."""
    numbers = [story.begin, story.peak_area, story.first, story.last]
    if story.end is not None:
        numbers.append(story.end)
    box: Any = [0, 0, 0, 0] if story.peak_box is None else story.peak_box
    return (type(story.event) is int and 0 <= story.event < 1 << 53
            and all(type(text) is str for text in (story.camera, story.kind))
            and all(type(number) in (int, float) and -1e15 < number < 1e15
                    for number in numbers)      # which no infinity passes, and no NaN
            and isinstance(box, list) and len(box) == 4
            and all(type(edge) is int and abs(edge) < 1 << 31 for edge in box))

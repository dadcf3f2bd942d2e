"""The metadata in a clip: enough to rebuild the list of events from the files."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from pyimagesearch.frames import Box

COMMENT_KEY = "webstreaming clip"


@dataclass(frozen=True, kw_only=True)
class ClipMetadata:
    """The event that a clip belongs to, and the part of it that the clip shows."""

    event: int
    camera: str
    kind: str
    begin: float                # of the event [seconds since the epoch]
    end: float | None = None    # of the event; None while it lasts
    peak_area: float = 0.0      # per mille of the frame
    peak_box: Box | None = None
    first: float = 0.0          # captured time of the clip's first frame
    last: float = 0.0           # and of its last, by the same reading of the clock
    sequence: int = 0           # in the order of recording; 0 = that of the event

    def as_comment(self) -> str:
        """Return the metadata as JSON, for the comment of an MP4."""
        return json.dumps({COMMENT_KEY: 1, **asdict(self)})


def read_metadata(comment: str) -> ClipMetadata | None:
    """Return the metadata in a *comment*; ``None`` if it is not one of ours."""
    try:
        fields = json.loads(comment)
        if not isinstance(fields, dict) or fields.pop(COMMENT_KEY, None) != 1:
            return None
        metadata = ClipMetadata(**{name: value for name, value in fields.items()
                                   if name in ClipMetadata.__dataclass_fields__})
    except (ValueError, TypeError, RecursionError):
        return None
    if not is_valid(metadata):
        return None
    return replace(metadata, peak_box=None if metadata.peak_box is None
                   else tuple(metadata.peak_box))  # type: ignore[arg-type]


def is_valid(metadata: ClipMetadata) -> bool:
    """Return whether the values of *metadata*, which may be anything, are valid."""
    numbers = [metadata.begin, metadata.peak_area, metadata.first, metadata.last]
    if metadata.end is not None:
        numbers.append(metadata.end)
    box: Any = [0, 0, 0, 0] if metadata.peak_box is None else metadata.peak_box
    return (all(type(number) is int and 0 <= number < 1 << 53
                for number in (metadata.event, metadata.sequence))
            and all(type(text) is str for text in (metadata.camera, metadata.kind))
            and all(type(number) in (int, float) and -1e15 < number < 1e15
                    for number in numbers)      # neither infinite nor NaN
            and isinstance(box, list) and len(box) == 4
            and all(type(edge) is int and abs(edge) < 1 << 31 for edge in box))

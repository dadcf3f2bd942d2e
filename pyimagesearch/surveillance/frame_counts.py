"""What became of the frames of one camera."""

from dataclasses import dataclass


@dataclass
class FrameCounts:
    """Frames since the start, by what became of them."""

    given: int = 0      # by the camera; the sum of those below
    skipped: int = 0    # replaced by a newer one before the loop took them
    left_out: int = 0   # beyond the frame rate asked for
    garbled: int = 0    # could not be decoded
    frames: int = 0     # processed

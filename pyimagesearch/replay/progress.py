"""A progress bar on a terminal."""

import shutil
import time
from collections.abc import Callable
from typing import TextIO

BAR_WIDTH = 30          # columns
REDRAW_SECONDS = 0.1    # from one drawing to the next


class Progress:
    """
    Show on *stream* how much of *total* [s of video] is done, if it is a terminal.

    One thread uses it.
    """

    def __init__(self, total: float, stream: TextIO,
                 now: Callable[[], float] = time.monotonic) -> None:
        self._total = total
        self._stream = stream if stream.isatty() else None
        self._now = now
        self._begin = self._drawn_at = now()
        self._done = 0.0    # by the videos before
        self._columns = 0   # of the line that is shown

    def show(self, seconds: float, label: str) -> None:
        """Draw the bar: *seconds* of the video *label* are done, and all before it."""
        if self._stream is None or self._now() - self._drawn_at < REDRAW_SECONDS:
            return
        self._drawn_at = self._now()
        done = self._done + seconds
        share = min(1.0, done / self._total) if self._total else 0.0
        bar = "#" * round(share * BAR_WIDTH)
        speed = done / max(1e-3, self._drawn_at - self._begin)
        text = f"[{bar:<{BAR_WIDTH}}] {share:4.0%}  {speed:.1f}x  "
        columns = shutil.get_terminal_size().columns - 1
        self._draw((text + label[-max(1, columns - len(text)):])[:columns])

    def finish(self, seconds: float) -> None:
        """Count a video of *seconds* as done."""
        self._done += seconds

    def clear(self) -> None:
        """Remove the bar, so that a line can be printed."""
        if self._stream is not None and self._columns:
            self._draw("")

    def _draw(self, text: str) -> None:
        assert self._stream is not None
        self._stream.write(f"\r{text:<{self._columns}}" + ("" if text else "\r"))
        self._stream.flush()
        self._columns = len(text)

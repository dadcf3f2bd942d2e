"""The progress bar."""

import io

from harness import ManualClock
from pyimagesearch.replay.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bar_shows_share_and_speed_over_all_videos():
    clock, stream = ManualClock(), Terminal()
    progress = Progress(20.0, stream, clock.monotonic)
    clock.now += 1
    progress.show(5.0, "a.mp4")
    assert "[########                      ]  25%  5.0x  a.mp4" in stream.getvalue()
    progress.finish(10.0)
    clock.now += 1
    progress.show(5.0, "b.mp4")
    assert stream.getvalue().endswith("]  75%  7.5x  b.mp4")


def test_bar_is_removed_without_a_trace():
    clock, stream = ManualClock(), Terminal()
    progress = Progress(0.0, stream, clock.monotonic)
    progress.clear()
    assert stream.getvalue() == ""
    clock.now += 1
    progress.show(5.0, "a.mp4")
    progress.clear()
    first, drawn, blank, end = stream.getvalue().split("\r")
    assert (first, blank, end) == ("", " " * len(drawn), "")


def test_bar_is_drawn_a_few_times_a_second():
    clock, stream = ManualClock(), Terminal()
    progress = Progress(9.0, stream, clock.monotonic)
    for number in range(100):
        clock.now += 0.01
        progress.show(number / 25, "a.mp4")
    assert 8 <= stream.getvalue().count("\r") <= 10


def test_nothing_is_drawn_into_a_pipe():
    clock, stream = ManualClock(), io.StringIO()
    progress = Progress(9.0, stream, clock.monotonic)
    clock.now += 1
    progress.show(5.0, "a.mp4")
    progress.clear()
    assert stream.getvalue() == ""

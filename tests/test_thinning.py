"""Frames are left out while encoding is too slow, and only then."""

import pytest

from filming import BEGAN, film, metadata_of, times
from pyimagesearch.recording.clip import read_clip


def test_frames_that_waited_for_the_disk_are_not_thinned(keep, clock, caplog):
    kept = keep()
    film(kept, clock, 6)
    keep.obstacle = "there is no room"
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    keep.obstacle = ""
    film(kept, clock, 8)
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert "cannot keep up" not in caplog.text
    assert len(times(*kept.files())) == pytest.approx(100, abs=2)


def test_slow_encoder_leaves_frames_out_and_reports_it(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    kept.recorder.run_once()
    film(kept, clock, 9, run=False)       # nine seconds pass before it is asked again
    kept.recorder.run_once()
    assert kept.recorder.trouble == "encoding cannot keep up, so one of 2 pictures is kept"
    film(kept, clock, 4)
    assert kept.recorder.trouble == ""
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    assert 100 < len(times(kept.files()[0])) < 190
    assert read_clip(kept.files()[0])[1] == pytest.approx(18, abs=0.3)

"""Thumbnails and stills: drawn late, and written once the disk permits."""

import pytest

from filming import BEGAN, SMALL, Counted, film, lazy, metadata_of
from pyimagesearch.errors import RecordingError
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.overlay import ClockStyle
from pyimagesearch.recording import stills


def test_still_is_drawn_when_it_is_written(keep, clock):
    kept, overlay = keep(), Counted()
    jpeg = LazyJpeg(SMALL[1], (160, 120), overlay)
    kept.recorder.keep_still(7, clock.time(), jpeg, "still")
    kept.recorder.keep_still(8, clock.time(), jpeg._replace(data=SMALL[1][:40]), "still")
    assert overlay.drawings == 0
    kept.recorder.run_once()
    (still,) = kept.files("*.jpg")      # a garbled one is left out
    assert overlay.drawings == 1
    assert still.read_bytes() == jpeg.bytes()
    assert kept.recorder.trouble == ""


def test_thumbnail_is_beside_its_clip(keep, clock):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    kept.recorder.keep_still(7, clock.time(), lazy(SMALL[0]), "thumbnail")
    film(kept, clock, 1)
    kept.recorder.keep_still(9, clock.time(), lazy(SMALL[0]), "still")
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    assert clip.with_suffix(".jpg").read_bytes() == SMALL[0]
    assert len(kept.files("*.jpg")) == 2


def test_still_is_written_once_the_disk_permits(keep, clock, caplog):
    kept = keep()
    film(kept, clock, 6)
    keep.obstacle = "there is no room"
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    for jpeg in SMALL[:3]:      # the newest thumbnail of an event is the one that counts
        kept.recorder.keep_still(7, clock.time(), lazy(jpeg), "thumbnail")
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 3)
    assert kept.recorder.trouble == "cannot record: there is no room"
    keep.obstacle = ""
    kept.folder.mkdir(exist_ok=True)
    (kept.folder / "front").write_text("no folder")
    film(kept, clock, 6)
    assert kept.recorder.trouble == "cannot keep a still: Not a directory"
    (kept.folder / "front").unlink()
    film(kept, clock, 6)
    assert kept.recorder.trouble == ""
    (still,) = kept.files("*.jpg")
    assert still.read_bytes() == SMALL[2]
    assert caplog.text.count("cannot record: there is no room") == 1
    assert caplog.text.count("cannot keep a still") == 1


def test_waiting_stills_are_dropped_when_a_mask_is_set(keep, clock):
    kept = keep()
    kept.recorder.keep_still(1, clock.time(), lazy(SMALL[0]), "still")    # it was only new
    kept.evidence.start_over(True)
    kept.recorder.run_once()
    keep.obstacle = "there is no room"
    kept.recorder.keep_still(2, clock.time(), lazy(SMALL[1]), "still")
    kept.recorder.run_once()
    kept.evidence.start_over(True)
    kept.recorder.run_once()
    keep.obstacle = ""
    film(kept, clock, 6)
    assert [path.read_bytes() for path in kept.files("*.jpg")] == [SMALL[0]]
    assert kept.recorder.trouble == ""


def test_number_of_waiting_stills_is_limited(keep, clock, caplog):
    kept = keep()
    keep.obstacle = "there is no room"
    for number in range(stills.MAX_WAITING + 2):
        kept.recorder.keep_still(number, clock.time(), lazy(SMALL[0]), "still")
        kept.recorder.run_once()
    keep.obstacle = ""
    film(kept, clock, 6)
    assert len(kept.files("*.jpg")) == stills.MAX_WAITING
    assert caplog.text.count("a still is lost: cannot record: there is no room") == 2


def test_still_that_is_lost_is_not_reported_as_kept(keep, clock):
    kept = keep()
    receipts = [kept.recorder.keep_still(number, clock.time(), lazy(SMALL[0]), "still")
                for number in range(stills.MAX_WAITING + 1)]
    kept.recorder.run_once()
    with pytest.raises(RecordingError, match="the still is lost: more than 32 wait for the disk"):
        receipts[0].wait(0)
    for receipt in receipts[1:]:
        receipt.wait(0)


class Asking:
    """An overlay of frames that asks for a still while the second one is drawn."""

    boxes, clock = (), ClockStyle()

    def __init__(self, kept, clock):
        self.kept, self.manual, self.drawings, self.stills = kept, clock, 0, []

    def draw(self, image):
        self.drawings += 1
        if self.drawings == 2:
            self.kept.recorder.keep_still(9, self.manual.time(), lazy(SMALL[0]), "still")
        self.stills.append(len(self.kept.files("*.jpg")))


def test_still_does_not_wait_for_a_clip_that_is_behind(keep, clock):
    kept = keep()
    overlay = Asking(kept, clock)
    for _ in range(50):
        clock.now += 0.1
        kept.recorder.preroll.put(LazyJpeg(SMALL[1], (160, 120), overlay),
                                  clock.time(), clock.monotonic())
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    kept.recorder.run_once()
    assert overlay.stills == [0] * 2 + [1] * (overlay.drawings - 2)
    assert overlay.drawings > 40

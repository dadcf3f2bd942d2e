"""H.264 encoders: used for one clip after another, fed with JPEGs."""

import av
import numpy as np
import pytest

from filming import (
    BEGAN,
    SMALL,
    Counted,
    film,
    jpegs,
    metadata_of,
    probe,
    put,
    record,
    times,
    width,
)
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.overlay import ClockStyle
from pyimagesearch.recording import h264_encoder
from pyimagesearch.recording.clip_metadata import ClipMetadata


def test_odd_sizes_become_even(keep, clock):
    kept = keep()
    film(kept, clock, 3, pictures=jpegs(9, (161, 121)))
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5)
    film(kept, clock, 1, pictures=jpegs(9, (161, 121)))
    kept.recorder.start()
    kept.recorder.stop()
    assert kept.recorder.join(60)
    (clip,) = kept.files()
    assert width(clip) == 160


@pytest.mark.parametrize("height", [48, 50, 51])
def test_colours_of_a_clip_are_those_of_the_jpegs(keep, clock, height):
    image = np.zeros((height, 96, 3), np.uint8)
    image[:16], image[16:32], image[32:] = (200, 0, 0), (0, 200, 0), (0, 0, 200)
    kept = keep()
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 1, pictures=[encode(image, 95)])
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 1)
    with av.open(str(kept.files()[0])) as container:
        clip = next(container.decode(video=0)).to_ndarray(format="bgr24")
    seen = clip[[2, 13, 18, 29, 34, 46], 40].astype(int).reshape(3, 2, 3)
    assert abs(seen - [[(200, 0, 0)], [(0, 200, 0)], [(0, 0, 200)]]).max() < 25


def test_wavering_rate_plays_in_real_time(keep, clock):
    kept, moments = keep(), []
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() + 0.01)
    for pause in (0.1, 0.03, 0.9, 0.2, 0.05, 1.5, 0.1, 0.1):
        film(kept, clock, pause, fps=1 / pause)
        moments.append(clock.monotonic())
    kept.recorder.end(metadata_of(BEGAN), clock.monotonic())
    film(kept, clock, 2)
    shown = [at for at, _ in times(kept.files()[0])]
    assert shown == pytest.approx([at - moments[0] for at in moments], abs=0.001)


@pytest.fixture
def encoders(monkeypatch):
    """Count the encoders that are made."""
    made = []

    class Counted(h264_encoder.Encoder):
        def __init__(self, size):
            made.append(size)
            super().__init__(size)

    monkeypatch.setattr(h264_encoder, "Encoder", Counted)
    return made


def test_encoder_is_used_again_and_each_clip_starts_at_zero(keep, clock, encoders):
    kept = keep()
    for _ in range(3):
        record(kept, clock, 3)
    assert encoders == [(160, 120)]
    for clip in kept.files():
        shown = times(clip)
        assert shown[0] == (0.0, True)
        assert [now for now, key in shown if key] == pytest.approx([0.0, 2.0, 4.0, 6.0], abs=0.1)
        assert len(shown) == 81
        assert probe(clip, "-count_frames", "-show_streams")["streams"][0]["nb_read_frames"] == "81"


def test_simultaneous_clips_have_an_encoder_each(keep, clock, encoders):
    kept = keep()
    film(kept, clock, 6)
    for event in (7, 8):
        begin = ClipMetadata(event=event, camera="front", kind="motion", begin=clock.time())
        kept.recorder.begin(begin, clock.monotonic() - 5.0)
    film(kept, clock, 3)
    for event in (7, 8):
        kept.recorder.end(ClipMetadata(event=event, camera="front", kind="motion", begin=BEGAN),
                          clock.monotonic())
    film(kept, clock, 2)
    assert len(encoders) == 2
    assert [len(times(clip)) for clip in kept.files()] == [81, 81]


def test_idle_encoder_is_closed(keep, clock, encoders):
    kept = keep()
    record(kept, clock, 3)
    clock.now += h264_encoder.IDLE_SECONDS + 1
    kept.recorder.run_once()
    record(kept, clock, 3)
    assert len(encoders) == 2


class Failing:
    """An overlay that fails as a broken library might."""

    boxes, clock = (), ClockStyle()

    def draw(self, image):
        raise OSError(5, "?")


def test_only_an_encoder_that_failed_is_replaced(keep, clock, encoders):
    kept = keep()
    film(kept, clock, 6)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 5.0)
    film(kept, clock, 1)
    keep.obstacle = "no room"
    film(kept, clock, 2)
    keep.obstacle = ""
    film(kept, clock, 8)
    assert (kept.recorder.trouble, len(encoders)) == ("", 1)
    put(kept, clock, LazyJpeg(SMALL[0], (160, 120), Failing()))
    assert kept.recorder.trouble == "cannot record: ?"
    film(kept, clock, 8)
    assert (kept.recorder.trouble, len(encoders)) == ("", 2)


def test_overlays_are_drawn_once_and_only_for_a_clip(keep, clock):
    kept = keep()
    unused, used, garbled = Counted(), Counted(), Counted()
    put(kept, clock, LazyJpeg(SMALL[1], (160, 120), unused))
    film(kept, clock, 4)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic() - 1.0)
    put(kept, clock, LazyJpeg(SMALL[2], (160, 120), used), 10)
    put(kept, clock, LazyJpeg(SMALL[3][:40], (160, 120), garbled), 2)
    film(kept, clock, 1)
    kept.recorder.end(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    assert (unused.drawings, used.drawings) == (0, 10)
    assert garbled.drawings == 0
    (clip,) = kept.files()      # with and without overlay fit; garbled ones are left out
    assert len(times(clip)) in range(30, 33)

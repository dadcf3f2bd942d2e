"""Pictures that were drawn for viewers: taken in time, bounded, and never another one."""

import threading

import av
import cv2
import numpy as np
import pytest

from filming import SMALL, film, metadata_of
from pyimagesearch.jpeg import LazyJpeg
from pyimagesearch.recording.drawn_pictures import MAX_KEPT_BYTES, DrawnPictures

SIZE = (160, 120)
BROKEN = LazyJpeg(SMALL[0][:40], SIZE)


def grey_picture(level, size=(64, 48)):
    return np.full((size[1], size[0], 3), level, np.uint8)


def memory(size=(64, 48)):
    return np.zeros((size[1] * 3 // 2, size[0]), np.uint8)


@pytest.fixture
def drawn():
    made = DrawnPictures()
    made.want(True)
    return made


def test_newest_pictures_are_there_and_no_others(drawn):
    for number in range(1, 41):
        drawn.put(number, grey_picture(5 * number))
    yuv = memory()
    there = [number for number in range(50) if drawn.copy(number, yuv)]
    assert there == list(range(31, 41))
    assert drawn.copy(33, yuv)
    assert (yuv == cv2.cvtColor(grey_picture(165), cv2.COLOR_BGR2YUV_I420)).all()


def test_picture_of_another_size_is_not_taken(drawn):
    drawn.put(1, grey_picture(9))
    assert not drawn.copy(1, memory((32, 24)))
    drawn.put(2, grey_picture(9, (32, 24)))
    assert drawn.copy(2, memory((32, 24)))
    assert not drawn.copy(1, memory())


@pytest.mark.parametrize("size", [(65, 49), (64, 50)])
def test_odd_sizes_lose_some_lines(drawn, size):
    drawn.put(1, grey_picture(9, size))
    assert drawn.copy(1, memory())


def test_memory_is_bounded_and_freed(drawn):
    drawn.put(1, grey_picture(9, (1920, 1080)))
    kept = sum(slot.yuv.nbytes for slot in drawn._slots)
    assert 0 < kept <= MAX_KEPT_BYTES
    drawn.want(False)
    assert not drawn.copy(1, memory((1920, 1080)))
    assert not drawn._slots


def test_camera_does_not_wait_for_the_recorder(drawn):
    drawn.put(1, grey_picture(9))
    with drawn._slots[1].lock:
        thread = threading.Thread(target=drawn.put, args=(11, grey_picture(9)))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert drawn.copy(1, memory())
    assert not drawn.copy(11, memory())


def test_recorder_that_is_late_is_given_none(keep):
    kept = keep()
    kept.preroll_input.put_picture(BROKEN, 1.0, 1.0, drawn=grey_picture(9, SIZE))
    assert not kept.recorder.preroll.drawn._slots


def test_clip_takes_what_was_drawn_and_decodes_the_rest(keep, clock):
    kept = keep()
    film(kept, clock, 1)
    kept.recorder.begin(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 1)
    for level in range(20):
        clock.now += 0.1
        kept.preroll_input.put_picture(BROKEN, clock.time(), clock.monotonic(),
                                       drawn=grey_picture(10 * level, SIZE) if level % 2 else None)
        kept.recorder.run_once()
    kept.recorder.end(metadata_of(clock.time()), clock.monotonic())
    film(kept, clock, 2)
    (clip,) = kept.files()
    with av.open(str(clip)) as container:
        levels = [frame.to_ndarray(format="gray").mean() for frame in container.decode(video=0)]
    assert np.allclose(levels[-10:], range(10, 200, 20), atol=4)     # broken ones are left out
    assert not kept.recorder.preroll.drawn.wanted       # and the memory is free

"""Pictures of what a camera showed before an event."""

import numpy as np

from pyimagesearch.frames import ArrayPicture, Frame
from pyimagesearch.surveillance.before_pictures import BeforePictures


def kept(*times):
    """Return what is kept of a camera that gets brighter from time to time."""
    pictures = BeforePictures()
    for at in times:
        image = np.full((48, 64, 3), round(20 * at), np.uint8)
        pictures.keep(Frame(1, ArrayPicture(image), at, at), None)
    return pictures


def time_of(picture):
    return round(float(picture.image().mean()) / 20, 1)


def test_event_is_compared_with_a_second_and_a_half_before():
    assert time_of(kept(1.0, 2.0, 3.0, 4.0).newest_before(4.5)) == 3.0


def test_event_right_after_the_start_is_compared_with_it():
    assert time_of(kept(1.0, 1.5).newest_before(2.0)) == 1.0


def test_nothing_is_known_before_the_first_picture():
    assert kept().newest_before(2.0) is None

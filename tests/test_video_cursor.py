"""Which fragment of a video a viewer is sent next."""

import pytest

from pyimagesearch.streaming.stream_tally import StreamTally
from pyimagesearch.streaming.video_broadcaster import VideoBroadcaster
from pyimagesearch.streaming.video_cursor import VideoCursor


class Film:
    """A video whose fragments are ``h0``, a key frame, or ``7``, at a rate of 10 fps."""

    def __init__(self):
        self.video, self.at, self.header = VideoBroadcaster(), 100.0, b"h"
        self.tally = StreamTally()

    def show(self, pictures=1, key=False):
        for _ in range(pictures):
            is_key = key or self.video.key_wanted
            self.video.publish(self.header, b"%d " % (self.video.number + 1), 0.0, self.at,
                               is_key=is_key)
            self.at += 0.1

    def viewer(self):
        return VideoCursor(self.video, self.tally)


@pytest.fixture
def film():
    return Film()


def all_of(cursor):
    return b"".join(iter(cursor.next, b""))


def test_viewer_gets_header_once_and_every_fragment_in_order(film):
    cursor = film.viewer()
    assert all_of(cursor) == b""
    assert not cursor.has_begun
    film.show(3)
    assert all_of(cursor) == b"h1 2 3 "
    film.show()
    film.show(key=True)
    assert all_of(cursor) == b"5 "      # the end of a group gives way to a new one
    assert (film.tally.sent, film.tally.skipped) == (4, 1)


def test_new_header_comes_before_its_key_frame(film):
    cursor = film.viewer()
    film.show(2)
    assert all_of(cursor) == b"h1 2 "
    film.header = b"H"
    film.show(key=True)
    assert all_of(cursor) == b"H3 "


def test_viewer_in_mid_group_begins_with_a_new_key_frame(film):
    film.show(3)
    assert all_of(film.viewer()) == b"h1 2 3 "      # fresh enough
    film.show(3)
    cursor = film.viewer()
    assert all_of(cursor) == b""
    film.show(2)
    assert all_of(cursor) == b"h7 8 "


def test_video_without_keys_on_demand_begins_with_an_old_one(film):
    film.video.makes_keys = False
    film.show(100)
    cursor = film.viewer()
    assert [cursor.next(), cursor.next()] == [b"h1 ", b"2 "]
    film.show(4)    # it may be as late as it was, and not much more
    assert cursor.next() == b"3 "
    film.show(6)
    assert cursor.next() == b""
    film.show(key=True)
    film.show(6)    # it has a second to take the next key frame
    assert all_of(cursor) == b"111 112 113 114 115 116 117 "


def test_late_viewer_goes_on_with_the_next_key_frame(film):
    cursor = film.viewer()
    film.show()
    assert cursor.next() == b"h1 "
    film.show(5)    # the second is 0.4 s old
    assert cursor.next() == b"2 "
    film.show(3)
    assert cursor.next() == b""
    assert not film.video.key_wanted    # the last one is 0.8 s old
    film.show(3)
    assert cursor.next() == b""
    assert film.video.key_wanted
    film.show(2)
    assert all_of(cursor) == b"13 14 "
    assert (film.tally.sent, film.tally.skipped) == (4, 10)


def test_late_viewers_ask_for_one_key_frame_a_second_together(film):
    slow, keys, sent = [film.viewer() for _ in range(20)], 0, 0
    film.show()
    assert {viewer.next() for viewer in slow} == {b"h1 "}
    for number in range(200):
        film.show()
        keys += len(film.video.group) == 1
        for viewer in slow[number % 10::10]:
            sent += bool(viewer.next())     # each once a second
    assert 10 < keys <= 20
    assert sent > 100


def test_hidden_pictures_are_sent_to_no_viewer(film):
    cursor = film.viewer()
    film.show(3)
    assert cursor.next() == b"h1 "
    assert not cursor.is_hidden
    film.video.hide()
    assert cursor.is_hidden
    assert all_of(cursor) == b""
    assert all_of(film.viewer()) == b""
    film.show(2)
    assert all_of(cursor) == b"4 5 "
    assert not cursor.is_hidden


def test_pause_of_the_camera_makes_no_viewer_late(film):
    cursor = film.viewer()
    film.show(2)
    assert all_of(cursor) == b"h1 2 "
    film.at += 60
    film.show(2)
    assert all_of(cursor) == b"3 4 "

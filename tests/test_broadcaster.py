"""The broadcaster: newest frame only, nothing stale, no trace of a viewer."""

import queue
import threading

import pytest

from harness import InBackground, eventually

NEVER = 3600.0      # seconds, as repeat_after: no repeats



def test_viewer_sees_the_newest_frame_at_once(broadcaster):
    broadcaster.publish(b"card", 5.0)
    frame = InBackground(next, broadcaster.frames(NEVER)).result()
    assert (frame.number, frame.jpeg, frame.captured) == (1, b"card", 5.0)


def test_viewer_waits_for_the_very_first_frame(broadcaster):
    first = InBackground(next, broadcaster.frames(repeat_after=0.01))
    with pytest.raises(queue.Empty):
        first.result(timeout=0.1)
    broadcaster.publish(b"one")
    assert first.result().jpeg == b"one"


def test_every_viewer_gets_the_same_frame(broadcaster):
    broadcaster.publish(b"one")
    first, second = (next(broadcaster.frames()) for _ in range(2))
    assert first is second


def test_slow_viewer_skips_to_the_newest_frame(broadcaster):
    viewer = broadcaster.frames()
    broadcaster.publish(b"one")
    assert next(viewer).jpeg == b"one"
    for jpeg in (b"two", b"three", b"four"):
        broadcaster.publish(jpeg)
    frame = next(viewer)
    assert (frame.number, frame.jpeg) == (4, b"four")


def test_viewer_waits_for_a_new_frame_and_is_woken_by_it(broadcaster):
    viewer = broadcaster.frames(repeat_after=NEVER)
    broadcaster.publish(b"one")
    assert next(viewer).jpeg == b"one"
    news = InBackground(next, viewer)
    with pytest.raises(queue.Empty):
        news.result(timeout=0.1)
    broadcaster.publish(b"two")
    assert news.result().jpeg == b"two"


def test_silent_camera_repeats_its_last_frame(broadcaster):
    viewer = broadcaster.frames(repeat_after=0)
    broadcaster.publish(b"one")
    assert next(viewer) is next(viewer)


def test_new_viewer_never_sees_a_stale_frame(broadcaster):
    broadcaster.publish(b"an hour ago")
    broadcaster.mark_stale()
    viewer = broadcaster.frames(repeat_after=0.01)
    picture = InBackground(next, viewer)
    with pytest.raises(queue.Empty):
        picture.result(timeout=0.1)
    broadcaster.publish(b"now")
    assert picture.result().jpeg == b"now"


def test_fresh_waits_for_a_frame_and_counts_as_a_viewer(broadcaster):
    broadcaster.publish(b"an hour ago")
    broadcaster.mark_stale()
    still = InBackground(broadcaster.fresh, 5)
    eventually(lambda: broadcaster.viewers)
    broadcaster.publish(b"now")
    assert still.result().jpeg == b"now"
    assert broadcaster.viewers == 0


def test_fresh_of_a_silent_camera_is_none_rather_than_old(broadcaster):
    broadcaster.publish(b"an hour ago")
    broadcaster.mark_stale()
    assert broadcaster.fresh(0.01) is None


def test_fresh_of_a_watched_camera_returns_at_once(broadcaster):
    broadcaster.publish(b"one")
    assert broadcaster.fresh(0).jpeg == b"one"


def test_closed_viewer_is_not_counted(broadcaster):
    viewer = broadcaster.frames()
    broadcaster.publish(b"one")
    next(viewer)
    assert broadcaster.viewers == 1
    viewer.close()      # what a WSGI server does once a write has failed
    assert broadcaster.viewers == 0


def test_listener_is_called_for_each_frame_and_the_end(broadcaster):
    heard = []
    broadcaster.add_listener(lambda: heard.append(broadcaster.latest.number))
    for jpeg in (b"one", b"two"):
        broadcaster.publish(jpeg)
    broadcaster.close()
    assert heard == [1, 2, 2]


def test_close_releases_a_waiting_viewer(broadcaster):
    viewer = broadcaster.frames(repeat_after=NEVER)
    broadcaster.publish(b"one")
    next(viewer)
    rest = InBackground(list, viewer)
    broadcaster.close()
    assert rest.result() == []


def test_part_has_length_timestamp_and_closing_boundary(broadcaster):
    broadcaster.publish(b"jpeg", 1.25)
    assert broadcaster.latest.part == (
        b"Content-Type: image/jpeg\r\nContent-Length: 4\r\nX-Timestamp: 1.250000\r\n\r\n"
        b"jpeg\r\n--frame\r\n")


def test_frame_that_became_stale_is_not_shown(broadcaster):
    broadcaster.publish(b"before the mask")
    broadcaster.mark_stale()
    assert broadcaster.fresh(0.01) is None
    frames = broadcaster.frames(repeat_after=0.01)
    threading.Timer(0.1, broadcaster.publish, [b"after it"]).start()
    assert next(frames).jpeg == b"after it"
    frames.close()

"""Tracks: what counts as travelled, and what only changes its shape."""

import math

import pytest

from pyimagesearch.motion_detection.adaptive.timing import Timing
from pyimagesearch.motion_detection.adaptive.tracks import (
    Track,
    distance,
    is_alike,
    leapt,
    overlapped,
)

SIZE = (200, 150)


def continued(box, centre, tracks):
    return Track(box, centre, overlapped(box, tracks))


@pytest.mark.parametrize(("then", "now", "went"), [
    ((20, 50, 40, 90), (27, 50, 47, 90), 7),
    ((20, 50, 40, 90), (20, 44, 40, 84), 6),
    ((20, 50, 40, 90), (27, 50, 43, 90), 3),
    ((20, 50, 40, 90), (20, 50, 70, 90), 0),
    ((20, 50, 40, 90), (10, 50, 50, 90), 0),
    ((0, 50, 20, 90), (0, 50, 29, 90), 9),
    ((0, 50, 200, 90), (0, 58, 200, 98), 8),
    ((0, 50, 200, 150), (0, 42, 200, 150), 0),
    ((0, 0, 200, 150), (0, 0, 200, 150), 0)],
    ids=["across", "up", "the edge that went less far", "one edge", "grows", "enters",
         "whole width", "one free edge", "whole picture"])
def test_distance_is_what_both_edges_went(then, now, went):
    assert distance(then, now, SIZE) == went


def followed(boxes, timing):
    track = None
    for box in boxes:
        track = continued(box, (0, 0), [track] if track else [])
        track.follow(0.0, SIZE, timing)
    return track


def test_track_travels_as_far_as_its_box_went():
    boxes = [(20 + number, 50, 40 + number, 90) for number in range(12)]
    track = followed(boxes, Timing(10))
    assert track.travelled == 11
    assert track.age == 12
    assert track.path[0] == (20, 50, 40, 90)


@pytest.mark.parametrize("fps", [6, 25, 50])
def test_what_goes_somewhere_is_steady_and_what_sways_is_not(fps):
    timing, steps = Timing(fps), round(1.2 * fps)
    went = [round(20 * number / fps) for number in range(steps)]
    swayed = [round(8 * math.sin(9 * number / fps)) for number in range(steps)]
    assert followed([(60 + x, 50, 80 + x, 90) for x in went], timing).is_steady(timing)
    assert not followed([(60 + x, 50, 80 + x, 90) for x in swayed], timing).is_steady(timing)


def test_what_has_only_just_taken_shape_is_not_steady():
    timing = Timing(25)
    assert not followed([(20, 50, 40, 90), (30, 50, 50, 90), (40, 50, 60, 90)],
                        timing).is_steady(timing)


def test_split_and_merger_are_no_motion():
    whole, half = (20, 50, 60, 90), (40, 50, 60, 90)
    assert not is_alike(half, whole)
    track = continued(half, (0, 0), [Track(whole, (0, 0))])
    assert track.path == [half]
    assert track.age == 2


def test_region_goes_on_the_track_that_it_shares_most_with():
    left, right = Track((0, 0, 20, 20), (0, 0)), Track((22, 0, 42, 20), (0, 0))
    left.age, right.age = 5, 9
    assert continued((10, 0, 24, 20), (0, 0), [left, right]).age == 6
    assert continued((18, 0, 40, 20), (0, 0), [left, right]).age == 10
    assert continued((100, 0, 120, 20), (0, 0), [left, right]).age == 1


def test_leap_goes_on_the_path_although_legs_swing():
    old = Track((20, 50, 38, 90), (0, 0))
    box = (50, 50, 60, 90)
    assert not is_alike(box, old.box)
    assert leapt(box, [old], 30) is old
    assert Track(box, (0, 0), old).path == [old.box, box]


@pytest.mark.parametrize(("others", "farthest"), [
    ([], 20), ([(80, 50, 98, 90)], 50), ([], 0)],
    ids=["too far", "two that are alike", "nowhere"])
def test_no_leap_is_made_up(others, farthest):
    tracks = [Track(box, (0, 0)) for box in [(20, 50, 38, 90), *others]]
    assert leapt((50, 50, 68, 90), tracks, farthest) is None


def test_what_looks_otherwise_did_not_leap_here():
    assert leapt((50, 50, 90, 90), [Track((20, 50, 38, 90), (0, 0))], 100) is None


@pytest.mark.parametrize(("fps", "length"), [(6, 61), (25, 61), (50, 122)])
def test_path_is_that_of_the_last_seconds(fps, length):
    track = None
    for number in range(200):
        track = continued((20, 50, 40, 90), (number, 0), [track] if track else [])
        track.follow(0.0, SIZE, Timing(fps))
    assert len(track.path) == len(track.centres) == length
    assert track.centres[-1] == (199, 0)

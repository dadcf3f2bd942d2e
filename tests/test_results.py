"""Results of a replay in words and numbers."""

import pytest

from pyimagesearch.replay.event_log import Level, Peak, ReplayedEvent, SceneChange
from pyimagesearch.replay.player import Replay
from pyimagesearch.replay.recordings import Recording
from pyimagesearch.replay.results import (
    area_text,
    clock_text,
    lines_of,
    rows_of,
    summary,
    totals,
)
from pyimagesearch.replay.trial import Contender, Outcome
from pyimagesearch.settings.camera_settings import CameraSettings


def outcome(label, *begins, areas=(0.0, 4.0), **more):
    events = [ReplayedEvent(begin, begin + 1.0, Peak(begin, 20.0, rule="moves"))
              for begin in begins]
    levels = [Level(float(number), area) for number, area in enumerate(areas)]
    return Outcome(Contender(label, CameraSettings(name="x", source="demo")), levels, events, **more)


def replay(*outcomes):
    return Replay(Recording((), "a.mp4", 1.0), list(outcomes))


@pytest.mark.parametrize(("seconds", "text"), [
    (0, "0:00.0"), (9.96, "0:10.0"), (65.23, "1:05.2"), (3599.99, "1:00:00.0"),
    (7384.5, "2:03:04.5")])
def test_times_are_written_as_players_do(seconds, text):
    assert clock_text(seconds) == text


def test_areas_have_both_units():
    assert area_text(46.42) == "4.6 % (46.4 ‰)"


def test_totals_add_up_over_all_videos():
    replays = [replay(outcome("a", 1), outcome("b", 1, 3)),
               replay(outcome("a", 1, areas=(0.0,) * 6), outcome("b"))]
    assert [row[:3] for row in rows_of(totals(replays))] == [
        ("a", "2", "12.5 %"), ("b", "2", "50.0 %")]
    assert list(summary(replays, 2.0))[-1] == "0:06.0 of video in 2.0 s, 3.0 times real time"


def test_changes_of_the_scene_follow_the_events():
    found = outcome("a", 1, changes=[SceneChange(4.5, "light", "darker"), SceneChange(6, "moved")])
    assert list(lines_of(replay(found)))[1:] == [
        "  0:01.0 to 0:02.0    1.0 s  peak 2 % (20 ‰) at 0:01.0  moves",
        "  0:04.5  light (darker)", "  0:06.0  moved"]


def test_video_without_events_says_so():
    assert list(lines_of(replay(outcome("a"))))[1:] == ["  no motion event"]

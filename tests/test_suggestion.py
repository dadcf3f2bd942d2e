"""The settings that keep all real events with the fewest false ones."""

import tomllib

from pyimagesearch.replay.advice import advice_json, as_flags, as_toml, lines_about
from pyimagesearch.replay.event_log import Level
from pyimagesearch.replay.marks import MarkedRecording, Span
from pyimagesearch.replay.recordings import Recording
from pyimagesearch.replay.suggestion import contenders_for, suggest
from pyimagesearch.replay.trial import Outcome
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.command_line import parse_command_line

PRESENT = CameraSettings(name="front", source="demo", detector="adaptive")
REAL = Span(2.0, 3.0)


def settle(*videos, present=PRESENT):
    """
    Return the suggestion for *videos*, each (real event, areas by sensitivity).

    The areas are those of the frames of one second each, in per mille.
    """
    marked, outcomes = [], []
    for number, (real, areas) in enumerate(videos):
        marked.append(MarkedRecording(Recording((), f"{number}.mp4", 9.0), real))
        outcomes.append([Outcome(each, [
            Level(at / 5, area[at // 5])
            for area in [areas.get(each.settings.sensitivity, areas["normal"])]
            for at in range(5 * len(area))]) for each in contenders_for(present)])
    return suggest(marked, outcomes)


def text(suggestion, camera=""):
    return "\n".join(lines_about(suggestion, camera))


def quiet_but(second, area):
    areas = [0.0] * 12
    areas[second] = area
    return areas


def test_smallest_area_separates_large_from_small():
    found = settle((REAL, {"normal": quiet_but(2, 9.0)}), (None, {"normal": quiet_but(5, 2.5)}),
                   (REAL, {"normal": quiet_but(2, 10.0)}))
    assert (found.present.kept, found.present.false) == (2, 1)
    assert (found.best.kept, found.best.false) == (2, 0)
    assert found.changes == {"min_area": 5.0}       # between 3 and 8: the widest margin
    assert "--min-area 5" in text(found)
    assert "# in the settings file, above all tables\n  min_area = 5\n" in text(found)
    assert "\n  [cameras.front]\n  min_area = 5\n" in text(found, "front")
    assert "--min-area" not in text(found, "front")      # that is for all cameras
    assert "no longer reported: 1.mp4" in text(found)
    assert "of the real events, the smallest one reaches 0.9 % (9 ‰)" in text(found)


def test_cats_are_told_from_people_near_the_camera():
    found = settle((REAL, {"normal": quiet_but(2, 90.0)}), (None, {"normal": quiet_but(5, 45.0)}))
    assert found.changes == {"min_area": 50.0}


def test_sensitivity_is_changed_where_only_that_helps():
    found = settle((REAL, {"normal": quiet_but(2, 4.0), "low": quiet_but(2, 3.0)}),
                   (None, {"normal": quiet_but(5, 4.0), "low": [0.0] * 12}))
    assert found.changes == {"sensitivity": "low"}


def test_real_event_comes_before_any_number_of_false_ones():
    found = settle((REAL, {"normal": [0.0] * 12, "high": quiet_but(2, 2.0)}),
                   *[(None, {"normal": [0.0] * 12, "high": quiet_but(5, 2.0)})] * 3)
    assert found.changes == {"sensitivity": "high"}
    assert (found.best.kept, found.best.false) == (1, 3)
    assert "kept: 0.mp4" in text(found)
    assert text(found).count("  reported: ") == 3


def test_nothing_is_suggested_where_nothing_separates():
    same = {"normal": quiet_but(2, 4.0)}
    found = settle((REAL, same), (None, same))
    assert found.changes == {}
    assert "real and false events look too much alike" in text(found)
    assert "--" not in text(found)


def test_settings_that_are_right_already_stay():
    found = settle((REAL, {"normal": quiet_but(2, 4.0)}), (None, {"normal": [0.0] * 12}))
    assert found.changes == {}
    assert "nothing to improve" in text(found)
    assert "so few events (2) say little" in text(found)


def test_marks_of_one_kind_are_not_enough():
    assert "without a marked false alarm" in text(settle((REAL, {"normal": quiet_but(2, 4.0)})))
    found = settle((None, {"normal": quiet_but(2, 4.0)}))
    assert found.present.false == 1
    assert found.changes == {}
    assert "nothing is suggested without a real event: mark some with a star" in text(found)


def test_event_without_end_is_worse_than_one_that_ends():
    windy = [0.0, 0.0, 9.0] + [1.5] * 30
    found = settle((REAL, {"normal": windy}))
    assert found.present.overlong == 1
    assert found.changes["min_area"] > 1.5


def test_present_detector_is_kept_if_it_does_as_well():
    present = CameraSettings(name="front", source="demo", detector="single")
    areas = {"normal": quiet_but(2, 9.0)}, {"normal": quiet_but(5, 2.5)}
    found = settle((REAL, areas[0]), (None, areas[1]), present=present)
    assert "detector" not in found.changes
    assert [each.settings.detector for each in contenders_for(present)] == [
        "single", "adaptive", "adaptive", "adaptive"]


def test_event_near_a_real_one_reports_it():
    found = settle((REAL, {"normal": quiet_but(3, 9.0)}), (REAL, {"normal": quiet_but(5, 9.0)}))
    assert [each.reported for each in found.present.judgements] == [True, False]
    assert "still lost: 1.mp4" in text(found)


def test_next_event_at_the_end_of_a_clip_is_no_false_alarm():
    areas = quiet_but(2, 9.0)
    areas[11] = 9.0
    found = settle((REAL, {"normal": areas}))
    assert found.present.value == (1, 0, 0)


def test_suggestion_is_written_as_flags_and_as_toml():
    changed = {"detector": "adaptive", "sensitivity": "low", "min_area": 1.5, "min_frames": 4}
    settings = parse_command_line(as_flags(changed).split(), {}).settings
    assert {name: getattr(settings, name) for name in changed} == changed
    assert tomllib.loads("\n".join(as_toml(changed))) == changed


def test_suggestion_is_plain_data_for_json():
    found = advice_json(settle((REAL, {"normal": quiet_but(2, 9.0)}),
                               (None, {"normal": quiet_but(5, 2.5)})))
    assert found["flags"] == "--min-area 5"
    assert found["present"]["false"] == 1
    assert found["suggested"]["settings"] == found["present"]["settings"] | {"min_area": 5.0}
    assert (found["wanted"], found["suggested"]["kept"], found["suggested"]["false"]) == (1, 1, 0)

"""The benchmark of detection: made-up recordings, whose scores are known by hand."""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import detection as benchmark
from benchmarks.footage import Recording, clean_background, median_where, read_footage
from benchmarks.judging import (
    Pixels,
    Score,
    first_judged,
    judge,
    judge_after,
    motion_events,
    overlap,
    runs,
)
from benchmarks.weather_clips import MOTION, QUIET, Base, Part, cut
from pyimagesearch.errors import SettingsError
from pyimagesearch.motion_detection import Detection

FRAME = np.full((30, 40, 3), 90, np.uint8)
SQUARE = (10, 10, 20, 20)
MASK = np.zeros((30, 40), np.uint8)
MASK[10:20, 10:20] = 255
LARGE = np.kron(MASK, np.ones((10, 10), np.uint8))      # as the masks of recordings are read


def reporting(*intervals, mask=MASK, box=SQUARE, fps=10.0):
    """A watcher that reports *mask* in the frames of *intervals*."""
    def watch(frame, at):
        number = round(at * fps)
        if any(first <= number < end for first, end in intervals):
            return Detection((box,), 1000 * np.mean(mask > 0), mask, number)
        return Detection((), 0.0, None, number)
    return watch


def marked(frames=200, events=(), quiet=(), fps=10.0):
    return Recording("marked", fps, lambda: [FRAME] * frames, {}, events, quiet)


def masked(folder, masks, frames=None):
    """A recording whose masks, by number, are files in *folder*."""
    paths = {}
    for number, mask in masks.items():
        paths[number] = folder / f"gt{number:06}.png"
        cv2.imwrite(str(paths[number]), mask)
    return Recording("masked", 10.0, lambda: frames or [FRAME] * 120, paths)


def one(recording, watch):
    (score,) = judge(recording, [watch])
    return score


def test_event_is_found_once_three_frames_show_motion():
    score = one(marked(events=((60, 90),)), reporting((66, 90)))
    assert (score.events, score.events_found, score.delays) == (1, 1, [0.8])
    assert (score.found_frames, score.positive_frames) == (24, 30)
    short = one(marked(events=((60, 90),)), reporting((66, 68)))
    assert (short.events_found, short.delays) == (0, [])


def test_event_that_already_lasts_is_found_at_once():
    score = one(marked(events=((60, 90),)), reporting((50, 90)))
    assert score.delays == [0.0]


def test_motion_in_quiet_is_a_false_event_and_recorded_time():
    recording = marked(events=((150, 160),), quiet=((33, 140),))
    score = one(recording, reporting((50, 60), (150, 160)))
    assert (score.false_frames, score.quiet_frames) == (10, 107)
    assert score.quiet_seconds == pytest.approx(10.7)
    assert score.recorded_seconds == pytest.approx(1.0)
    assert score.false_events == 1


def test_event_just_before_the_motion_is_no_false_one():
    recording = marked(events=((100, 120),), quiet=((33, 100),))
    assert one(recording, reporting((91, 120))).false_events == 0
    assert one(recording, reporting((89, 120))).false_events == 1


def test_pause_within_one_event_is_not_held_against_a_detector():
    recording = marked(events=((60, 80), (110, 130)), quiet=((80, 110),))
    right = one(recording, reporting((60, 80), (110, 130)))
    assert (right.false_frames, right.recorded_seconds) == (0, 0.0)
    assert one(recording, reporting((60, 130))).recorded_seconds == 0.0


def test_endless_event_counts_by_its_quiet_time():
    score = one(marked(quiet=((50, 200),)), reporting((40, 200)))
    assert (score.false_events, score.recorded_seconds) == (0, 15.0)


def test_frames_that_teach_and_unmarked_ones_do_not_count():
    score = one(marked(events=((0, 40),), quiet=((0, 20), (100, 110))),
                reporting((0, 200)))
    assert (score.positive_frames, score.quiet_frames) == (7, 10)


def test_masks_follow_the_convention_of_changedetection():
    truth = np.array([[255, 255, 0, 50, 50, 85, 170]], np.uint8)
    said = np.array([[255, 0, 255, 255, 255, 255, 255]], np.uint8)
    assert Pixels().plus(said, truth) == (1, 3, 1)
    assert Pixels().plus(None, truth) == (0, 0, 2)
    assert Pixels(6, 2, 2).f_score == pytest.approx(0.75)
    assert Pixels().f_score == 0.0


def test_masks_say_what_moves_in_which_frames(tmp_path):
    few = np.zeros_like(MASK)
    few[5, 5] = 255         # 0.08 %: neither quiet nor to be found
    masks = {number: MASK if number >= 90 else few if number >= 80 else 0 * MASK
             for number in range(120)}
    recording = masked(tmp_path, masks)
    score = one(recording, reporting((95, 120), mask=LARGE, box=(100, 100, 200, 250)))
    assert (score.quiet_frames, score.positive_frames, score.found_frames) == (20, 30, 25)
    assert (score.events, score.delays) == (1, [0.7])
    assert score.pixels == (25 * 10_000, 0, 5 * 10_000 + 10 * 100)
    assert np.mean(score.overlaps) == pytest.approx(25 / 30 / 1.5)


def test_masks_from_the_first_frame_on_mean_longer_learning(tmp_path):
    unknown = np.full_like(MASK, 170)
    assert first_judged(masked(tmp_path, dict.fromkeys(range(9), MASK))) == 60
    late = masked(tmp_path, {**dict.fromkeys(range(70), unknown),
                             **dict.fromkeys(range(70, 80), MASK)})
    assert first_judged(late) == 70
    assert first_judged(marked(events=())) == 33


def test_too_few_masks_judge_no_pixels(tmp_path):
    score = one(masked(tmp_path, dict.fromkeys(range(80, 84), MASK)),
                reporting((70, 90), mask=LARGE))
    assert (score.pixels, score.overlaps) == (None, [])


def moving_square(folder):
    """A square that crosses noise; frames, masks and the noise are returned."""
    noise = np.random.default_rng(1).integers(0, 99, (300, 400, 3), np.uint8)
    frames, masks = [], {}
    for number in range(100):
        frame, mask = noise.copy(), np.zeros((300, 400), np.uint8)
        left = 4 * number
        frame[100:150, left:left + 40], mask[100:150, left:left + 40] = 255, 255
        frames.append(frame)
        masks[number] = mask
    return masked(folder, masks, frames), noise


def test_clean_background_is_what_was_never_in_the_way(tmp_path):
    recording, noise = moving_square(tmp_path)
    assert np.array_equal(clean_background(recording), noise)


def test_median_is_over_the_chosen_frames_only():
    frames = np.array([1, 9, 2, 3, 200, 250], np.uint8).reshape(6, 1, 1, 1)
    chosen = np.array([1, 0, 1, 1, 1, 1], bool).reshape(6, 1, 1)
    assert median_where(frames, chosen).tolist() == [[[3]]]


def test_what_always_stands_there_leaves_no_clean_background(tmp_path):
    assert clean_background(masked(tmp_path, dict.fromkeys(range(100), MASK))) is None


def test_clean_background_is_shown_forty_times_before(tmp_path):
    recording, noise = moving_square(tmp_path)
    shown = []

    def watch(frame, at):
        shown.append(np.array_equal(frame, noise))
        return Detection((), 0.0, None, 1)

    (pixels,) = judge_after(recording, noise, [watch])
    assert shown == [True] * 40 + [False] * 100
    assert pixels == (0, 0, 50 * sum(min(40, 400 - 4 * number) for number in range(60, 100)))


def test_overlap_is_the_shared_part_of_both_boxes():
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 30, 10)) == 0.0
    assert overlap(None, (0, 0, 10, 10)) == 0.0


def test_runs_are_parted_by_more_than_the_gap():
    flags = np.array([0, 1, 1, 0, 0, 1, 0, 0, 0, 1], bool)
    assert runs(flags) == [(1, 3), (5, 6), (9, 10)]
    assert runs(flags, gap=2) == [(1, 6), (9, 10)]


def test_events_are_those_of_the_product():
    motion = [False] * 10 + [True] * 10 + [False] * 60 + [True] * 5
    assert motion_events(motion, 10.0) == [(10, 19, 12), (80, 84, 82)]


def test_base_plays_quiet_frames_to_and_fro():
    recording = Recording("yard", 2.0, lambda: [FRAME + number for number in range(9)])
    clip = cut(Base("yard", (Part(QUIET, 0, 4, 30), Part(MOTION, 4, 9))), recording)
    shown = [int(frame[0, 0, 0]) - 90 for frame in clip.play()]
    assert shown[:9] == [0, 1, 2, 3, 2, 1, 0, 1, 2]
    assert shown[60:] == [4, 5, 6, 7, 8]
    assert (clip.quiet, clip.events) == (((40, 60),), ((60, 65),))


def scores(**false_frames):
    return {name: Score(false_frames=count, quiet_frames=100)
            for name, count in false_frames.items()}


def test_table_says_what_is_met_and_missed():
    results = {name: benchmark.Result({benchmark.MAIN: scores(yard=count)})
               for name, count in (("single", 26), ("adaptive", 2), ("better", 1))}
    line = benchmark.table(results).splitlines()[2]
    assert line == ("| false-alarm frames | ≤ 3.0 % | ≤ 1.0 % | 26.0 % MISSED "
                    "| 2.0 % met | 1.0 % aim met |")


def test_of_some_figures_more_is_better():
    row = next(row for row in benchmark.ROWS if row.title == "pixel F")
    assert [row.shown(value) for value in (0.5, 0.88, 0.95, None)] == [
        "0.500 MISSED", "0.880 met", "0.950 aim met", "–"]


def test_cpu_time_is_a_ratio_to_the_tutorials():
    found = {"yard": Score(cost=0.003, tutorials_cost=0.002),
             "hall": Score(cost=0.003, tutorials_cost=0.001)}
    assert benchmark.cost(found) == pytest.approx(2.0)
    assert benchmark.cost({}) is None


def test_leaving_one_out_names_the_sequence():
    row = benchmark.ROWS[0]
    assert benchmark.spread(row, scores(yard=8, hall=0, road=1)) == (
        "4.5 % (without hall) to 0.5 % (without yard)")


def test_halves_share_no_sequence_and_keep_weather_with_its_base():
    found = scores(yard=1, hall=2, road=3, **{"yard in snow": 4, "road in rain": 5})
    first, second = (benchmark.part_of(found, half) for half in (0, 1))
    assert {**first, **second} == found
    assert not first.keys() & second.keys()
    assert ("yard" in first) == ("yard in snow" in first)


@pytest.fixture
def footage(tmp_path):
    """A folder with one recording: 100 frames, in which a square comes in the 70th."""
    for folder in ("yard", "masks"):
        (tmp_path / folder).mkdir()
    rng = np.random.default_rng(1)
    for number in range(100):
        frame = rng.integers(90, 96, (150, 200, 3), np.uint8)
        mask = np.zeros((150, 200), np.uint8)
        if number >= 70:
            left = 4 * (number - 70)
            frame[50:90, left:left + 30], mask[50:90, left:left + 30] = 230, 255
        cv2.imwrite(str(tmp_path / f"yard/in{number + 1:06}.jpg"), frame)
        cv2.imwrite(str(tmp_path / f"masks/gt{number + 1:06}.png"), mask)
    item = {"name": "yard", "fps": 10, "path": "yard", "gt": "masks", "events": None,
            "quiet": None}
    (tmp_path / "MANIFEST.json").write_text(json.dumps({"items": [item]}))
    return tmp_path


def measured(footage, *detectors, **options):
    benchmark.run(argparse.Namespace(**{
        "footage": footage, "only": "", "weather": "none", "halves": False, "json": None,
        "leave_one_out": False, "verbose": False, "detectors": list(detectors), **options}))


def test_program_measures_detectors_on_a_folder(footage, capsys):
    measured(footage, "knn", json=footage / "scores.json", halves=True, leave_one_out=True)
    printed = capsys.readouterr().out
    assert "| | must | aim | single | knn |" in printed
    assert "main: 1 recordings, 1 s of quiet, 10 quiet frames, 1 events" in printed
    assert "| events found | ≥ 100.0 % | ≥ 100.0 % | 100.0 % aim met | 100.0 % aim met |" in printed
    kept = json.loads((footage / "scores.json").read_text())
    found = kept["single"]["groups"]["main"]["yard"]
    assert (found["quiet_frames"], found["positive_frames"]) == (10, 30)
    assert found["events_found"] == found["events"] == 1
    assert 0 < found["tutorials_cost"] < kept["knn"]["groups"]["main"]["yard"]["cost"]


def test_program_measures_classes_with_apply(footage, capsys, monkeypatch):
    (footage / "own_subtractors.py").write_text(
        "import numpy as np\n"
        "class Everything:\n"
        "    def __init__(self, fps):\n"
        "        self.boxes = [(0, 0, 400, 300)] if fps == 10 else []\n"
        "    def apply(self, frame):\n"
        "        return np.full(frame.shape[:2], 255, np.uint8), self.boxes\n"
        "    def look(self, image): raise AssertionError\n")
    monkeypatch.syspath_prepend(footage)
    measured(footage, "own_subtractors:Everything")
    assert "| false-alarm frames | ≤ 3.0 % | ≤ 1.0 % | 0.0 % aim met | 100.0 % MISSED |" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "reason"), [
    (None, "MANIFEST.json in it cannot be read"), ("{", "must be JSON with a list of items"),
    ("{}", "must be JSON with a list of items")])
def test_folder_without_a_manifest_is_one_sentence(tmp_path, text, reason):
    if text is not None:
        (tmp_path / "MANIFEST.json").write_text(text)
    with pytest.raises(SettingsError, match=reason):
        read_footage(Path(tmp_path))

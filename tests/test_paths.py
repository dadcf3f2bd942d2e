"""The paths of clips and stills."""

import datetime
import time
from zoneinfo import ZoneInfo

from filming import BEGAN
from pyimagesearch.recording.paths import new_stem


def test_paths_are_by_camera_day_and_time_and_unique(tmp_path):
    first = new_stem(tmp_path, "front", BEGAN)
    assert first.relative_to(tmp_path).parts[0] == "front"
    first.with_name(first.name + ".part.mp4").touch()
    second = new_stem(tmp_path, "front", BEGAN)
    assert second.name == first.name + "_2"
    assert new_stem(tmp_path, "front", BEGAN, {second}).name == first.name + "_3"


def test_hour_that_comes_twice_in_autumn_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    try:
        time.tzset()
        half_past_two = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
        summer, winter = (half_past_two.replace(fold=fold).timestamp() for fold in (0, 1))
        first = new_stem(tmp_path, "front", summer)
        first.with_name(first.name + ".mp4").touch()
        assert winter - summer == 3600
        assert new_stem(tmp_path, "front", winter).relative_to(tmp_path).parts == (
            "front", "2026-10-25", "02-30-00_2")
    finally:
        monkeypatch.undo()
        time.tzset()

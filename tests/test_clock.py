"""The time zone of the machine, which may change while the program runs."""

import datetime
import os
import shutil
import time
from zoneinfo import TZPATH

import pytest

from harness import eventually
from pyimagesearch.clock import TimeZone

NOON = 1_800_014_400.0      # UTC


def put_zone(file, name):
    """Replace *file* by the zone of this *name*, as timedatectl does."""
    found = next(path for folder in TZPATH if os.path.exists(path := f"{folder}/{name}"))
    new = file.with_name("new")
    shutil.copyfile(found, new)
    new.replace(file)


def hour():
    return datetime.datetime.fromtimestamp(NOON).hour


@pytest.mark.parametrize("prefix", ["", ":"])
def test_time_zone_is_followed_each_time_it_changes(tmp_path, monkeypatch, prefix):
    file = tmp_path / "localtime"
    put_zone(file, "Etc/UTC")
    monkeypatch.setenv("TZ", f"{prefix}{file}")
    try:
        time.tzset()
        zone = TimeZone()
        for name, expected in (("Etc/UTC", 12), ("Asia/Tokyo", 21), ("Europe/Berlin", 13),
                               ("Asia/Tokyo", 21)):
            put_zone(file, name)
            zone.follow()
            assert hour() == expected
        file.unlink()       # while it is replaced in two steps
        zone.follow()
        assert hour() == 21
    finally:
        monkeypatch.undo()
        time.tzset()


def test_etc_localtime_is_read_again_without_tz(monkeypatch):
    # the file is the machine's, so this sees only that the C library is asked
    asked = []
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(time, "tzset", lambda: asked.append(os.environ.get("TZ")))
    TimeZone().follow()
    assert asked == [None]


def test_new_time_zone_counts_in_a_running_program(start, tmp_path):
    file = tmp_path / "localtime"
    put_zone(file, "Etc/UTC")
    program = start("--source", "demo:320x240@10", env={"TZ": f":{file}"})
    program.wait_for("learning")
    program.send("POST", "/record_status", status=True)
    put_zone(file, "Asia/Tokyo")
    eventually(lambda: any("the time zone is JST (UTC+0900) now" in line
                           for line in program.log))
    assert "+09:00" in eventually(lambda: "datetime" in (
        page := program.get("/events").decode()) and page)

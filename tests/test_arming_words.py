"""What pages say of arming."""

import datetime
from types import SimpleNamespace

from pyimagesearch.status import CameraArmed, ModeStatus
from pyimagesearch.web.arming_words import camera_words, mode_json, system_words

NOON = datetime.datetime(2026, 11, 27, 12).timestamp()
EVENING, MORNING = NOON + 6 * 3600, NOON + 18 * 3600
ARMED, OUTSIDE = CameraArmed(True, "mode away", None), CameraArmed(False, "outside its hours", EVENING)


def said(mode, **cameras):
    return system_words(SimpleNamespace(
        arming=SimpleNamespace(mode=mode, camera=cameras.get), feeds=cameras), NOON)


def test_words_name_the_mode_and_the_exceptions():
    away, home = ModeStatus("away", None, ""), ModeStatus("home", EVENING, "away")
    assert said(away, front=ARMED, yard=ARMED) == "Away: all cameras are armed."
    only_away = CameraArmed(False, "only in mode away", EVENING)
    assert said(home, front=ARMED, yard=only_away) == (
        "Home until 18:00, then away: 1 of 2 cameras is armed. yard: not armed, only in mode away.")
    night = CameraArmed(True, "mode away, within its hours", MORNING)
    assert said(away, front=night, yard=ARMED, hall=OUTSIDE) == (
        "Away: 2 of 3 cameras are armed. front: armed until 28 November, 06:00. "
        "hall: not armed until 18:00, outside its hours.")
    off = CameraArmed(False, "mode off", EVENING)
    assert said(ModeStatus("off", EVENING, "home"), front=off, yard=off) == (
        "Off until 18:00, then home: no camera is armed.")


def test_words_about_many_cameras_stay_short():
    many = {f"camera{number}": OUTSIDE for number in range(14)}
    assert said(ModeStatus("away", None, ""), front=ARMED, **many) == (
        "Away: 1 of 15 cameras is armed. camera0, camera1, camera2 and 11 more: "
        "not armed until 18:00, outside its hours.")
    others = {f"c{hour}": CameraArmed(True, "", NOON + hour * 3600) for hour in range(1, 9)}
    assert said(ModeStatus("away", None, ""), **others).endswith(
        "c4: armed until 16:00. The schedule shows 4 more.")


def test_words_about_one_camera_name_no_camera():
    assert said(ModeStatus("away", None, ""), front=OUTSIDE) == (
        "Away: not armed until 18:00, outside its hours.")
    off = ModeStatus("off", MORNING, "away")
    assert camera_words(off, CameraArmed(False, "mode off", MORNING), NOON) == (
        "Off until 28 November, 06:00, then away: not armed.")


def test_words_say_that_cameras_are_switched_off():
    services = SimpleNamespace(
        arming=SimpleNamespace(mode=ModeStatus("home", EVENING, "away"), camera=lambda name: ARMED),
        feeds={"front": None}, privacy=SimpleNamespace(off_since=0.0))
    assert mode_json(services, NOON)["words"] == (
        "Home until 18:00, then away, but all cameras are switched off.")
    services.privacy.off_since = None
    assert mode_json(services, NOON)["words"] == "Home until 18:00, then away: armed."

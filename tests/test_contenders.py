"""The settings to replay with."""

from dataclasses import replace

import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.replay.contenders import PRESENT, SettingsOfCameras, contenders
from pyimagesearch.replay.recordings import Recording
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.settings import Settings

PRESENT_SETTINGS = CameraSettings(name="front", source="demo", min_area=4.0, frame_count=20,
                                  detector="single")


def found(*texts):
    return {each.label: each.settings for each in contenders(PRESENT_SETTINGS, texts)}


def test_nothing_to_compare_leaves_the_present_settings():
    assert found() == {PRESENT: PRESENT_SETTINGS}


def test_detectors_and_settings_are_compared():
    assert found("single,mog2", "single  threshold=40 --min-area=2") == {
        "single": PRESENT_SETTINGS,
        "mog2": replace(PRESENT_SETTINGS, detector="mog2"),
        "single threshold=40 --min-area=2": replace(
            PRESENT_SETTINGS, threshold=40, min_area=2.0)}


def test_one_contender_is_compared_with_the_present_settings():
    assert found("min-area=9") == {
        PRESENT: PRESENT_SETTINGS, "min-area=9": replace(PRESENT_SETTINGS, min_area=9.0)}


@pytest.mark.parametrize(("text", "sentence"), [
    ("single min-aera=2", "'min-aera=2', but min-aera is none of.*did you mean min_area"),
    ("adaptive foo=3", "'foo=3', but foo is none of the settings to compare: .*sensitivity, "),
    ("adaptive sensitivity", "'sensitivity', which needs a value: sensitivity="),
    ("threshold", "'threshold', which needs a value: threshold="),
    ("single min-area=x", "min-area in --compare is 'x', but must be a number from 0 to 1000"),
    ("single 40", "'40', but must name"), ("single source=demo", "'source=demo', but source is none"),
    ("single,", "detector in --compare is '', but must be"),
    ("nonsense", "detector in --compare is 'nonsense', but must be"),
    (",".join(["single"] * 9), "has 9 entries, but must have 8 or fewer")])
def test_wrong_comparison_is_one_sentence(text, sentence):
    with pytest.raises(SettingsError, match=sentence) as wrong:
        contenders(PRESENT_SETTINGS, [text])
    assert "\n" not in str(wrong.value)


def recording(camera=None):
    clips = () if camera is None else (
        ClipMetadata(event=1, camera=camera, kind="motion", begin=0.0),)
    return Recording((), "x", 0.0, clips)


@pytest.fixture
def known():
    settings = Settings(source=("front=demo", "yard=demo"), min_area=3.0, threshold=30,
                        tables={"yard": {"min_area": 8.0, "threshold": 50}},
                        fixed={"threshold": "--threshold", "min_area": "SURVEILLANCE_MIN_AREA"})
    return SettingsOfCameras(settings, settings.cameras())


def test_clip_is_replayed_with_the_settings_of_its_camera(known):
    assert known.of(recording("yard"), None).min_area == 8.0
    assert known.of(recording("front"), None).min_area == 3.0
    assert known.of(recording("elsewhere"), None).min_area == 3.0
    assert known.of(recording(), "yard").min_area == 8.0
    assert known.of(recording("front"), "yard").min_area == 8.0


def test_suggestions_are_for_the_table_of_a_camera(known):
    assert known.table(recording("yard"), None) == "yard"
    assert known.table(recording("front"), "yard") == "yard"
    assert known.table(recording("front"), None) == "front"     # others keep theirs
    assert known.table(recording(), None) == ""


def test_suggestions_for_the_only_camera_are_for_all():
    settings = Settings()
    assert SettingsOfCameras(settings, settings.cameras()).table(recording(), None) == ""


def test_settings_of_the_command_line_come_before_a_cameras_own(known):
    assert known.of(recording("yard"), None).threshold == 30


def test_only_camera_is_that_of_all_videos():
    settings = Settings(source=("yard=demo",), tables={"yard": {"min_area": 8.0}})
    known = SettingsOfCameras(settings, settings.cameras())
    assert known.of(recording(), None).min_area == 8.0
    assert known.table(recording(), None) == "yard"


def test_camera_without_a_source_has_settings_of_its_own():
    settings = Settings(min_area=3.0)
    known = SettingsOfCameras(settings, settings.cameras(),
                              [replace(settings.common("tree"), min_area=7.0)])
    assert known.of(recording(), "tree").min_area == 7.0
    assert known.of(recording("tree"), None).min_area == 7.0
    assert known.of(recording(), None).name == "camera"     # still the only configured one


def test_unknown_camera_is_one_sentence(known):
    with pytest.raises(SettingsError, match=r"--camera is 'yrad', but must be one of front, "
                       r"yard; did you mean yard\?"):
        known.of(recording(), "yrad")

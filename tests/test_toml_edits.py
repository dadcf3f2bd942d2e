"""Edits of the settings file: what is meant changes, comments and order stay."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.settings.toml_edits import (
    change_values,
    remove_camera,
    rename_camera,
    reorder_cameras,
)

FILE = """\
# of the house
quality = 70 # less for the yard

# at the door
[cameras.front]
source = "demo" # later the real one
min_area = 2

[[cameras.front.zones]]
name = "drive" # zone
polygon = "0,0 9,0 9,9"

# over the pond
[cameras."yard"]
source = "0"
"""


def test_value_is_changed_in_place():
    assert change_values(FILE, "front", {"min_area": 3.5}) == FILE.replace(
        "min_area = 2", "min_area = 3.5")


def test_new_value_goes_above_the_tables():
    assert change_values(FILE, None, {"keep": "5GB"}) == FILE.replace(
        "for the yard\n", "for the yard\n\nkeep = \"5GB\"\n")


def test_new_camera_goes_below_the_others():
    assert change_values(FILE, "attic", {"source": "rtsp://h/1"}) == (
        FILE + '\n[cameras.attic]\nsource = "rtsp://h/1"\n')


def test_removed_camera_takes_its_comment_along():
    assert remove_camera(FILE, "yard") == FILE[:FILE.index("\n# over the pond")]
    assert remove_camera(FILE, "front") == (
        FILE[:FILE.index("# at the door")] + FILE[FILE.index("# over the pond"):])


def test_renamed_camera_stays_in_its_place():
    assert rename_camera(FILE, "front", "door") == FILE.replace("cameras.front", "cameras.door")
    assert rename_camera(FILE, "yard", "pond") == FILE.replace('"yard"', '"pond"')


def test_cameras_change_places_with_their_comments():
    begin, other = FILE.index("# at the door"), FILE.index("# over the pond")
    assert reorder_cameras(FILE, ["yard", "front"]) == (
        FILE[:begin] + FILE[other:] + "\n" + FILE[begin:other - 1])


def test_zones_take_a_line_each():
    zones = [{"name": "a", "polygon": "0,0 9,0 9,9"}, {"name": "b", "polygon": "1,1 9,0 9,9"}]
    text = change_values(FILE, "front", {"zones": zones})
    assert tomllib.loads(text)["cameras"]["front"]["zones"] == zones
    assert "# later the real one" in text
    assert '\n    {name = "a"' in text


@pytest.mark.parametrize("text", [
    'cameras.front.source = "demo"\ncameras.yard.source = "0"\n',
    'cameras = {front = {source = "demo"}, yard = {source = "0"}}',
    '["cameras".front]\nsource="demo"\n[cameras]\nyard.source = "0"\n',
    '[cameras.front]\nsource="""\n[cameras.yard]\n"""\n[cameras.yard]\nsource = "0"'])
def test_unusual_syntax_is_edited_as_it_is_meant(text):
    meant = tomllib.loads(text)["cameras"]
    assert tomllib.loads(rename_camera(text, "front", "a"))["cameras"] == {
        "a": meant["front"], "yard": meant["yard"]}
    assert list(tomllib.loads(reorder_cameras(text, ["yard", "front"]))["cameras"]) == [
        "yard", "front"]
    assert tomllib.loads(remove_camera(text, "front"))["cameras"] == {"yard": meant["yard"]}
    changed = tomllib.loads(change_values(text, "front", {"fps": 5.0, "source": "1"}))
    assert changed["cameras"] == {"front": {"source": "1", "fps": 5.0}, "yard": meant["yard"]}


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.text(max_size=9),
                   st.lists(st.text(max_size=5), max_size=3))
EDITS = st.one_of(
    st.tuples(st.just(change_values), st.sampled_from([None, "front", "yard", "new"]),
              st.dictionaries(st.sampled_from(["fps", "min_area", "mask"]), VALUES)),
    st.tuples(st.just(remove_camera), st.sampled_from(["front", "yard", "new"])),
    # never to a name that another has
    st.sampled_from([(rename_camera, "front", "door"), (rename_camera, "yard", "pond")]),
    st.tuples(st.just(reorder_cameras), st.permutations(["front", "yard", "new"])))


@given(st.lists(EDITS, max_size=4))
def test_edits_keep_all_that_they_do_not_concern(edits):
    text = FILE
    for edit, *arguments in edits:
        if edit is not rename_camera or arguments[1] not in tomllib.loads(text).get("cameras", {}):
            text = edit(text, *arguments)
    content = tomllib.loads(text)
    assert content["quality"] == 70
    assert text.startswith("# of the house\nquality = 70 # less for the yard\n")
    for camera in content.get("cameras", {}).values():
        assert camera

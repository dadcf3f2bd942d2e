"""Names of the classes of a model, and their groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.class_labels import (
    COCO_LABELS,
    labels_in,
    read_labels,
)
from pyimagesearch.object_detection.object_groups import (
    GROUPS,
    group_of,
    unknown_objects,
)
from pyimagesearch.settings.settings import Settings


def test_labels_are_read_one_a_line(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffperson\r\n car \r\n\r\nmâle\x1b[1m\r\n\n".encode())
    assert read_labels(path) == ("person", "car", "", r"mâle\x1b[1m")


@pytest.mark.parametrize(("content", "reason"), [
    (b"", "must be a text file in UTF-8 with a label a line"),
    (b"\n \n", "must be a text file in UTF-8 with a label a line"),
    (b"car\xff", "must be a text file in UTF-8 with a label a line"),
    (b"\0" * 9, "must be a text file in UTF-8 with a label a line"),
    (b"x" * 1_000_001, "this file has 1 MB; at most 1 MB are read"),
    (None, "this file cannot be read: No such file or directory")])
def test_unusable_labels_are_refused(tmp_path, content, reason):
    path = tmp_path / "labels.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_labels(path)
    assert str(refused.value) == f"--labels is '{path}', but {reason}"


@pytest.mark.parametrize(("names", "labels"), [
    ("{0: 'person', 1: 'car'}", ("person", "car")), ("{1: 'car', 0: 'person'}", ("person", "car")),
    ('["person"]', ("person",)), ("{1: 'car'}", None), ("{}", None), ("[1]", None),
    ("{0: 'person'", None), ("open('x')", None), ("[" * 9999, None), ("'ab'", None)])
def test_labels_of_a_model_are_a_dict_or_a_list(names, labels):
    assert labels_in({"names": names}) == labels


@given(st.text("{}[]'\",:01a \0\n"))
def test_any_metadata_is_labels_or_none(names):
    labels = labels_in({"names": names})
    assert labels is None or all(each.isprintable() for each in labels)


def test_coco_has_three_groups_of_labels():
    groups = {label: group_of(label) for label in COCO_LABELS}
    assert len(COCO_LABELS) == 80
    assert set(groups.values()) == {*GROUPS, ""}
    assert groups["person"] == "person"
    assert groups["truck"] == "vehicle"
    assert groups["dog"] == "animal"
    assert {groups[each] for each in ("frisbee", "kite", "teddy bear", "zebra")} == {""}


def test_groups_know_other_models_words():
    assert [group_of(each) for each in ("Person", "Land_vehicle", " Cat ", "pedestrian", "???")
            ] == ["person", "vehicle", "animal", "person", ""]


def test_object_that_no_model_recognises_is_reported():
    def reported(words, **options):
        return list(unknown_objects(Settings(source=("front=demo",), alert_only=words,
                                             **options).cameras()))
    assert reported("persons,person, Pickup_truck,dog") == [
        "alert_only of camera front has persons, which is never recognised; the names are person, "
        "vehicle, animal, or labels of the model, such as dog"]
    assert reported("any") == reported("blue ball", detector="own.module:Blue") == []

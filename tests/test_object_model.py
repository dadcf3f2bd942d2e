"""Models of each layout, and files that are none."""

import os

import cv2
import numpy as np
import pytest
from onnx import TensorProto, helper
from onnx.external_data_helper import convert_model_to_external_data

import tiny_models
from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.class_labels import COCO_LABELS
from pyimagesearch.object_detection.object_model import ObjectModel

LAYOUTS = {
    "YOLOX, raw": tiny_models.yolox,
    "YOLOX, decoded": tiny_models.yolox_decoded,
    "YOLOv5 or 7": tiny_models.yolov5,
    "YOLOv8, 9 or 11": tiny_models.yolov8,
    "end-to-end, as YOLOv10": tiny_models.end_to_end}


def red_at(*cells, of=(2, 2), side=32, colour=(0, 0, 255)):
    """Return a picture with *cells* (column, row) in *colour*, of so many cells."""
    image = np.zeros((of[1] * side, of[0] * side, 3), np.uint8)
    for column, row in cells:
        image[row * side:(row + 1) * side, column * side:(column + 1) * side] = colour
    return image


@pytest.fixture
def load(tmp_path):
    """Return a function that saves a model and loads it."""
    return lambda model, *args: ObjectModel(
        tiny_models.save(model, tmp_path / "model.onnx"), *args)


@pytest.fixture
def refusal(tmp_path):
    """Return a function that returns why a file with these bytes is refused."""
    def refuse(data, *args):
        path = tmp_path / "model.onnx"
        path.write_bytes(data if isinstance(data, bytes) else data.SerializeToString())
        with pytest.raises(SettingsError) as refused:
            ObjectModel(path, *args)
        sentence = str(refused.value)
        assert sentence.startswith(f"--objects is '{path}', but ")
        assert sentence.isprintable()
        return sentence.removeprefix(f"--objects is '{path}', but ")
    return refuse


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_finds_the_exact_box(load, name):
    model = load(LAYOUTS[name]())
    assert (model.layout, model.size, model.labels) == (name, (64, 64), tiny_models.LABELS)
    [found] = model.find(red_at((1, 0)), 0.4)
    assert (found.label, found.box) == ("person", (32, 0, 64, 32))
    assert found.score == pytest.approx(1 / (1 + np.exp(-3)), abs=0.01)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_gets_colours_in_its_order_and_scale(load, name):
    model = load(LAYOUTS[name]())
    assert model.find(red_at((1, 0), colour=(255, 0, 0)), 0.1) == []
    [found] = model.find(red_at((1, 0), colour=(0, 0, 128)), 0.4)
    assert found.score == pytest.approx(0.5, abs=0.01)


def test_boxes_are_in_pixels_of_the_picture(load):
    model = load(tiny_models.yolox())
    wide = red_at((2, 0), (3, 0), (2, 1), (3, 1), of=(4, 2), side=100)
    assert [each.box for each in model.find(wide, 0.4)] == [(200, 0, 400, 200)]
    tall = red_at((0, 2), (1, 2), (0, 3), (1, 3), of=(2, 4), side=10)
    assert [each.box for each in model.find(tall, 0.4)] == [(0, 20, 20, 40)]


def test_best_objects_come_first(load):
    image = red_at((0, 0), (0, 1), (1, 1))
    image[32:, :32] //= 2
    image[32:, 32:] = (0, 0, 200)
    found = load(tiny_models.yolox()).find(image, 0.4)
    assert [each.box for each in found] == [(0, 0, 32, 32), (32, 32, 64, 64), (0, 32, 32, 64)]
    assert len(load(tiny_models.yolox()).find(image, 0.7)) == 2


def test_side_replaces_the_size_in_the_file(load):
    """YOLOX-Nano is made for 416 px, and is used with 256."""
    for model in (load(tiny_models.convolving(), None, 96),
                  load(tiny_models.convolving(size=(96, 96)))):
        assert model.size == (96, 96)
        [found] = model.find(red_at((2, 1), of=(3, 3)), 0.4)
        assert found.box == (64, 32, 96, 64)


def test_fixed_model_refuses_another_side(load):
    with pytest.raises(SettingsError, match="cannot run this model"):
        load(tiny_models.yolox(), None, 128)


def test_inputs_that_are_no_square_fit(load):
    model = load(tiny_models.convolving(size=(128, 64)))
    assert model.size == (128, 64)
    [found] = model.find(red_at((3, 1), of=(4, 2)), 0.4)
    assert found.box == (96, 32, 128, 64)


def test_open_size_is_256(load):
    model = load(tiny_models.convolving(size=("width", "height")))
    assert model.size == (256, 256)
    [found] = model.find(red_at((7, 1), of=(8, 8)), 0.4)
    assert found.box == (224, 32, 256, 64)


def test_labels_come_from_option_file_or_coco(load):
    assert load(tiny_models.yolox()).labels == ("person", "car", "dog")
    assert load(tiny_models.yolox(), ["a", " b\n", "c\x1b"]).labels == ("a", "b", r"c\x1b")
    assert load(tiny_models.yolox(metadata={}), "abc").labels == ("a", "b", "c")
    assert load(tiny_models.yolox(classes=80, metadata={})).labels == COCO_LABELS
    named = tiny_models.yolox(classes=1, metadata={"names": "['pedestrian']"})
    assert load(named).labels == ("pedestrian",)


def test_wrong_number_of_labels_is_refused(refusal, load):
    with pytest.raises(SettingsError, match=r"^it must have 3 labels, one a line, .*; it has 2$"):
        load(tiny_models.yolox(), ["person", "dog"])
    assert refusal(tiny_models.yolox(metadata={"names": "{'a': 1"})) == (
        "it does not name its classes; name them with --labels FILE, one a line")
    assert refusal(tiny_models.end_to_end(metadata={})) == (
        "it does not name its classes; name them with --labels FILE, one a line")


def test_class_without_label_is_no_object(load):
    assert load(tiny_models.end_to_end(number=2)).find(red_at((0, 0)), 0.4)[0].label == "dog"
    assert load(tiny_models.end_to_end(number=3)).find(red_at((0, 0)), 0.4) == []


def test_unknown_output_is_refused_with_known_shapes(refusal):
    rest = tiny_models.constant("rest", np.zeros((1, 84, 2)))
    assert refusal(tiny_models.model(
        tiny_models.red(0, full=1), [rest], ["score", "rest"], [1, 84, 3], {})) == (
        "its output has the unknown shape (1, 84, 3); known for an input of 64 x 64 are "
        "(1, 84, 5 + classes) of YOLOX, (1, 4 + classes, 84) of YOLOv8, 9 and 11, "
        "(1, 252, 5 + classes) of YOLOv5 and 7, and (1, n, 6) of end-to-end models such as "
        "YOLOv10")


def test_unknown_inputs_are_refused(refusal):
    value = helper.make_tensor_value_info
    model = tiny_models.yolox()
    model.graph.input.append(value("more", TensorProto.FLOAT, [1]))
    assert refusal(model).startswith("it has 2 inputs and 1 outputs; only")
    for shape, shown in (([1, 64, 64, 3], "(1, 64, 64, 3)"), ([8, 3, 64, 64], "(8, 3, 64, 64)"),
                         ([1, 3, 64, 9999], "(1, 3, 64, 9999)"), ([], "()")):
        model = tiny_models.yolox()
        model.graph.input[0].CopyFrom(value("images", TensorProto.FLOAT, shape))
        assert refusal(model) == (f"its input has the unknown shape {shown}; known is "
                                  "(1, 3, height, width) with 32 to 2048 pixels")


def test_weights_in_other_files_are_refused(refusal):
    model = tiny_models.yolox()
    convert_model_to_external_data(model, location="weights", size_threshold=0)
    assert refusal(model) == "it has weights in other files; export it as one file"


def test_unknown_operator_is_named(refusal):
    model = tiny_models.yolox()
    model.graph.node[-1].op_type = "Frobnicate"
    sentence = refusal(model)
    assert sentence.startswith(f"OpenCV {cv2.__version__} cannot ")
    assert "Frobnicate" in sentence
    assert "error: (" not in sentence


def test_scores_beyond_one_are_refused(refusal):
    logits = tiny_models.constant("classes", np.full((1, 84, 3), 3000))
    assert refusal(tiny_models.yolox_decoded(classes=logits)).startswith(
        "its scores are not from 0 to 1")


def test_files_that_are_no_model_are_refused(refusal):
    for data in (b"", b"\0" * 100, os.urandom(4000), b"PK\3\4" + b"x" * 400,
                 b"\xff" * 64, cv2.imencode(".jpg", red_at((0, 0)))[1].tobytes()):
        assert refusal(data) == "this is not an ONNX file, or is damaged"
    assert refusal(b"\x3a\x00") == ("it has 0 inputs and 0 outputs; only models with one "
                                    "of each are known")


def test_paths_that_are_no_file_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    (tmp_path / "huge.onnx").touch()
    os.truncate(tmp_path / "huge.onnx", 600_000_000)
    for name, reason in (
            ("missing.onnx", "this file cannot be read: No such file or directory"),
            (".", "this is not a file"), ("pipe.onnx", "this is not a file"),
            ("huge.onnx", "this file has 600 MB; at most 500 MB are read")):
        with pytest.raises(SettingsError, match=f"but {reason}$"):
            ObjectModel(tmp_path / name)


def test_truncated_file_is_refused(refusal):
    data = tiny_models.yolov8().SerializeToString()
    for length in range(0, len(data) - 1, 37):
        refusal(data[:length])


def test_odd_boxes_stay_within_the_picture(load):
    values = np.tile([32, 32, 1e30, 1e30], (1, 84, 1))
    values[0, 81:] = np.array([[np.nan], [np.inf], [-5]])
    model = load(tiny_models.yolox_decoded(boxes=tiny_models.constant("boxes", values)))
    found = model.find(red_at((0, 0), (0, 1), (1, 0), (1, 1)), 0.4)
    assert [each.box for each in found] == [(0, 0, 64, 64)]

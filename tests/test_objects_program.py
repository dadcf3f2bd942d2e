"""The program recognises the person of its demo, from the camera to the API."""

import json

import cv2
import pytest

from harness import eventually
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.object_detection.model_files import YOLOX_NANO


@pytest.fixture
def yard(tmp_path):
    """A video of the demo, from a second before its person enters."""
    scene = DemoScene((640, 480), 15)
    writer = cv2.VideoWriter(str(tmp_path / "yard.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 15, (640, 480))
    for number in range(15 * 2, 15 * 7):
        writer.write(scene.picture(number))
    writer.release()
    return tmp_path / "yard.avi"


def test_person_of_the_demo_is_named_in_the_api(with_model, yard, start):
    product = start("--source", str(yard), "--frame-count", "10", "--data", str(with_model))
    product.wait_for("live")
    (event,) = eventually(lambda: json.loads(product.get("/api/events?object=person"))["events"])
    (sighting,) = event["sightings"]
    assert (sighting["name"], sighting["label"]) == ("person", "person")
    assert sighting["score"] > 0.6
    assert event["begin"] <= sighting["at"] < event["begin"] + 5
    status = json.loads(product.get("/api/status"))["objects"]
    assert (status["model"], status["loaded"], status["trouble"]) == ("yolox_nano.onnx", True, "")
    assert product.get(event["thumbnail"]).startswith(b"\xff\xd8")
    assert product.stop()[1] == 0
    assert any(f"objects are recognised by {YOLOX_NANO.path(with_model)}" in line for line in product.log)

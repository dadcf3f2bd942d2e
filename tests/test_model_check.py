"""Models are tried in a child process."""

import numpy as np
import pytest
from onnx import numpy_helper
from onnx.helper import make_node

import tiny_models
from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.model_check import check_model


def test_file_that_crashes_opencv_is_refused(tmp_path):
    """OpenCV cannot raise an error whose message is not in UTF-8."""
    data = tiny_models.yolox().SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(data.replace(b"Sigmoid", b"Sigm\xffid"))
    with pytest.raises(SettingsError, match=r"crashes when it loads this file|cannot load"):
        check_model(path)


def test_model_that_takes_too_much_memory_is_refused(tmp_path):
    model = tiny_models.yolox()
    model.graph.initializer.append(numpy_helper.from_array(np.array([10_000, 10_000]), "sides"))
    model.graph.node.append(make_node("ConstantOfShape", ["sides"], ["400 MB"]))
    path = tiny_models.save(model, tmp_path / "model.onnx")
    with pytest.raises(SettingsError, match=r"Failed to allocate 400000000 bytes|memory"):
        check_model(path, memory=200_000_000)

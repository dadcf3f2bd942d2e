"""What is read from an ONNX file without OpenCV."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

import tiny_models
from pyimagesearch.errors import SettingsError
from pyimagesearch.object_detection.onnx_file import read_onnx


def test_inputs_outputs_and_metadata_are_read(tmp_path):
    file = read_onnx(tiny_models.save(tiny_models.yolov8(), tmp_path / "model.onnx"))
    assert file.inputs == ((1, 3, 64, 64),)
    assert file.outputs == 1
    assert file.metadata == tiny_models.NAMES


def test_weights_among_the_inputs_do_not_count(tmp_path):
    """Exporters list them there for ONNX before IR version 4."""
    model = tiny_models.convolving(size=("w", "h"))
    model.graph.input.extend(helper.make_tensor_value_info(each.name, TensorProto.FLOAT, each.dims)
                             for each in model.graph.initializer)
    file = read_onnx(tiny_models.save(model, tmp_path / "model.onnx"))
    assert file.inputs == ((1, 3, None, None),)


@given(st.data())
def test_damaged_files_are_read_or_refused(tmp_path_factory, data):
    whole = bytearray(tiny_models.convolving().SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.onnx"
    path.write_bytes(whole)
    with contextlib.suppress(SettingsError):
        assert read_onnx(path).data == whole


def test_file_that_is_a_message_but_no_model_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\x08\x07")       # an ONNX version, and no graph
    with pytest.raises(SettingsError, match="this is not an ONNX file, or is damaged"):
        read_onnx(path)

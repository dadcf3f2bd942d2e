"""Which model recognises objects, by the settings and by what was fetched."""

import os

import pytest

import tiny_models
from product import run_program
from pyimagesearch.errors import ObjectsFailed, SettingsError
from pyimagesearch.object_detection.model_files import YOLOX_NANO, model_for
from pyimagesearch.settings.settings import Settings


@pytest.mark.parametrize("wanted", [None, "on"])
def test_fetched_model_is_used(wanted, with_model):
    choice = model_for(Settings(objects=wanted), with_model)
    assert choice.words == f"objects are recognised by {YOLOX_NANO.path(with_model)}"
    assert choice.load().size == (256, 256)


def test_fetched_model_is_not_used_if_switched_off(with_model):
    assert model_for(Settings(objects="off"), with_model).words == (
        "objects are not recognised: that is switched off")


@pytest.mark.parametrize("wanted", [None, "on"])
def test_start_goes_on_without_a_fetched_model(wanted, tmp_path, monkeypatch):
    choice = model_for(Settings(objects=wanted, data="/some disk"), tmp_path)
    assert (choice.path, choice.why) == (
        None, "the model has not been fetched; run this, and start the program again: "
        "webstreaming objects --get "
        f"--data {tmp_path}")
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert model_for(Settings(objects=wanted), tmp_path).why.endswith(" objects --get")


def test_damaged_model_is_not_used(with_model):
    path = YOLOX_NANO.path(with_model)
    with open(path, "r+b") as file:
        file.seek(100_000)
        file.write(b"x")
    assert model_for(Settings(), with_model).why.startswith(f"{path} is damaged; run this, ")


@pytest.mark.parametrize("make", [
    pytest.param(os.mkdir, id="folder"), pytest.param(os.mkfifo, id="pipe"),
    pytest.param(lambda path: path.symlink_to("/dev/zero"), id="device")])
def test_what_is_no_file_is_not_used(make, tmp_path):
    path = YOLOX_NANO.path(tmp_path)
    path.parent.mkdir(parents=True)
    make(path)
    assert model_for(Settings(), tmp_path).why.startswith(f"{path} is damaged; run this, ")


def test_unreadable_model_is_not_used(tmp_path):
    path = YOLOX_NANO.path(tmp_path)
    path.parent.mkdir(parents=True)
    path.symlink_to(path)
    assert model_for(Settings(), tmp_path).why.startswith(f"{path} cannot be read (")


def test_model_replaced_since_the_start_is_not_loaded(tmp_path):
    """A damaged one could crash OpenCV, and the server with it."""
    path = tiny_models.save(tiny_models.yolox(), tmp_path / "own.onnx")
    choice = model_for(Settings(objects=str(path)), tmp_path)
    assert choice.load().labels == tiny_models.LABELS
    path.write_bytes(path.read_bytes().replace(b"Sigmoid", b"Sigm\xffid"))
    with pytest.raises(ObjectsFailed) as refused:
        choice.load()
    assert str(refused.value) == f"{path} was replaced or changed; a restart takes the new file"
    path.unlink()
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        choice.load()


def test_wrong_model_ends_the_start_with_one_sentence(tmp_path):
    (tmp_path / "own.onnx").write_text("no model")
    ended = run_program("--objects", str(tmp_path / "own.onnx"), "--data", str(tmp_path),
                        "--port", "0", "--source", "demo:320x240")
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"webstreaming: error: --objects is '{tmp_path}/own.onnx', but ")


def test_order_of_deletion_without_names_is_warned_of(tmp_path):
    ended = run_program("--unnamed-first", "--objects", "off", "--data", str(tmp_path),
                        "--source", "demo:320x240", "--ip", "192.0.2.1", "--port", "0")
    (warning, error) = ended.stderr.splitlines()
    assert "--unnamed-first protects no clip: " in warning
    assert warning.endswith("(that is switched off)")
    assert error.startswith("webstreaming: error: ")


def test_labels_must_name_something_of_a_group(with_model):
    (with_model / "labels.txt").write_text("bench\n" * 80)
    with pytest.raises(SettingsError, match=r"^--labels is .*labels.txt', but must have labels of persons, "):
        model_for(Settings(labels=str(with_model / "labels.txt")), with_model)


def test_labels_must_fit_the_fetched_model(with_model):
    (with_model / "labels.txt").write_text("person\ncar\n")
    with pytest.raises(SettingsError, match=r"^--labels is .*labels.txt.*must have 80 labels, .*\.onnx'; it has 2$"):
        model_for(Settings(labels=str(with_model / "labels.txt")), with_model)

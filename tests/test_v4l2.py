"""The list of V4L2 capture devices, and the programs that use them."""

import subprocess

from pyimagesearch.capture.v4l2 import capture_devices, users_of


def test_devices_are_listed_by_number_with_their_names(tmp_path):
    known, devices = tmp_path / "sys", tmp_path / "dev"
    devices.mkdir()
    for number, name in ((10, "HD Webcam"), (2, "USB 2.0 Camera"), (3, "gone")):
        (known / f"video{number}").mkdir(parents=True)
        (known / f"video{number}" / "name").write_text(name + "\n")
        if name != "gone":
            (devices / f"video{number}").touch()    # answers no ioctl: taken for one
    (known / "v4l-subdev0").mkdir()
    assert [(device.path.name, device.name) for device in capture_devices(known, devices)] == [
        ("video2", "USB 2.0 Camera"), ("video10", "HD Webcam")]


def test_machine_without_cameras_has_an_empty_list(tmp_path):
    assert capture_devices(tmp_path / "none", tmp_path) == []


def test_program_that_uses_a_device_is_named(tmp_path):
    device = tmp_path / "video0"
    device.touch()
    with (device.open() as held,
          subprocess.Popen(["sleep", "60"], stdin=held) as other):
        try:
            assert users_of(device) == [f"sleep ({other.pid})"]
        finally:
            other.kill()

"""The V4L2 capture devices of this machine, and the programs that use them."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import NamedTuple

VIDIOC_QUERYCAP = 0x80685600        # linux/videodev2.h, as the next two
V4L2_CAP_VIDEO_CAPTURE = 0x1
V4L2_CAP_DEVICE_CAPS = 0x80000000   # the node has capabilities of its own


class Device(NamedTuple):
    """A capture device, as the kernel lists it."""

    path: Path
    name: str


def capture_devices(known: Path = Path("/sys/class/video4linux"),
                    devices: Path = Path("/dev")) -> list[Device]:
    """Return the capture devices, in the order of their numbers."""
    entries = sorted(known.glob("video[0-9]*"), key=lambda entry: int(entry.name[5:]))
    return [Device(devices / entry.name, read_name(entry)) for entry in entries
            if is_capture_device(devices / entry.name)]


def is_plugged(device: Device, known: Path = Path("/sys/class/video4linux")) -> bool:
    """
    Return whether *device* is a camera of its own, as on USB, or a virtual one.

    The others are parts of the machine's chip, such as the scalers of a Raspberry Pi.
    """
    place = str((known / device.path.name).resolve())
    return "/usb" in place or "/virtual/" in place


def lasting_path(device: Path, links: Path = Path("/dev/v4l/by-id")) -> Path:
    """Return the path of *device* that stays when it is plugged in elsewhere."""
    found = sorted(each for each in links.glob("*") if each.resolve() == device)
    return found[0] if found else device


def is_open(path: Path) -> bool:
    """Return whether this program has *path* open."""
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):      # closed meanwhile
            if os.readlink(each) == str(path):
                return True
    return False


def is_capture_device(path: Path) -> bool:
    """
    Return whether *path* captures video, unlike encoders, tuners and metadata nodes.

    A device that we may not open, or that does not answer, counts as one: opening it
    reports what is wrong.
    """
    answer = bytearray(104)         # struct v4l2_capability
    try:
        number = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.ioctl(number, VIDIOC_QUERYCAP, answer)
    except OSError:
        return True
    finally:
        os.close(number)
    device, this_node = (int.from_bytes(answer[at:at + 4], "little") for at in (84, 88))
    capabilities = this_node if device & V4L2_CAP_DEVICE_CAPS else device
    return bool(capabilities & V4L2_CAP_VIDEO_CAPTURE)


def read_name(entry: Path) -> str:
    """Return the name that the device reports."""
    try:
        return (entry / "name").read_text(errors="replace").strip() or "unnamed"
    except OSError:
        return "unnamed"


def users_of(path: Path, processes: Path = Path("/proc")) -> list[str]:
    """Return the other programs that have *path* open, as ``name (pid)``."""
    found = []
    for process in processes.glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            open_files = map(os.readlink, (process / "fd").iterdir())
            if str(path) in open_files:
                name = (process / "comm").read_text().strip()
                found.append(f"{name} ({process.name})")
        except OSError:         # it has ended, or belongs to another user
            continue
    return found

"""Which cameras Linux knows, and who is using them."""

import fcntl
import os
import re
from pathlib import Path
from typing import NamedTuple

QUERYCAP = 0x80685600       # VIDIOC_QUERYCAP: linux/videodev2.h
CAPTURE, OWN_CAPABILITIES = 0x1, 0x80000000


class Device(NamedTuple):
    """A camera as the kernel lists it."""

    path: Path
    name: str


def capture_devices(known: Path = Path("/sys/class/video4linux"),
                    devices: Path = Path("/dev")) -> list[Device]:
    """Return the devices that give pictures, in the order of their numbers."""
    found = []
    for entry in known.glob("video*"):
        path = devices / entry.name
        if re.fullmatch(r"video\d+", entry.name) and gives_pictures(path):
            found.append(Device(path, read_name(entry)))
    return sorted(found, key=lambda device: int(device.path.name[5:]))


def gives_pictures(path: Path) -> bool:
    """
    Return whether *path* is no encoder, tuner or metadata node.

    One that we may not open or that does not answer counts as a camera: what
    is wrong with it is told when it is used.
    """
    answer = bytearray(104)         # struct v4l2_capability
    try:
        number = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.ioctl(number, QUERYCAP, answer)
    except OSError:
        return True
    finally:
        os.close(number)
    device, this_node = (int.from_bytes(answer[at:at + 4], "little") for at in (84, 88))
    return bool((this_node if device & OWN_CAPABILITIES else device) & CAPTURE)


def read_name(entry: Path) -> str:
    """Return what the camera calls itself."""
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
        except OSError:         # it ended, or is somebody else's
            continue
    return found

"""
Limits that hold for every camera, whatever its protocol.

Those of a protocol's own syntax, such as the length of a header, are in its parser.
"""

import contextlib
import math
import os
import threading
from pathlib import Path

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Size

MAX_PICTURE_BYTES = 16 * 1024 * 1024    # encoded; a larger one is no picture
MAX_VIDEO_BYTES = 8 * 1024 * 1024       # of a frame of video: those of 4K take 3 MB
MAX_PIXELS = 8192 * 8192                # of one picture
MAX_STILL_PIXELS = 4096 * 4096  # of a PNG, WebP, BMP or GIF: always decoded as a whole
MAX_VIDEO_PIXELS = 8192 * 4320  # of a frame of video
MAX_DECODER_BYTES = 256 * 1024 * 1024   # of the frames that a decoder keeps
MAX_FRAMES_PER_SECOND = 240.0           # that are taken from one camera
# 4K MJPEG with 2 MB a picture at 30 fps; a camera's port of 1 Gbit/s brings 118 MB
MAX_BYTES_PER_SECOND = 64e6
READER_SHARE = 0.2      # of a core, to receive and search what one camera sends
BUSY_READER_SHARE = 0.03    # the same for HTTP without pictures, beyond SPARE_SHARE
SPARE_SHARE = 0.07      # of a core, that all of these may take together
DECODED_BYTES = 5       # of a pixel, as brightness, as BGR, and on its way there
STILL_BYTES = 8         # the same, where OpenCV decodes the whole picture
STEP_BYTES = 1024 * 1024    # in which memory for what is received is claimed
BUDGET_SHARE = 0.25     # of the machine's memory, for the pictures of all cameras
RESERVED_BYTES = 16 * 1024 * 1024   # for each camera, if the budget has that much


class MemoryBudget:
    """
    The memory that the pictures of all cameras may take together.

    It is a quarter of the machine's, or of the process's limit, unless *total* [bytes]
    is given. Each camera claims what its newest picture takes; one that would exceed
    the whole is refused. No camera can take what is reserved for the others. Any
    thread may call the methods.
    """

    def __init__(self, total: int | None = None) -> None:
        self.total = total or int(machine_memory() * BUDGET_SHARE)
        self._lock = threading.Lock()
        self._claims: dict[str, int] = {}       # bytes by camera

    @property
    def used(self) -> int:
        """The bytes that are claimed now."""
        with self._lock:
            return sum(self._claims.values())

    def claim(self, camera: str, size: int) -> bool:
        """Let *camera* take *size* bytes in place of before; return whether it may."""
        with self._lock:
            before = self._claims.setdefault(camera, 0)
            reserved = min(RESERVED_BYTES, self.total // len(self._claims))
            others = sum(max(claim, reserved) for claim in self._claims.values())
            others -= max(before, reserved)
            if size > max(before, reserved) and others + size > self.total:
                return False
            self._claims[camera] = size
            return True


class Allowance:
    """
    What one *camera* may take of the *budget*; without one, only fixed limits.

    Its reader's thread calls the methods, or the hub's that its pictures come to.
    """

    def __init__(self, budget: MemoryBudget | None = None, camera: str = "") -> None:
        self._budget = budget
        self._camera = camera
        # bytes claimed for the newest picture, at most STEP_BYTES more than it takes:
        # the next one takes about as much
        self._picture = 0
        self._received = 0      # bytes claimed for what is received of the next one
        if budget:
            budget.claim(camera, 0)     # what is reserved for it is so from now on

    def check(self, size: Size, encoded: int = 0) -> None:
        """
        Claim memory for a picture of *size* ``(width, height)`` before it is decoded.

        *encoded* is what it takes besides [bytes]. Raises :exc:`BadPicture`, and then
        claims nothing, if that is more than one picture or all of them may take.
        """
        self._check(size, encoded, MAX_PIXELS, DECODED_BYTES)

    def check_still(self, size: Size, encoded: int) -> None:
        """Do the same for a picture that OpenCV decodes as a whole, at once."""
        self._check(size, encoded, MAX_STILL_PIXELS, STILL_BYTES)

    def check_video(self, size: Size, kept: int) -> None:
        """Do the same for a frame of video, whose decoder keeps *kept* bytes."""
        what = f"video of {size[0]}x{size[1]} pixels, whose decoder"
        if kept > MAX_DECODER_BYTES:
            raise BadPicture(f"{what} takes {kept / 1e6:.0f} MB")
        self._claim(size[0] * size[1] * DECODED_BYTES + kept, self._received, what)

    def receive(self, size: int) -> None:
        """
        Claim memory for the *size* bytes received of the next picture, so far.

        Raises :exc:`BadPicture` if that is more than all pictures may take.
        """
        steps = size // STEP_BYTES      # the first one is free
        if steps * STEP_BYTES != self._received:
            self._claim(self._picture, steps * STEP_BYTES, "a picture")

    def release(self) -> None:
        """Give back what was claimed, as the camera is closed."""
        self._claim(0, 0, "")

    def _check(self, size: Size, encoded: int, most: int, each: int) -> None:
        pixels, what = size[0] * size[1], f"a picture of {size[0]}x{size[1]} pixels"
        if pixels > most:
            side = math.isqrt(most)
            raise BadPicture(f"{what}, where {side}x{side} are allowed")
        if encoded > MAX_PICTURE_BYTES:
            raise BadPicture(f"{what} in more than {MAX_PICTURE_BYTES / 1e6:.0f} MB")
        wanted = pixels * each + encoded
        if not self._picture - STEP_BYTES < wanted <= self._picture:
            self._claim(wanted, self._received, what)

    def _claim(self, picture: int, received: int, what: str) -> None:
        wanted = picture + received
        if self._budget and not self._budget.claim(self._camera, wanted):
            raise BadPicture(
                f"{what} takes {wanted / 1e6:.0f} MB, more than what is left of "
                f"{self._budget.total / 1e6:.0f} MB for all cameras")
        self._picture, self._received = picture, received


def machine_memory() -> int:
    """Return the memory of this machine, or of this process if it is less [bytes]."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):      # no cgroups, or "max"
        group = Path("/proc/self/cgroup").read_text().rpartition("::")[2].strip()
        limit = Path("/sys/fs/cgroup", group.lstrip("/"), "memory.max").read_text()
        memory = min(memory, int(limit))
    return memory

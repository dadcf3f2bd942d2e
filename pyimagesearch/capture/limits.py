"""What a camera may cost, whatever its protocol: the one place for all limits."""

import os
import threading

from pyimagesearch.errors import BadPicture
from pyimagesearch.frames import Size

MAX_PICTURE_BYTES = 16 * 1024 * 1024    # encoded; a larger one is no picture
MAX_PIXELS = 8192 * 8192                # of one picture
MAX_FRAMES_PER_SECOND = 240.0           # that are taken from one camera
DECODED_BYTES = 5       # of a pixel, as brightness, as BGR, and on its way there
BUDGET_SHARE = 0.25     # of the machine's memory, for the pictures of all cameras


class MemoryBudget:
    """
    The memory that the pictures of all cameras may take together.

    It is a quarter of the machine's unless *total* [bytes] is given. Each camera
    claims what its newest picture takes; one that would exceed the whole is refused.
    Any thread may call the methods.
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
            others = sum(self._claims.values()) - self._claims.get(camera, 0)
            if others + size > self.total:
                return False
            self._claims[camera] = size
            return True


class Allowance:
    """What one *camera* may take of the *budget*; without one, only fixed limits."""

    def __init__(self, budget: MemoryBudget | None = None, camera: str = "") -> None:
        self._budget = budget
        self._camera = camera

    def check(self, size: Size, encoded: int = 0) -> None:
        """
        Claim memory for a picture of *size* ``(width, height)`` before it is decoded.

        *encoded* is what it takes besides [bytes]. Raises :exc:`BadPicture`, and then
        claims nothing, if that is more than one picture or all of them may take.
        """
        pixels = size[0] * size[1]
        if pixels > MAX_PIXELS or encoded > MAX_PICTURE_BYTES:
            raise BadPicture(f"a picture of {size[0]}x{size[1]} pixels")
        wanted = pixels * DECODED_BYTES + encoded
        if self._budget and not self._budget.claim(self._camera, wanted):
            raise BadPicture(
                f"a picture of {size[0]}x{size[1]} pixels takes {wanted / 1e6:.0f} MB, "
                f"more than what is left of {self._budget.total / 1e6:.0f} MB for all "
                "cameras")

    def release(self) -> None:
        """Give back what was claimed, as the camera is closed."""
        if self._budget:
            self._budget.claim(self._camera, 0)


def machine_memory() -> int:
    """Return the memory of this machine [bytes]."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

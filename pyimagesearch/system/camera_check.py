"""Watch a camera for some seconds, and find out what is wrong with it."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from pyimagesearch.capture.cameras import Camera
from pyimagesearch.capture.patience import Patience
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, SurveillanceError
from pyimagesearch.frames import Frame

DARK_LEVEL = 20         # mean grey level, of 255, below which nothing is visible
CLOSE_SECONDS = 1.0     # to wait for the end of the connection


@dataclass
class Observation:
    """What a camera delivered: its first and last frame, and the trouble with it."""

    first: Frame | None = None
    last: Frame | None = None   # the others are not kept: they hold much memory
    costs: list[float] = field(default_factory=list)    # of decoding [s of CPU]
    levels: list[float] = field(default_factory=list)   # mean grey, of 255
    garbled: int = 0        # pictures that could not be decoded
    granted: str = ""       # by the camera, in its words
    trouble: str = ""       # that ended it

    @property
    def rate(self) -> float:
        """Frames a second; 0 if there was only one."""
        if self.first is None or self.last is None or self.first is self.last:
            return 0.0
        seconds = self.last.arrived - self.first.arrived
        return (self.last.number - self.first.number) / seconds

    @property
    def problems(self) -> Iterator[str]:
        """Each problem, as a sentence."""
        if self.trouble:
            yield self.trouble
        if self.garbled:
            yield (f"{self.garbled} pictures were damaged; check the cable or network")
        if self.levels and statistics.mean(self.levels) < DARK_LEVEL:
            yield "the picture is almost black; is the lens covered, or the room dark?"
        if not self.first and not self.trouble:
            yield "no frame arrived"

    def add(self, frame: Frame) -> None:
        """Take the next *frame*."""
        try:
            before = time.thread_time()
            self.levels.append(float(frame.picture.colour()[::8, ::8].mean()))
            self.costs.append(time.thread_time() - before)
        except BadPicture:
            self.garbled += 1
            return
        self.first, self.last = self.first or frame, frame

    def has_lasted(self, seconds: float) -> bool:
        """Return whether its frames span more than *seconds*."""
        return bool(self.first and self.last
                    and self.last.arrived - self.first.arrived > seconds)


def observe(camera: Camera, clock: Clock, fps: float | None, seconds: float,
            open_timeout: float | None = None) -> Observation:
    """
    Watch *camera*, of which *fps* are asked for, until its frames span *seconds*.

    The first frame may take *open_timeout* seconds, by default as long as the server
    would wait for it. Blocks.
    """
    seen = Observation()
    reader = FrameReader(
        camera.open, "doctor", clock, open_timeout or camera.open_timeout,
        Patience(fps, rate_known=camera.rate_known), allowance=camera.allowance)
    try:
        for frame in reader.frames():
            seen.add(frame)
            if seen.has_lasted(seconds):
                break
    except SurveillanceError as error:
        seen.trouble = str(error)
    seen.granted = reader.granted
    reader.close(CLOSE_SECONDS)
    return seen

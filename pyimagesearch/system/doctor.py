"""``webstreaming doctor``: find cameras, and examine the configured ones."""

import os
import platform
import statistics
import time
from collections.abc import Iterator

from pyimagesearch.capture.cameras import Camera, find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.patience import Patience
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.v4l2 import capture_devices, users_of
from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, SettingsError, SurveillanceError
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.frames import Frame
from pyimagesearch.object_detection.model_files import model_for
from pyimagesearch.settings.settings import Settings

from .startup_message import describe_access, program_command

WATCH_SECONDS = 5.0     # for each camera
DARK_LEVEL = 20         # mean grey level, of 255, below which nothing is visible


def examine(settings: Settings, clock: Clock) -> int:
    """Print a report; return 0 if every configured camera gave frames, else 1."""
    from .network_cameras import NetworkCameras  # with a parser of XML: 1 MB
    for line in (*machine(), *config_folder(settings),
                 f"access: {describe_access(settings)}", objects(settings)):
        print(line)
    network = NetworkCameras(each.source for each in settings.cameras())
    network.start()
    hubs = ImageHubs()
    results = []
    for wanted in settings.cameras():
        camera = find_camera(wanted, clock, hubs)
        print(f"\n{wanted.name}: opening {camera.label} for {WATCH_SECONDS:g} seconds",
              flush=True)
        results.append(watch(camera, clock, wanted.fps))
    hubs.close()
    print("", *network.report(), sep="\n")
    return 0 if all(results) else 1


def machine() -> Iterator[str]:
    """Yield a line for the machine and for each of its cameras."""
    yield f"Python {platform.python_version()} on {platform.machine()}"
    devices = capture_devices()
    for device in devices:
        users = ", ".join(users_of(device.path))
        allowed = os.access(device.path, os.R_OK | os.W_OK)
        yield (f"{device.path}: {device.name}"
               + (f", in use by {users}" if users else "")
               + ("" if allowed else ", no permission: sudo usermod -aG video $USER"))
    if not devices:
        yield "no USB camera (V4L2 capture device) found"
    yield from picamera2_cameras()


def config_folder(settings: Settings) -> Iterator[str]:
    """Yield a line for the config folder, and for each problem that it has."""
    try:
        data = DataFolder(settings.data)
        folder = ConfigFolder(settings.config_dir, data.path)
    except SettingsError as error:
        yield f"PROBLEM: {error}"
        return
    yield f"config folder {folder.path}"
    for problem in folder.exposures():
        yield f"  PROBLEM: {problem}"


def objects(settings: Settings) -> str:
    """Return a line on what recognises objects, or why nothing does."""
    try:
        return model_for(settings, DataFolder(settings.data).path,
                         program_command()).words
    except SettingsError as error:
        return f"PROBLEM: {error}"


def picamera2_cameras() -> Iterator[str]:
    """Yield a line for each camera module of a Raspberry Pi."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        yield "Picamera2 is not installed (only for a Raspberry Pi's camera module)"
        return
    cameras = Picamera2.global_camera_info()
    for camera in cameras:
        number, model = camera.get("Num", "?"), camera.get("Model", "unnamed")
        yield f"Picamera2 camera {number}: {model}"
    if not cameras:
        yield "Picamera2 finds no camera; is the ribbon cable connected?"


def watch(camera: Camera, clock: Clock, fps: float | None = None,
          seconds: float = WATCH_SECONDS) -> bool:
    """Watch *camera* for *seconds*, print a report; return whether it gave frames."""
    reader = FrameReader(camera.open, "doctor", clock, camera.open_timeout,
                         Patience(fps, rate_known=camera.rate_known))
    first: Frame | None = None
    last: Frame | None = None       # the others are not kept: they hold much memory
    costs: list[float] = []
    levels: list[float] = []
    problems = []
    garbled = 0
    try:
        for frame in reader.frames():
            try:
                before = time.thread_time()
                levels.append(float(frame.picture.colour()[::8, ::8].mean()))
                costs.append(time.thread_time() - before)
            except BadPicture:
                garbled += 1
                continue
            first, last = first or frame, frame
            if last.arrived - first.arrived > seconds:
                break
    except SurveillanceError as error:
        problems.append(str(error))
    reader.close(1.0)
    if garbled:
        problems.append(f"{garbled} pictures were damaged; check the cable or network")
    if levels and statistics.mean(levels) < DARK_LEVEL:
        problems.append(
            "the picture is almost black; is the lens covered, or the room dark?")
    if reader.granted:
        print(f"  granted     {reader.granted}")
    if first and last and first is not last:
        report(first, last, costs, levels)
    for problem in problems:
        print(f"  PROBLEM: {problem}")
    if not problems:
        print("  no problem found" if first else "  PROBLEM: no frame arrived")
    return first is not None


def report(first: Frame, last: Frame, costs: list[float], levels: list[float]) -> None:
    """Print size, rate, cost and level of the frames from *first* to *last*."""
    seconds = last.arrived - first.arrived
    width, height = last.picture.size
    print(f"  picture     {width}x{height}")
    print(f"  rate        {(last.number - first.number) / seconds:.1f} frames a second")
    print(f"  decoding    {1000 * statistics.median(costs):.1f} ms of CPU a frame")
    print(f"  brightness  {statistics.mean(levels):.0f} of 255")

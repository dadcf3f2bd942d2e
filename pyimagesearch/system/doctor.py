"""``webstreaming doctor``: find cameras, and examine the configured ones."""

import os
import platform
import statistics
from collections.abc import Iterator

from pyimagesearch.capture.cameras import Camera, find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.picamera import camera_modules
from pyimagesearch.capture.v4l2 import capture_devices, users_of
from pyimagesearch.clock import Clock
from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.frames import Frame
from pyimagesearch.object_detection.model_files import model_for
from pyimagesearch.settings.settings import Settings

from .camera_check import Observation, observe
from .startup_message import describe_access, program_command

WATCH_SECONDS = 5.0     # for each camera


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
    cameras = camera_modules()
    if cameras is None:
        yield "Picamera2 is not installed (only for a Raspberry Pi's camera module)"
        return
    for camera in cameras:
        yield f"Picamera2 camera {camera.number}: {camera.model}"
    if not cameras:
        yield "Picamera2 finds no camera; is the ribbon cable connected?"


def watch(camera: Camera, clock: Clock, fps: float | None = None,
          seconds: float = WATCH_SECONDS) -> bool:
    """Watch *camera* for *seconds*, print a report; return whether it gave frames."""
    seen = observe(camera, clock, fps, seconds)
    if seen.granted:
        print(f"  granted     {seen.granted}")
    if seen.last and seen.rate:
        report(seen.last, seen)
    problems = list(seen.problems)
    for problem in problems:
        print(f"  PROBLEM: {problem}")
    if not problems:
        print("  no problem found")
    return seen.first is not None


def report(last: Frame, seen: Observation) -> None:
    """Print size, rate, cost and level of the frames *seen* until the *last* one."""
    width, height = last.picture.size
    print(f"  picture     {width}x{height}")
    print(f"  rate        {seen.rate:.1f} frames a second")
    print(f"  decoding    {1000 * statistics.median(seen.costs):.1f} ms of CPU a frame")
    print(f"  brightness  {statistics.mean(seen.levels):.0f} of 255")

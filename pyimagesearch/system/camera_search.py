"""Find cameras for the settings page, and try a source."""

from collections.abc import Iterator

from pyimagesearch.capture.cameras import find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.onvif_camera import OnvifCamera
from pyimagesearch.capture.onvif_discovery import OnvifDevice, find_devices
from pyimagesearch.capture.patience import Patience
from pyimagesearch.capture.reader import FrameReader
from pyimagesearch.capture.soap_client import LoginMissing
from pyimagesearch.capture.v4l2 import capture_devices
from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.found_cameras import FoundCamera, TriedCamera
from pyimagesearch.frames import resized
from pyimagesearch.jpeg import encode
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.threads import Worker

from .network_cameras import own_networks

SEARCH_SECONDS = 6.0    # for the network
TRY_SECONDS = 15.0      # for a first picture
CLOSE_SECONDS = 1.0
PREVIEW_WIDTH = 640     # pixels
PREVIEW_QUALITY = 80


def find_cameras() -> list[FoundCamera]:
    """Return the cameras of this machine and its network; blocks for seconds."""
    search = NetworkSearch()
    search.start()
    found = [*local_cameras()]
    search.join(SEARCH_SECONDS)
    return [*found, *search.found]


class NetworkSearch(Worker):
    """Find ONVIF cameras on a thread of its own, as some never answer."""

    def __init__(self) -> None:
        super().__init__("camera-search")
        self.found: list[FoundCamera] = []

    def run(self) -> None:
        """Search, then ask each camera for its main stream."""
        for device in find_devices(own_networks()):
            self.found.append(self._describe(device))

    def _describe(self, device: OnvifDevice) -> FoundCamera:
        words = ", ".join(filter(None, [device.name, device.model, device.address]))
        try:
            streams = OnvifCamera(device, "", "", self.stopping).streams()
        except (LoginMissing, CameraLost):
            streams = []
        if not streams:
            return FoundCamera(f"rtsp://{device.address}/", words, needs_login=True)
        return FoundCamera(streams[0].url, words)


def local_cameras() -> Iterator[FoundCamera]:
    """Yield the cameras that are plugged into this machine."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        pass
    else:
        if Picamera2.global_camera_info():
            yield FoundCamera("picamera", "Raspberry Pi camera")
    for device in capture_devices():
        yield FoundCamera(str(device.path), f"{device.name}, {device.path}")


def try_source(settings: CameraSettings, clock: Clock) -> TriedCamera:
    """
    Open the source of *settings* and return its first picture; blocks for seconds.

    Raises :exc:`SettingsError` for one that can never work, or :exc:`CameraLost`.
    """
    hubs = ImageHubs()
    camera = find_camera(settings, clock, hubs)
    reader = FrameReader(camera.open, settings.name, clock, TRY_SECONDS,
                         Patience(settings.fps, rate_known=camera.rate_known))
    try:
        for frame in reader.frames():
            try:
                image = frame.picture.colour()
            except BadPicture:
                continue
            width, height = frame.picture.size
            return TriedCamera(encode(resized(image, PREVIEW_WIDTH), PREVIEW_QUALITY),
                               width, height)
        raise CameraLost("it sent no picture")
    finally:
        reader.close(CLOSE_SECONDS)
        hubs.close()

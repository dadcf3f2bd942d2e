"""Find cameras for the pages that add one, and test whether a source works."""

import ipaddress
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from pyimagesearch.capture.cameras import find_camera
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import MemoryBudget
from pyimagesearch.capture.picamera import camera_modules
from pyimagesearch.capture.url import CameraUrl, parse_url
from pyimagesearch.capture.v4l2 import (
    Device,
    capture_devices,
    is_open,
    is_plugged,
    lasting_path,
    users_of,
)
from pyimagesearch.clock import Clock
from pyimagesearch.errors import BadPicture, SettingsError
from pyimagesearch.found_cameras import (
    MODULE,
    NETWORK,
    USB,
    CameraTest,
    FoundCamera,
)
from pyimagesearch.frames import Frame, narrowed
from pyimagesearch.jpeg import encode
from pyimagesearch.settings import Settings
from pyimagesearch.settings.camera_settings import CameraSettings

from .camera_check import observe

FIND_SECONDS = 8.0      # for network cameras to answer, and to say what they stream
OPEN_SECONDS = 12.0     # for the first picture of a tested camera
TEST_SECONDS = 2.0      # that its pictures are to span
PICTURE_WIDTH = 640     # pixels, at most, of a tested camera
PICTURES_KEPT = 4
TESTED_NAME = "test"    # of the camera that is tested


NetworkSearch = Callable[[Sequence[str]], list[FoundCamera]]


def network_cameras(sources: Sequence[str]) -> list[FoundCamera]:
    """Return the cameras in the network, asked with the logins in *sources*. Blocks."""
    from .network_cameras import NetworkCameras  # with a parser of XML: 1 MB
    network = NetworkCameras(sources)
    network.start()
    return network.cameras(FIND_SECONDS)


class CameraSearch:
    """
    Find cameras, and test whether one works; *settings* returns those in force.

    Every method may be called from any thread; all but :meth:`picture` block for
    seconds.
    """

    def __init__(self, settings: Callable[[], Settings], clock: Clock,
                 hubs: ImageHubs, budget: MemoryBudget,
                 network_cameras: NetworkSearch = network_cameras) -> None:
        self._settings = settings
        self._network_cameras = network_cameras
        self._clock = clock
        self._hubs = hubs
        self._budget = budget
        self._lock = threading.Lock()       # guards the next attribute
        self._pictures: OrderedDict[str, bytes] = OrderedDict()     # by their keys

    def discover(self) -> list[FoundCamera]:
        """Return the cameras that are plugged in, or answer in the network (ONVIF)."""
        sources = [each.source for each in self._settings().cameras()]
        return [*modules(sources), *usb_cameras(), *self._network_cameras(sources)]

    def streams(self, address: str, user: str, password: str) -> FoundCamera:
        """
        Ask the network camera at *address* for its streams, logged in as *user*.

        Their sources contain the login. Raises :exc:`SettingsError` if *address* is no
        IPv4 address.
        """
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            raise SettingsError(f"address is {address[:60]!r}, but must be an IPv4 "
                                "address, such as 192.168.1.20") from None
        login = CameraUrl(f"rtsp://{address}/", user, password).with_login
        found = [each for each in self._network_cameras([login])
                 if each.address == address]
        if not found:
            return FoundCamera(NETWORK, "", address, problem="no camera answers at "
                               f"{address} (ONVIF); is it on?")
        camera = next((each for each in found if each.streams), found[0])
        return with_login(replace(camera, watched=address in self._hosts()), user,
                          password)

    def test(self, source: str) -> CameraTest:
        """
        Open the camera *source*, and watch it for a moment.

        Raises :exc:`SettingsError` if it can never work.
        """
        wanted = self._camera(source.strip())
        camera = find_camera(wanted, self._clock, self._hubs, budget=self._budget)
        seen = observe(camera, self._clock, wanted.fps, TEST_SECONDS,
                       min(OPEN_SECONDS, camera.open_timeout))
        problems = tuple(seen.problems)
        if seen.last is None:
            return CameraTest(camera.label, problems=problems)
        width, height = seen.last.picture.size
        return CameraTest(camera.label, width, height, round(seen.rate, 1),
                          self._keep(seen.last), problems)

    def picture(self, key: str) -> bytes | None:
        """Return the JPEG with this *key*; ``None`` if it is not kept any more."""
        with self._lock:
            return self._pictures.get(key)

    def _hosts(self) -> list[str | None]:
        """Return the hosts in the sources of the cameras that are watched."""
        return [host_of(each.source) for each in self._settings().cameras()]

    def _camera(self, source: str) -> CameraSettings:
        """Return the settings of a camera *source*, with what all cameras share."""
        if not source.isprintable() or not source:
            raise SettingsError(f"--source is {source[:60]!r}, but must name a camera")
        (wanted,) = replace(self._settings(), tables={},
                            source=(f"{TESTED_NAME}={source}",)).cameras()
        return wanted

    def _keep(self, frame: Frame) -> str:
        """Keep the picture of *frame* for a while, and return its key."""
        try:
            jpeg = encode(narrowed(frame.picture.colour(PICTURE_WIDTH), PICTURE_WIDTH))
        except BadPicture:
            return ""
        key = secrets.token_urlsafe(12)
        with self._lock:
            self._pictures[key] = jpeg
            while len(self._pictures) > PICTURES_KEPT:
                self._pictures.popitem(last=False)
        return key


def host_of(source: str) -> str | None:
    """Return the host in *source*; ``None`` if it is no URL."""
    try:
        return urlsplit(parse_url(source).bare).hostname
    except SettingsError:
        return None


def modules(sources: Sequence[str]) -> Iterator[FoundCamera]:
    """Yield the first camera module of a Raspberry Pi, which can be a source."""
    for each in (camera_modules() or [])[:1]:
        yield FoundCamera(MODULE, each.model, str(each.number), "picamera",
                          watched="picamera" in sources or "auto" in sources)


def usb_cameras() -> Iterator[FoundCamera]:
    """Yield the USB cameras."""
    for device in filter(is_plugged, capture_devices()):
        yield FoundCamera(
            USB, device.name, str(device.path), str(lasting_path(device.path)),
            watched=is_open(device.path), problem=problem_of(device))


def problem_of(device: Device) -> str:
    """Return why *device* cannot be used, in one sentence; empty if it can."""
    if not os.access(device.path, os.R_OK | os.W_OK):
        return f"no permission to use {device.path}; run: sudo usermod -aG video $USER"
    users = ", ".join(users_of(device.path))
    return f"{device.path} is in use by {users}" if users else ""


def with_login(camera: FoundCamera, user: str, password: str) -> FoundCamera:
    """Return *camera* with the login in all its sources."""
    streams = tuple(replace(each, source=CameraUrl(
        each.source, user, password).with_login) for each in camera.streams)
    return replace(camera, streams=streams,
                   source=streams[0].source if streams else "")

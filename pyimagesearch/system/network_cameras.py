"""Find the ONVIF cameras of the network, with a ready source for each stream."""

import contextlib
import json
import shlex
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

from pyimagesearch.addresses import own_addresses
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.host_connector import Lookup
from pyimagesearch.capture.onvif_camera import STREAM_SCHEMES, OnvifCamera
from pyimagesearch.capture.onvif_discovery import OnvifDevice, find_devices
from pyimagesearch.capture.soap_client import LoginMissing
from pyimagesearch.capture.url import parse_url
from pyimagesearch.errors import CameraLost, SettingsError
from pyimagesearch.found_cameras import NETWORK, FoundCamera, FoundStream
from pyimagesearch.threads import Worker

from .startup_message import program_command

SEARCH_SECONDS = 15.0   # for all cameras to answer, and to say what they stream
LOOKUP_SECONDS = 3.0    # for the names of the configured cameras, before the search
END_SECONDS = 1.0       # for what has not ended by then
ASKED_AT_ONCE = 16      # cameras
MAX_SUB_STREAMS = 3     # that are printed of a camera
NONE_FOUND = ("no network camera answers (ONVIF); some do only once ONVIF is switched "
              "on in their own settings")
LOGIN_PLACEHOLDER = "USER:PASSWORD@"
FILE_ADVICE = ("  in a settings file, which hides the password from other users: "
               "source = {}")
LOGIN_ADVICE = ("  asks for a login; to see its streams, run: SURVEILLANCE_SOURCE="
                f"rtsp://{LOGIN_PLACEHOLDER}{{}}/ {{}} doctor")


class Login(NamedTuple):
    """The login for one camera; both are empty to try without."""

    user: str = ""
    password: str = ""


Find = Callable[[Sequence[str], Sequence[str]], list[OnvifDevice]]


class NetworkCameras(Worker):
    """
    Find cameras on a thread of its own, beside other work.

    Those at the hosts of *sources* are asked with the logins there, all others without.
    The thread owns what is found until :meth:`cameras` waits for it.
    """

    def __init__(self, sources: Iterable[str], find: Find = find_devices) -> None:
        super().__init__("network-cameras")
        self.stopping = Cancellation()
        self._sources = list(sources)
        self._find = find
        self._logins: dict[str, Login] = {}
        self._found: list[FoundCamera] = []

    def run(self) -> None:
        """Search, then ask the cameras that were found, at once."""
        self._logins = logins = logins_of(self._sources)
        devices = self._find(own_networks(), list(logins))
        with ThreadPoolExecutor(ASKED_AT_ONCE) as threads:
            self._found = list(threads.map(
                lambda device: ask(device, logins, self.stopping), devices))

    def cameras(self, seconds: float) -> list[FoundCamera]:
        """Wait up to *seconds* for the search, and return the cameras found."""
        if not self.join(seconds):
            self.stop()     # then each camera says that it did not answer
            self.join(END_SECONDS)
        return self._found

    def report(self) -> list[str]:
        """Wait for the search, and return the lines to print."""
        cameras = self.cameras(SEARCH_SECONDS)
        return [line for each in cameras for line in describe(
            each, any(self._logins.get(each.address, Login())))] or [NONE_FOUND]


def own_networks() -> list[str]:
    """Return this machine's IPv4 addresses, without the loopback's."""
    return sorted(str(each) for each in own_addresses()
                  if each.version == 4 and not each.is_loopback)


def logins_of(sources: Iterable[str]) -> dict[str, Login]:
    """
    Return the logins in *sources*, by the IPv4 addresses of their hosts.

    Hosts whose names are not found within :data:`LOOKUP_SECONDS` are left out.
    """
    lookups: list[tuple[Login, Lookup]] = []
    for source in sources:
        with contextlib.suppress(SettingsError):    # a device, or a file
            url = parse_url(source)
            parts = urlsplit(url.bare)
            if parts.scheme in STREAM_SCHEMES:
                lookup = Lookup(parts.hostname or "", 0)
                lookup.start()
                lookups.append((Login(url.user, url.password), lookup))
    until = time.monotonic() + LOOKUP_SECONDS
    found: dict[str, Login] = {}
    for login, lookup in lookups:
        lookup.join(max(0.0, until - time.monotonic()))
        for address, (family, _) in lookup.found.items():
            if family == socket.AF_INET:
                found.setdefault(address, login)
    return found


def ask(device: OnvifDevice, logins: Mapping[str, Login], closing: threading.Event
        ) -> FoundCamera:
    """Return the camera *device*, which is asked for its streams until *closing*."""
    names = ", ".join(dict.fromkeys(filter(None, [device.name, device.model])))
    found = FoundCamera(NETWORK, names, device.address,
                        watched=device.address in logins)
    login = logins.get(device.address, Login())
    try:
        streams = OnvifCamera(device, *login, closing).streams()
    except LoginMissing:
        return replace(found, needs_login=True)
    except CameraLost as error:
        return replace(found, problem=str(error))
    sources = tuple(FoundStream(*each) for each in streams)
    return replace(found, streams=sources,
                   source=sources[0].source if sources else "")


def describe(camera: FoundCamera, has_login: bool) -> Iterator[str]:
    """Yield the lines on a *camera*, without the login if it *has_login*."""
    yield f"{camera.address}: {camera.name or 'a camera'} (ONVIF)"
    if camera.needs_login:
        yield LOGIN_ADVICE.format(camera.address, program_command())
    if camera.problem:
        yield f"  PROBLEM: {camera.problem}"
    kinds = ["main"] + ["sub"] * MAX_SUB_STREAMS
    for kind, stream in zip(kinds, camera.streams, strict=False):
        yield stream_line(kind, stream, has_login)
    if has_login and camera.source:
        yield FILE_ADVICE.format(json.dumps(source_of(camera.source, has_login=True)))


def stream_line(kind: str, stream: FoundStream, has_login: bool) -> str:
    """Return the line on one stream, without the login that it takes."""
    size = f"{stream.width}x{stream.height}" if stream.width else ""
    words = [f"  {kind:4}", f"{size:9}", f"{stream.encoding:5}",
             f"--source {shlex.quote(source_of(stream.source, has_login))}"]
    return " ".join(words)


def source_of(source: str, has_login: bool) -> str:
    """Return *source* with a placeholder for the login if it *has_login*."""
    login = LOGIN_PLACEHOLDER if has_login else ""
    return source.replace("://", f"://{login}", 1)

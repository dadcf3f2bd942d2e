"""Ask an ONVIF camera for the addresses of its video streams."""

import calendar
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from pyimagesearch.errors import CameraLost, printable

from .onvif_discovery import OnvifDevice, at_host
from .onvif_messages import find, find_all, number_of, text_of
from .soap_client import SoapClient
from .url import CameraUrl

DEVICE_SERVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA_SERVICE = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2_SERVICE = "http://www.onvif.org/ver20/media/wsdl"     # some have it alone
SCHEMA = "http://www.onvif.org/ver10/schema"
STREAM_SCHEMES = ("rtsp", "rtsps", "http", "https")
MAX_PROFILES = 12       # that are asked for their address
MAX_ENCODING_LENGTH = 20


class OnvifStream(NamedTuple):
    """A video stream of a camera."""

    url: str            # without a login, at the camera's address
    width: int = 0      # [pixels]; 0 if the camera does not say
    height: int = 0
    encoding: str = ""  # as the camera calls it; printable


class OnvifCamera:
    """
    The camera *device*, logged in as *user*; both empty to try without.

    *closing* ends all waits. One thread uses it.
    """

    def __init__(self, device: OnvifDevice, user: str, password: str,
                 closing: threading.Event) -> None:
        self._device = device
        self._client = SoapClient(CameraUrl(device.url, user, password), closing)

    def streams(self) -> list[OnvifStream]:
        """
        Return the streams, the largest picture first.

        Raises :exc:`LoginMissing`, :exc:`LoginRefused` and :exc:`CameraLost`.
        """
        self._client.skew = self._clock_skew()
        service, place = self._media_service()
        found = [self._stream(service, place, profile)
                 for profile in self._profiles(service, place)]
        found.sort(key=lambda each: each.width * each.height)
        by_url = {each.url: each for each in found if each.url}
        return sorted(by_url.values(), reverse=True,
                      key=lambda each: each.width * each.height)

    def _clock_skew(self) -> float:
        """Return how far its clock is ahead [s]; 0 if it does not say."""
        try:
            answer = self._client.call(
                self._device.url, f'<GetSystemDateAndTime xmlns="{DEVICE_SERVICE}"/>',
                logged_in=False)
        except CameraLost:
            return 0.0
        utc = find(answer, "UTCDateTime")
        if utc is None or not number_of(utc, "Year"):
            return 0.0
        parts = [number_of(utc, name) for name in (
            "Year", "Month", "Day", "Hour", "Minute", "Second")]
        try:
            return calendar.timegm((*parts, 0, 0, 0)) - time.time()
        except (ValueError, OverflowError):     # no such date
            return 0.0

    def _media_service(self) -> tuple[str, str]:
        """Return the namespace and the URL of the service that knows the streams."""
        answer = self._client.call(
            self._device.url, f'<GetCapabilities xmlns="{DEVICE_SERVICE}">'
            "<Category>Media</Category></GetCapabilities>")
        media = find(answer, "Media")
        if media is not None and (place := self._here(text_of(media, "XAddr"))):
            return MEDIA_SERVICE, place
        answer = self._client.call(
            self._device.url, f'<GetServices xmlns="{DEVICE_SERVICE}">'
            "<IncludeCapability>false</IncludeCapability></GetServices>")
        for service in find_all(answer, "Service"):
            name = text_of(service, "Namespace")
            place = self._here(text_of(service, "XAddr"))
            if name in (MEDIA_SERVICE, MEDIA2_SERVICE) and place:
                return name, place
        raise CameraLost(f"{self._client.url} has no video, as far as ONVIF says")

    def _here(self, url: str) -> str:
        return at_host(url, self._device.address)

    def _profiles(self, service: str, place: str) -> Iterator[ET.Element]:
        """Yield what it can send, as far as there are profiles."""
        kinds = "" if service == MEDIA_SERVICE else "<Type>VideoEncoder</Type>"
        answer = self._client.call(
            place, f'<GetProfiles xmlns="{service}">{kinds}</GetProfiles>')
        for profile in islice(find_all(answer, "Profiles"), MAX_PROFILES):
            if profile.get("token"):
                yield profile

    def _stream(self, service: str, place: str, profile: ET.Element) -> OnvifStream:
        """Return the stream of *profile*; its URL is empty if there is none."""
        token = f"<ProfileToken>{escape(profile.get('token', ''))}</ProfileToken>"
        if service == MEDIA_SERVICE:
            body = (f'<StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
                    f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol>'
                    f"</Transport></StreamSetup>{token}")
        else:
            body = f"<Protocol>RtspUnicast</Protocol>{token}"
        answer = self._client.call(
            place, f'<GetStreamUri xmlns="{service}">{body}</GetStreamUri>')
        url = at_host(text_of(answer, "Uri"), self._device.address, STREAM_SCHEMES)
        encoder = find(profile, "VideoEncoderConfiguration")    # beside one of sound
        if encoder is None:
            encoder = find(profile, "VideoEncoder")
        if encoder is None:
            return OnvifStream(url)
        return OnvifStream(
            url, number_of(encoder, "Width"), number_of(encoder, "Height"),
            printable(text_of(encoder, "Encoding"), MAX_ENCODING_LENGTH))



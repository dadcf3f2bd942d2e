"""Find the ONVIF cameras of the networks that this machine is in (WS-Discovery)."""

import contextlib
import re
import select
import socket
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

from pyimagesearch.errors import SettingsError, printable

from .onvif_messages import BadSoap, envelope, find_all, parse_envelope, text_of
from .url import parse_url

GROUP_PLACE = ("239.255.255.250", 3702)
# cameras may wait half a second before they answer, and packets are lost
PROBE_TIMES = (0.0, 0.5)    # [s]
DISCOVERY_SECONDS = 1.8
DATAGRAM_BYTES = 65_535
MAX_DEVICES = 64
MAX_DEVICES_PER_ADDRESS = 4     # a hostile one cannot crowd out the others
MAX_NAME_LENGTH = 60
ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
# some cameras answer to the one type only, some to the other
TYPES = {"http://www.onvif.org/ver10/network/wsdl": "NetworkVideoTransmitter",
         "http://www.onvif.org/ver10/device/wsdl": "Device"}
SCOPE_PATTERN = re.compile(r"onvif://www\.onvif\.org/(\w+)/(.+)", re.IGNORECASE)


class OnvifDevice(NamedTuple):
    """A camera that answered, or another device that speaks ONVIF."""

    address: str        # from which it answered
    url: str            # of its device service, at that address
    name: str = ""      # as it calls itself; printable
    model: str = ""


def find_devices(interfaces: Iterable[str], hosts: Iterable[str] = (),
                 group: tuple[str, int] = GROUP_PLACE) -> list[OnvifDevice]:
    """
    Return the devices that answer within :data:`DISCOVERY_SECONDS`.

    Those in the networks of *interfaces*, IPv4 addresses of this machine, are asked
    all at once; those at the addresses *hosts* one by one, as routers pass on no
    multicast.
    """
    places = [group, *((host, group[1]) for host in hosts)]
    found: dict[str, OnvifDevice] = {}
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(probe) for probe in open_probes(interfaces)]
        begin, sent = time.monotonic(), 0
        while (passed := time.monotonic() - begin) < DISCOVERY_SECONDS:
            if sent < len(PROBE_TIMES) and passed >= PROBE_TIMES[sent]:
                send_probes(probes, places)
                sent += 1
            following = min([*PROBE_TIMES[sent:], DISCOVERY_SECONDS])
            wait = max(0.0, following - passed)
            for probe in select.select(probes, [], [], wait)[0]:
                for device in receive_devices(probe):
                    add_device(found, device)
    return sorted(found.values(), key=lambda each: socket.inet_aton(each.address))


def open_probes(interfaces: Iterable[str]) -> Iterator[socket.socket]:
    """Yield a socket for each of *interfaces* that can send to a group."""
    for address in interfaces:
        probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                             socket.inet_aton(address))
            probe.bind((address, 0))
            probe.setblocking(False)
        except OSError:     # it has just vanished
            probe.close()
        else:
            yield probe


def send_probes(probes: Sequence[socket.socket], places: Sequence[tuple[str, int]]
                ) -> None:
    """Send a probe for each of :data:`TYPES` from all *probes* to all *places*."""
    for probe in probes:
        for place in places:
            for namespace, kind in TYPES.items():
                with contextlib.suppress(OSError):      # no way there from this one
                    probe.sendto(probe_message(namespace, kind), place)


def probe_message(namespace: str, kind: str) -> bytes:
    """Return a message that asks for devices of a *kind*."""
    return envelope(
        f'<d:Probe xmlns:d="{DISCOVERY}" xmlns:n="{namespace}">'
        f"<d:Types>n:{kind}</d:Types></d:Probe>",
        f'<a:MessageID xmlns:a="{ADDRESSING}">urn:uuid:{uuid.uuid4()}</a:MessageID>'
        f'<a:To xmlns:a="{ADDRESSING}">urn:schemas-xmlsoap-org:ws:2005:04:discovery'
        f'</a:To><a:Action xmlns:a="{ADDRESSING}">{DISCOVERY}/Probe</a:Action>')


def receive_devices(probe: socket.socket) -> Iterator[OnvifDevice]:
    """Yield the devices in one datagram; none of what is no answer."""
    try:
        data, (address, _) = probe.recvfrom(DATAGRAM_BYTES)
        root = parse_envelope(data)
    except (OSError, BadSoap):
        return
    for match in islice(find_all(root, "ProbeMatch"), MAX_DEVICES_PER_ADDRESS):
        if device := read_match(match, address):
            yield device


def read_match(match: ET.Element, address: str) -> OnvifDevice | None:
    """Return the device at *address* that *match* describes, if it speaks ONVIF."""
    scopes: dict[str, str] = {}
    for scope in text_of(match, "Scopes").split():
        if part := SCOPE_PATTERN.fullmatch(scope):
            scopes.setdefault(part[1].lower(), printable(
                unquote(part[2]).replace("_", " "), MAX_NAME_LENGTH))
    if not scopes and "NetworkVideoTransmitter" not in text_of(match, "Types"):
        return None     # perhaps a printer
    urls = [at_host(url, address) for url in text_of(match, "XAddrs").split()]
    return next((OnvifDevice(address, url, scopes.get("name", ""),
                             scopes.get("hardware", "")) for url in urls if url), None)


def add_device(found: dict[str, OnvifDevice], device: OnvifDevice) -> None:
    """Add *device* to those *found* by URL, unless there are too many."""
    at_address = Counter(each.address for each in found.values())[device.address]
    if len(found) < MAX_DEVICES and at_address < MAX_DEVICES_PER_ADDRESS:
        found.setdefault(device.url, device)


def at_host(url: str, host: str, schemes: Sequence[str] = ("http", "https")) -> str:
    """
    Return *url*, which a camera named, at the *host* where it answers.

    Behind a router, or with two networks, cameras name addresses that do not lead to
    them; a hostile one might name any other host. Empty if it is no URL of *schemes*.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        return ""
    try:
        bare = parse_url(url).bare
        parts = urlsplit(bare)
        place = f"{host}:{parts.port}" if parts.port else host
    except (SettingsError, ValueError):
        return ""
    return parts._replace(netloc=place).geturl() if parts.scheme in schemes else ""

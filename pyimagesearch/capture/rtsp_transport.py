"""How an RTSP camera sends its video: in the connection, by UDP, or to a group."""

import contextlib
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from typing import Protocol

from .rtp_order import RtpOrder
from .rtsp_description import Description, multicast

VIDEO, REPORTS = 0, 1       # the channels that FFmpeg knows: RTP, RTCP
DATAGRAM_BYTES = 65535
DATAGRAMS_AT_ONCE = 64      # from one socket; then the others have their turn
BUFFER_BYTES = 1024 * 1024  # of the kernel, for key frames that come in one burst
PORT_TRIES = 20
CHANNELS_PATTERN = re.compile(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?")
SERVER_PORTS_PATTERN = re.compile(r"server_port=(\d{1,5})(?:-(\d{1,5}))?")
SOURCE_PATTERN = re.compile(r"source=([\da-fA-F.:]{2,45})")
GROUP_PATTERN = re.compile(r"destination=([\da-fA-F.:]{2,45})")
GROUP_PORTS_PATTERN = re.compile(r"(?<!_)port=(\d{1,5})(?:-(\d{1,5}))?")
# A packet without content, and an empty report: so firewalls let the answers in
EMPTY_PACKET = bytes([0x80]) + bytes(11)
EMPTY_REPORT = bytes([0x80, 201, 0, 1]) + bytes(4)


class Unacceptable(Exception):
    """The camera answered with another transport than requested, as the text says."""


class Receiver(Protocol):
    """Receive the video by one transport, which the header *offer* requests."""

    offer: str

    @property
    def sockets(self) -> Sequence[socket.socket]:
        """What has to be read besides the connection."""

    def accept(self, transport: str) -> None:
        """Take the camera's answer; raises :exc:`Unacceptable`."""

    def channel(self, number: int) -> int | None:
        """Return what a channel of the connection carries; None for neither."""

    def receive(self, readable: socket.socket) -> Iterator[tuple[int, bytes]]:
        """Yield what one of the sockets has got, with what it is."""

    def report(self) -> None:
        """Let the camera know that its video is received."""

    def close(self) -> None:
        """Close the sockets."""


class Interleaved:
    """Within the RTSP connection itself."""

    offer = "RTP/AVP/TCP;unicast;interleaved=0-1"
    sockets: Sequence[socket.socket] = ()

    def __init__(self, camera: socket.socket, description: Description) -> None:
        self._channels = 0, 1

    def accept(self, transport: str) -> None:
        found = CHANNELS_PATTERN.search(transport)
        if not found and "TCP" not in transport.upper():
            raise Unacceptable("it sends by UDP only")
        if found:
            first = int(found[1])
            self._channels = first, int(found[2] or first + 1)

    def channel(self, number: int) -> int | None:
        return self._channels.index(number) if number in self._channels else None

    def receive(self, readable: socket.socket) -> Iterator[tuple[int, bytes]]:
        yield from ()

    def report(self) -> None:
        pass

    def close(self) -> None:
        pass


class Datagrams:
    """
    By UDP, to the address of the RTSP connection, whatever the camera answers.

    Packets are taken from there, and from the address that it names as their source.
    """

    def __init__(self, camera: socket.socket, description: Description) -> None:
        self._family, self._camera = camera.family, camera.getpeername()
        self._senders = {self._camera[0]}
        self._order = RtpOrder()
        self._pair = port_pair(camera)
        self._ports = 0, 0      # of the camera, for the reports; 0 if not known
        port = self._pair[0].getsockname()[1]
        self.offer = f"RTP/AVP/UDP;unicast;client_port={port}-{port + 1}"

    @property
    def sockets(self) -> Sequence[socket.socket]:
        return self._pair

    def accept(self, transport: str) -> None:
        if "TCP" in transport.upper():
            raise Unacceptable("it sends by TCP only")
        if found := SERVER_PORTS_PATTERN.search(transport):
            first = int(found[1])
            self._ports = first, int(found[2] or first + 1)
        if found := SOURCE_PATTERN.search(transport):
            with contextlib.suppress(ValueError):
                self._senders.add(str(ip_address(found[1])))
        self.report()

    def channel(self, number: int) -> int | None:
        return None

    def receive(self, readable: socket.socket) -> Iterator[tuple[int, bytes]]:
        channel = VIDEO if readable is self._pair[0] else REPORTS
        with contextlib.suppress(OSError):      # BlockingIOError, or a refused report
            for _ in range(DATAGRAMS_AT_ONCE):
                data, sender = readable.recvfrom(DATAGRAM_BYTES)
                if sender[0] not in self._senders:
                    continue
                ready = (self._order.put(data, time.monotonic())
                         if channel == VIDEO else [data])
                yield from ((channel, packet) for packet in ready)

    def report(self) -> None:
        for sender, port, data in zip(self._pair, self._ports,
                                      (EMPTY_PACKET, EMPTY_REPORT), strict=True):
            if 1 <= port <= DATAGRAM_BYTES:
                with contextlib.suppress(OSError):
                    sender.sendto(data, (self._camera[0], port, *self._camera[2:]))

    def close(self) -> None:
        for each in self._pair:
            each.close()


class Group(Datagrams):
    """By UDP to a multicast group."""

    def __init__(self, camera: socket.socket, description: Description) -> None:
        super().__init__(camera, description)
        self._interface = camera.getsockname()[0]
        self._group, self._group_port = description.group, description.port
        self.offer = "RTP/AVP/UDP;multicast"

    def accept(self, transport: str) -> None:
        found = GROUP_PATTERN.search(transport)
        group = multicast(found[1]) if found else self._group
        ports = GROUP_PORTS_PATTERN.search(transport)
        port = int(ports[1]) if ports else self._group_port
        if group is None or not 1 <= port < DATAGRAM_BYTES:
            raise Unacceptable("it sends to no multicast group")
        self.close()
        self._pair = []
        try:
            for each in (port, int(ports[2] or port + 1) if ports else port + 1):
                self._pair.append(join(group, each, self._family, self._interface))
        except (OSError, OverflowError) as error:
            raise Unacceptable(
                f"its multicast group cannot be joined ({error})") from None

    def report(self) -> None:
        pass        # the camera sends whether or not


Transport = Callable[[socket.socket, Description], Receiver]
TRANSPORTS: dict[str, tuple[Transport, ...]] = {
    # TCP loses nothing; where it is refused, UDP follows, then multicast
    "auto": (Interleaved, Datagrams, Group),
    "tcp": (Interleaved,),
    "udp": (Datagrams, Group)}


def port_pair(camera: socket.socket) -> list[socket.socket]:
    """Return two sockets for UDP, of an even port and the next one."""
    address = camera.getsockname()
    for _ in range(PORT_TRIES):
        first = datagram_socket(camera.family)
        first.bind((address[0], 0, *address[2:]))
        port = first.getsockname()[1]
        second = datagram_socket(camera.family)
        try:
            if port % 2 == 0:
                second.bind((address[0], port + 1, *address[2:]))
                return [first, second]
        except OSError:     # it is in use
            pass
        first.close()
        second.close()
    raise OSError(None, "no pair of ports is free")


def datagram_socket(family: int) -> socket.socket:
    """Return a socket for UDP that never blocks."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    return made


def join(group: str, port: int, family: int, interface: str) -> socket.socket:
    """Return a socket that gets what is sent to a multicast *group*."""
    made = datagram_socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((group, port))
        address = socket.inet_pton(family, group)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                            address + struct.pack("@I", 0))
        else:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            address + socket.inet_aton(interface))
    except BaseException:
        made.close()
        raise
    return made

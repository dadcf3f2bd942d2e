"""Multicast DNS (RFC 6762): check whether this machine answers for its own name."""

import secrets
import socket
import struct
import time
from pathlib import Path

GROUP_ADDRESS = "224.0.0.251"
MDNS_PORT = 5353
ANSWER_SECONDS = 0.3    # a responder on this machine takes less than a millisecond
PORT_TABLES = (Path("/proc/net/udp"), Path("/proc/net/udp6"))     # proc(5)
QUERY_FLAGS, RESPONSE_FLAG, ERROR_MASK = 0, 0x8000, 0x000F
TYPE_A, CLASS_INTERNET = 1, 1
MAX_LABEL_BYTES = 63    # of a name, between its dots


def is_answered_here(name: str, address: str, port: int = MDNS_PORT) -> bool:
    """
    Return whether a responder on this machine answers for *name*.

    *address* is the machine's own in its network. An answer of another machine is none:
    two that have the same name cannot both keep it. Takes :data:`ANSWER_SECONDS` at
    most, and no time if no program listens on *port*.
    """
    if not is_listened_on(port):
        return False
    try:
        query = query_for(name)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
            probe.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                             socket.inet_aton(address))
            probe.sendto(query, (GROUP_ADDRESS, port))
            return wait_for_answer(probe, query, (address, port))
    except (OSError, UnicodeError, ValueError):
        return False


def is_listened_on(port: int) -> bool:
    """Return whether a program of this machine receives UDP on *port*."""
    for table in PORT_TABLES:
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:     # no IPv6
            continue
        if any(line.split()[1].endswith(f":{port:04X}") for line in lines):
            return True
    return False


def query_for(name: str) -> bytes:
    """Return a query for the IPv4 address of *name*; raises ValueError for none."""
    head = struct.pack(">6H", secrets.randbelow(0x10000), QUERY_FLAGS, 1, 0, 0, 0)
    labels = [label.encode("ascii") for label in name.split(".")]
    if not all(0 < len(label) <= MAX_LABEL_BYTES for label in labels):
        raise ValueError(name)
    encoded = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return head + encoded + struct.pack(">2H", TYPE_A, CLASS_INTERNET)


def wait_for_answer(probe: socket.socket, query: bytes, place: tuple[str, int]) -> bool:
    """Return whether a record answers the *query* from *place*; raises OSError."""
    until = time.monotonic() + ANSWER_SECONDS
    while (left := until - time.monotonic()) > 0:
        probe.settimeout(left)
        data, sender = probe.recvfrom(9000)     # RFC 6762, section 17
        if sender != place or len(data) < 12:
            continue
        number, flags, _, answers = struct.unpack_from(">4H", data)
        if (number == query[0] << 8 | query[1] and flags & RESPONSE_FLAG
                and not flags & ERROR_MASK and answers):
            return True
    return False

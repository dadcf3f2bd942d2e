"""Where to listen, and why that may not be possible."""

import contextlib
import errno
import fcntl
import ipaddress
import os
import re
import socket
import struct

from pyimagesearch.errors import ListenError, SettingsError

BACKLOG = 1024      # connections that may wait to be accepted
SIOCGIFADDR = 0x8915    # linux/sockios.h


def listen(ip: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises :exc:`ListenError`."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            ip, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        # what is no name that may be known later
        if isinstance(error, socket.gaierror) and re.fullmatch(r"[\d.:]+", ip):
            raise SettingsError(f"--ip is {ip!r}, but must be an address such as "
                                "192.168.1.7, or 0.0.0.0 for all of them") from None
        raise ListenError(f"cannot listen on {ip}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # what is accepted inherits it: else a page's body, sent after its head, waits
        # 40 ms on a kept connection for the client to acknowledge that
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return listener
    except OSError as error:
        listener.close()
        raise ListenError(explain(error, ip, port)) from None


def explain(error: OSError, ip: str, port: int) -> str:
    """Say in one sentence why *ip* and *port* cannot be had, and what helps."""
    if error.errno == errno.EADDRINUSE:
        return (f"port {port} on {ip} is in use by another program; "
                "stop that one, or choose another with --port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return (f"port {port} needs the rights of root, as all below 1024; "
                "choose a higher one with --port, such as 8000")
    if error.errno == errno.EADDRNOTAVAIL:
        return (f"{ip} is not an address of this machine; "
                "use one that is, or 0.0.0.0 for all of them, with --ip")
    return f"cannot listen on {ip}, port {port}: {os.strerror(error.errno or 0)}"


def urls(ip: str, port: int, scheme: str = "http") -> list[str]:
    """Return the addresses at which a browser finds us, a phone's included."""
    if ip not in ("0.0.0.0", "::"):
        return [f"{scheme}://{bracketed(ip)}:{port}/"]
    outside = lan_address()
    return [f"{scheme}://127.0.0.1:{port}/",
            *([f"{scheme}://{outside}:{port}/"] if outside else [])]


def bracketed(ip: str) -> str:
    """Return *ip* as it stands in a URL."""
    return f"[{ip}]" if ":" in ip else ip


def lan_address() -> str | None:
    """Return this machine's address in its network; no packet is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))     # of no network (RFC 5737)
        except OSError:     # no way out, as of a Pi that is its own access point
            inside = [each for each in own_addresses()
                      if each.version == 4 and not each.is_loopback]
            return str(min(inside, key=int)) if inside else None
        address: str = probe.getsockname()[0]
        return address


def own_addresses() -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """
    Return this machine's addresses: of IPv6 only its own loopback.

    The others are given by providers, who change them as often as every day.
    """
    found: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = {
        ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1")}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):      # one without an address
                asked = struct.pack("40s", name.encode())
                answer = fcntl.ioctl(probe, SIOCGIFADDR, asked)
                found.add(ipaddress.IPv4Address(answer[20:24]))
    return found

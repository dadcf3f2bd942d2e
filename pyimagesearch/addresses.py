"""IP addresses: our own, those in URLs, and which of them count as one client."""

import contextlib
import fcntl
import ipaddress
import re
import socket
import struct

from .mdns import is_answered_here

SIOCGIFADDR = 0x8915    # linux/sockios.h
FORWARDED_ADDRESS = re.compile(     # IPv4 with port, IPv6 in brackets, or either alone
    r"([0-9.]{7,15}):[0-9]{1,5}|\[([0-9a-f:.]{2,45})(?:%[^\]]*)?\](?::[0-9]{1,5})?|"
    r"([0-9a-f:.]{2,45})(?:%.*)?", re.IGNORECASE)


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, an IPv6 network of 64 bits."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    found = getattr(found, "ipv4_mapped", None) or found
    return str(found if found.version == 4 else
               ipaddress.ip_network((found, 64), strict=False))


def outermost_hop(header: str, proxies: int) -> str:
    """Return what the outermost of *proxies* added to *header*; empty if nothing."""
    hops = header.rsplit(",", proxies)[-proxies:]
    return hops[0].strip() if len(hops) >= proxies else ""


def forwarded_address(forwarded_for: str, proxies: int) -> str | None:
    """
    Return the client's address in the header ``X-Forwarded-For`` of *proxies*.

    It may be in brackets, with a port or with a zone. Whatever is no address, such as
    ``unknown``, is none: a client could make up as many as it likes.
    """
    found = FORWARDED_ADDRESS.fullmatch(outermost_hop(forwarded_for, proxies))
    try:
        address = ipaddress.ip_address("".join(filter(None, found.groups()))
                                       if found else "")
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def urls(ip: str, port: int, scheme: str = "http") -> list[str]:
    """
    Return the URLs of the server, the name first and the address in the network last.

    The name is one that other devices can look up, if there is one.
    """
    hosts = [f"[{ip}]" if ":" in ip else ip]
    if ip in ("0.0.0.0", "::"):
        hosts = ["127.0.0.1"]
        if lan := lan_address():
            hosts = [*mdns_names(lan), *hosts, lan]
    return [f"{scheme}://{host}:{port}/" for host in hosts]


def phone_urls(port: int, scheme: str = "http") -> list[str]:
    """Return the URLs for other devices in the network: by name, by address."""
    lan = lan_address()
    hosts = [*mdns_names(lan), lan] if lan else []
    return [f"{scheme}://{host}:{port}/" for host in hosts]


def mdns_names(lan: str) -> list[str]:
    """Return ``HOST.local``, if this machine answers to it at its address *lan*."""
    name = f"{socket.gethostname().partition('.')[0].lower()}.local"
    return [name] if is_answered_here(name, lan) else []


def lan_address() -> str | None:
    """Return this machine's IPv4 address in its network, without sending a packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))     # reserved (RFC 5737)
        except OSError:     # no default route, as on a Pi that is an access point
            local = [each for each in own_addresses()
                     if each.version == 4 and not each.is_loopback]
            return str(min(local, key=int)) if local else None
        address: str = probe.getsockname()[0]
        return address


def own_addresses() -> set[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """
    Return this machine's addresses, of IPv6 only the loopback.

    Providers assign the other IPv6 addresses and may change them every day.
    """
    found: set[ipaddress.IPv4Address | ipaddress.IPv6Address] = {
        ipaddress.IPv4Address("127.0.0.1"), ipaddress.IPv6Address("::1")}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):      # has no address
                asked = struct.pack("40s", name.encode())
                answer = fcntl.ioctl(probe, SIOCGIFADDR, asked)
                found.add(ipaddress.IPv4Address(answer[20:24]))
    return found


def is_address(name: str) -> bool:
    """Return whether *name* is an IP address, which no DNS server can redirect."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(address: str) -> bool:
    """Return whether only programs on this machine can reach *address*."""
    return is_address(address) and ipaddress.ip_address(address).is_loopback

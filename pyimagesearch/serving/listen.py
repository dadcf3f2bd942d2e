"""Open the listening socket, or explain why that is not possible."""

import errno
import os
import re
import socket

from pyimagesearch.errors import SettingsError, SurveillanceError

BACKLOG = 1024      # connections that may wait to be accepted


def listen(ip: str, port: int) -> socket.socket:
    """Return a listening socket; raises :exc:`SurveillanceError` or SettingsError."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            ip, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        # an unknown name may be known later, a malformed address will not
        if isinstance(error, socket.gaierror) and re.fullmatch(r"[\d.:]+", ip):
            raise SettingsError(f"--ip is {ip!r}, but must be an address such as "
                                "192.168.1.7, or 0.0.0.0 for all of them") from None
        raise SurveillanceError(
            f"cannot listen on --ip {ip}: {error.strerror}") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # inherited by accepted sockets: otherwise a response's body, sent after its
        # head, waits 40 ms on a kept connection for the client's acknowledgement
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        return listener
    except OSError as error:
        listener.close()
        raise SurveillanceError(explain(error, ip, port)) from None


def explain(error: OSError, ip: str, port: int) -> str:
    """Return one sentence on why *ip* and *port* cannot be had, and what helps."""
    if error.errno == errno.EADDRINUSE:
        return (f"port {port} on {ip} is in use by another program; "
                "stop that one, or choose another port with --port")
    if error.errno in (errno.EACCES, errno.EPERM):
        return (f"port {port} needs root privileges, as all ports below 1024; "
                "choose a higher one with --port, such as 8000")
    if error.errno == errno.EADDRNOTAVAIL:
        return (f"{ip} is not an address of this machine; "
                "use one that is, or 0.0.0.0 for all of them, with --ip")
    return f"cannot listen on {ip}, port {port}: {os.strerror(error.errno or 0)}"

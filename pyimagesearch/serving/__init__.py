"""The HTTP server: connections, requests, TLS and live streams on one thread."""

from .connections import connections_for
from .server import LiveServer
from .tls import tls_for

__all__ = ["LiveServer", "connections_for", "tls_for"]

"""The HTTP server: connections, requests, TLS and live streams on one thread."""

from .connections import connections_for
from .server import LiveServer, in_thread
from .tls import tls_for

__all__ = ["LiveServer", "connections_for", "in_thread", "tls_for"]

"""The HTTP server: connections, requests, TLS and live streams on one thread."""

from .server import LiveServer

__all__ = ["LiveServer"]

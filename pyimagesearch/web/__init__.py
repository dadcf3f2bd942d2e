"""Pages, streams and JSON over HTTP, with Flask; knows no camera and no detector."""

from .app import create_app
from .services import Feed, Services

__all__ = ["Feed", "Services", "create_app"]

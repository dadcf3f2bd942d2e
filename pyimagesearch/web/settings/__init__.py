"""The pages with which an owner sets everything: server, cameras and people."""

from . import about, adding, camera_form, people
from .overview import bp

__all__ = ["about", "adding", "bp", "camera_form", "people"]

"""Name what moves in the pictures of all cameras: person, vehicle or animal."""

from .recognizer import ObjectRecognizer

__all__ = ["ObjectRecognizer"]

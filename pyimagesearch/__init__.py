"""A surveillance server: one camera loop, any number of browsers."""

__version__ = "0.1.0"

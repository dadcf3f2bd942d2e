"""Why not everything of one camera is recorded."""

from dataclasses import dataclass


@dataclass
class Troubles:
    """What outlasts a single event, each as a clause; empty if all is well."""

    loading: str = ""       # PyAV
    finishing: str = ""     # the clip that was closed last

"""Cameras that could be watched, and how a test of one came out."""

from dataclasses import dataclass

USB, MODULE, NETWORK = "usb", "module", "network"   # kinds of cameras


@dataclass(frozen=True)
class FoundStream:
    """A stream of a network camera, ready to be a source."""

    source: str         # without a login
    width: int = 0      # [pixels]; 0 if the camera does not say
    height: int = 0
    encoding: str = ""  # as the camera calls it; printable


@dataclass(frozen=True)
class FoundCamera:
    """
    A camera that is plugged in or answers in the network.

    *source* is ready to be watched; it is empty where only a login makes the camera
    name its streams. A *problem* is one sentence.
    """

    kind: str           # USB, MODULE (of a Raspberry Pi) or NETWORK
    name: str           # as its maker calls it; may be empty
    address: str        # /dev/video0, the number of the module, or an IPv4 address
    source: str = ""
    streams: tuple[FoundStream, ...] = ()   # of a network camera, the largest first
    needs_login: bool = False
    watched: bool = False       # by this server
    problem: str = ""


@dataclass(frozen=True)
class CameraTest:
    """
    How a short test of a camera came out: without a *picture*, nothing arrived.

    *problems* are sentences.
    """

    source: str         # without what may be secret
    width: int = 0      # [pixels]
    height: int = 0
    fps: float = 0.0    # frames a second; 0 after a single one
    picture: str = ""   # key of the newest picture; empty if there is none
    problems: tuple[str, ...] = ()

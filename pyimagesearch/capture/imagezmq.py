"""The hub side of ImageZMQ: many Raspberry Pis send their pictures here."""

import json
import logging
import threading
from collections.abc import Sequence

import numpy as np
import zmq

from pyimagesearch.errors import BadPicture, CameraLost
from pyimagesearch.frames import ArrayPicture, Picture
from pyimagesearch.jpeg import JpegDecoder

from .jpegpicture import JpegPicture
from .source import as_bgr

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 32 * 1024 * 1024    # 4K as an array, and a margin
POLL_MILLISECONDS = 200     # between two checks for the end
MAX_SENDERS = 256


class ImageHub:
    """
    One socket, one thread, and the newest picture of each sender.

    *pattern* is ``"rep"``, where senders connect to the hub and wait for a reply, which
    they get at once, or ``"sub"``, where the hub connects to a publishing sender.
    Raises :exc:`CameraLost` if it cannot listen on *address*.
    """

    def __init__(self, pattern: str, address: str) -> None:
        self._replies = pattern == "rep"
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.REP if self._replies else zmq.SUB)
        for option, value in ((zmq.LINGER, 0), (zmq.RCVHWM, 2),
                              (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES),
                              (zmq.RCVTIMEO, POLL_MILLISECONDS)):
            self._socket.setsockopt(option, value)      # before connecting
        try:
            if self._replies:
                self._socket.bind(f"tcp://{address}")
            else:
                self._socket.setsockopt(zmq.SUBSCRIBE, b"")
                self._socket.connect(f"tcp://{address}")
        except zmq.ZMQError as error:
            self._context.destroy(0)
            raise CameraLost(f"imagezmq {address}: {str(error).lower()}") from None
        self._changed = threading.Condition()       # guards the next two attributes
        self._newest: dict[str, tuple[int, Picture]] = {}
        self.number = 0     # pictures received from all senders
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"imagezmq-{address}", daemon=True)
        self._thread.start()

    def newest(self, name: str, seen: int,
               timeout: float) -> tuple[int, Picture] | None:
        """
        Return number and picture of sender *name*, newer than number *seen*.

        An empty *name* means any sender. Returns ``None`` after *timeout* [s].
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._newest.get(name, (0,))[0] > seen, timeout)
            found = self._newest.get(name)
            return found if found and found[0] > seen else None

    def close(self) -> None:
        """End the thread and release the address."""
        self._stopping.set()
        self._thread.join(5 * POLL_MILLISECONDS / 1000)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                message = self._socket.recv_multipart()
                if self._replies:
                    self._socket.send(b"OK")        # first, as the sender waits for it
            except zmq.Again:
                continue
            except zmq.ZMQError as error:
                log.warning("imagezmq: %s", error)
                continue
            try:
                self._keep(*unpack(message))
            except BadPicture as error:
                log.debug("imagezmq: %s", error)
        self._context.destroy(0)

    def _keep(self, name: str, picture: Picture) -> None:
        with self._changed:
            self.number += 1
            known = name in self._newest or len(self._newest) < MAX_SENDERS
            for slot in {name, ""} if known else {""}:
                self._newest[slot] = (self.number, picture)
            self._changed.notify_all()


class ImageHubs:
    """
    The hubs of this process, by address; the cameras of one address share a hub.

    A hub outlives its cameras, so that no sender waits for a reply in vain. Any thread
    may call the methods.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hubs: dict[tuple[str, str], ImageHub] = {}

    def open(self, pattern: str, address: str, name: str,
             closing: threading.Event) -> "ImageHubSource":
        """Return the camera *name* at *address*; raises :exc:`CameraLost`."""
        with self._lock:
            if (pattern, address) not in self._hubs:
                self._hubs[pattern, address] = ImageHub(pattern, address)
            return ImageHubSource(self._hubs[pattern, address], address, name, closing)

    def close(self) -> None:
        """End all hubs."""
        with self._lock:
            for hub in self._hubs.values():
                hub.close()
            self._hubs.clear()


class ImageHubSource:
    """One sender of a hub, as a camera."""

    read_timeout = 5.0

    def __init__(self, hub: ImageHub, address: str, name: str,
                 closing: threading.Event) -> None:
        self.granted = f"ImageZMQ from {name or 'any sender'} at {address}"
        self._hub = hub
        self._name = name
        self._closing = closing
        self._seen = hub.number     # earlier pictures may be of a dead sender

    def read(self) -> Picture:
        while not self._closing.is_set():
            if found := self._hub.newest(
                    self._name, self._seen, POLL_MILLISECONDS / 1000):
                self._seen = found[0]
                return found[1]
        raise CameraLost("closing")

    def close(self) -> None:
        """Leave the hub open for other senders, and for reopening."""


def unpack(message: Sequence[bytes]) -> tuple[str, Picture]:
    """
    Return name and picture of one ImageZMQ *message*.

    It has two parts: JSON with ``msg`` and, for an array, ``dtype`` and ``shape``; then
    the array or the JPEG. Raises :exc:`BadPicture` if they do not match.
    """
    if len(message) != 2:
        raise BadPicture(f"a message of {len(message)} parts instead of 2")
    try:
        header = json.loads(message[0])
        name = str(header["msg"])[:64]
        shape = header.get("shape")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadPicture("a message whose first part is not ImageZMQ's JSON") from None
    if shape is None:
        return name, JpegPicture(message[1], JpegDecoder())
    valid = isinstance(shape, list) and len(shape) in (2, 3) and all(
        type(side) is int and 0 < side <= 8192 for side in shape)
    if not valid or header.get("dtype") != "uint8":
        raise BadPicture(f"an array of {header.get('dtype')!r} and shape {shape!r}")
    if len(message[1]) != np.prod(shape):
        raise BadPicture(f"{len(message[1])} bytes for an array of shape {shape}")
    array = np.frombuffer(message[1], np.uint8).reshape(shape)
    try:
        return name, ArrayPicture(as_bgr(array))
    except CameraLost as lost:
        raise BadPicture(str(lost)) from None

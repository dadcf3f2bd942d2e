"""Receive pictures from ImageZMQ senders: many Raspberry Pis to one address."""

import json
import threading
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from pyimagesearch.errors import BadPicture, CameraLost, reason
from pyimagesearch.frames import ArrayPicture, Picture
from pyimagesearch.jpeg import JpegDecoder

from .jpegpicture import JpegPicture
from .limits import MAX_PICTURE_BYTES, Allowance
from .source import Opener, as_bgr
from .zmtp import Bytes, Keep
from .zmtp_sockets import Refusals, ZmtpListener, ZmtpSubscriber

MAX_ARRAY_BYTES = 32 * 1024 * 1024      # 4K in colour, and a margin
MAX_ARRAY_SIDE = 8192       # pixels
POLL_SECONDS = 0.2          # between two checks for the end
SHOWN_CHARACTERS = 64       # of a sender's name, in logs


class Header(NamedTuple):
    """The first part of a message: the sender's *name*, and the shape of an array."""

    name: str
    shape: tuple[int, ...] | None = None    # a JPEG has none
    fault: str = ""     # what is wrong with the array

    def check(self, size: int, allowance: Allowance) -> None:
        """Raise :exc:`BadPicture` unless *size* bytes of picture fit, and may come."""
        if self.fault:
            raise BadPicture(self.fault)
        if self.shape is None:
            if size > MAX_PICTURE_BYTES:
                raise BadPicture(f"a picture of {size} bytes")
            allowance.receive(size)
            return
        pixels = self.shape[0] * self.shape[1]
        channels = self.shape[2] if len(self.shape) == 3 else 1
        if channels not in (1, 3, 4) or size != pixels * channels or (
                size > MAX_ARRAY_BYTES):
            raise BadPicture(f"{size} bytes for an array of shape {list(self.shape)}")
        allowance.check((self.shape[1], self.shape[0]))


def parse_header(part: bytes) -> Header:
    """Return what the first part of a message says; raises :exc:`BadPicture`."""
    try:
        header = json.loads(part)
        name, shape = str(header["msg"]), header.get("shape")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadPicture("a message whose first part is not ImageZMQ's JSON") from None
    if shape is None:
        return Header(name)
    valid = isinstance(shape, list) and len(shape) in (2, 3) and all(
        type(side) is int and 0 < side <= MAX_ARRAY_SIDE for side in shape)
    if not valid or header.get("dtype") != "uint8":
        about = f"an array of {header.get('dtype')!a} and shape {shape!r}"
        return Header(name, fault=about[:SHOWN_CHARACTERS])
    return Header(name, tuple(shape))


def make_picture(header: Header, body: Bytes, decoder: JpegDecoder,
                 allowance: Allowance) -> Picture:
    """Return the picture in *body*, which was checked; raises :exc:`BadPicture`."""
    if header.shape is not None:
        return ArrayPicture(as_bgr(body.reshape(header.shape)))
    jpeg = body.tobytes()
    picture = JpegPicture(jpeg, decoder)
    allowance.check(picture.size, len(jpeg))
    allowance.receive(0)        # it is counted with the picture from now on
    return picture


class Mailbox:
    """
    The newest picture of sender *name* for one camera; an empty name means any sender.

    The hub's thread delivers, the camera's reader opens, takes and closes.
    """

    def __init__(self, name: str, allowance: Allowance) -> None:
        self.name = name
        self._open = 0      # sources; for a moment two, as one is opened again
        self._allowance = allowance
        self._decoder = JpegDecoder()
        self._changed = threading.Condition()   # guards the rest
        self._newest: Picture | BadPicture | None = None

    @property
    def is_open(self) -> bool:
        """Whether a camera waits for pictures."""
        return self._open > 0

    def open(self) -> None:
        """Take pictures from now on."""
        with self._changed:
            self._open += 1

    def close(self) -> None:
        """Drop what is there, and what comes."""
        with self._changed:
            self._open -= 1
            self._newest = None

    def accepts(self, header: Header, size: int) -> bool:
        """Return whether to read *size* bytes of picture; if not, note why."""
        try:
            header.check(size, self._allowance)
        except BadPicture as error:
            self._put(error)
            return False
        return True

    def deliver(self, header: Header, body: Bytes) -> None:
        """Put the picture in *body* here, in place of an older one."""
        if not self.is_open:
            return
        try:
            self._put(make_picture(header, body, self._decoder, self._allowance))
        except BadPicture as error:
            self._put(error)

    def take(self, timeout: float) -> Picture | None:
        """
        Return the newest picture, which came after the last one taken.

        Returns ``None`` after *timeout* [s]. Raises :exc:`BadPicture` if what came is
        none.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None, timeout)
            found, self._newest = self._newest, None
        if isinstance(found, BadPicture):
            raise BadPicture(str(found))    # the old one's traceback holds what came
        return found

    def _put(self, found: Picture | BadPicture) -> None:
        with self._changed:
            if isinstance(found, BadPicture) and self._newest is not None:
                return      # a picture that is to be taken counts more
            self._newest = found if self.is_open else None
            self._changed.notify_all()


class ImageHub:
    """
    One address, one thread, and the *mailboxes* of the cameras there.

    *pattern* is ``"rep"``, where senders connect to the hub and wait for a reply, which
    they get at once, or ``"sub"``, where the hub connects to a publishing sender.
    Raises :exc:`CameraLost` if it cannot listen on *address*.
    """

    def __init__(self, pattern: str, address: str, mailboxes: Sequence[Mailbox]
                 ) -> None:
        self.address = address
        self._mailboxes = mailboxes
        self._refusals = Refusals(f"imagezmq {address}")
        host, _, port = address.rpartition(":")
        socket = ZmtpListener if pattern == "rep" else ZmtpSubscriber
        try:
            self._worker = socket(host.strip("[]"), int(port), self._receive,
                                  self._refusals)
        except (OSError, UnicodeError) as error:    # of a host that cannot be one
            raise CameraLost(f"imagezmq {address}: {reason(error).lower()}") from None
        self._worker.start()

    @property
    def trouble(self) -> str:
        """Why there is no connection to a publishing sender."""
        return self._worker.trouble

    def close(self) -> None:
        """End the thread and release the address."""
        self._worker.stop()
        self._worker.join(5 * POLL_SECONDS)

    def _receive(self, host: str, first: bytes, size: int) -> Keep | None:
        """Return what to do with *size* bytes of picture; ``None`` to skip them."""
        try:
            header = parse_header(first)
        except BadPicture as error:
            self._refusals.report(host, f"sends {error}")
            return None
        wanting = [each for each in self._mailboxes if each.name in (header.name, "")]
        if not wanting:
            self._refusals.report(host, f"sends {header.name[:SHOWN_CHARACTERS]!a}, "
                                  "but no camera has that name")
        accepting = [each for each in wanting
                     if each.is_open and each.accepts(header, size)]
        return partial(deliver, accepting, header) if accepting else None


def deliver(mailboxes: Sequence[Mailbox], header: Header, body: Bytes) -> None:
    """Put the picture in *body* into all *mailboxes*."""
    for each in mailboxes:
        each.deliver(header, body)


class ImageHubs:
    """
    The hubs of this process, by address; the cameras of one address share a hub.

    A hub outlives its cameras, so that no sender waits for a reply in vain. Any thread
    may call the methods.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hubs: dict[tuple[str, str], ImageHub] = {}
        self._mailboxes: defaultdict[tuple[str, str], list[Mailbox]] = defaultdict(list)

    def opener(self, pattern: str, address: str, name: str, allowance: Allowance
               ) -> Opener:
        """
        Return how to open the camera *name* at *address*.

        Pictures of names for which this was never called are dropped.
        """
        mailbox = Mailbox(name, allowance)
        with self._lock:
            self._mailboxes[pattern, address].append(mailbox)
        return partial(self._open, (pattern, address), mailbox)

    def close(self) -> None:
        """End all hubs."""
        with self._lock:
            for hub in self._hubs.values():
                hub.close()
            self._hubs.clear()

    def _open(self, key: tuple[str, str], mailbox: Mailbox, closing: threading.Event
              ) -> "ImageHubSource":
        """Raises :exc:`CameraLost`."""
        with self._lock:
            if key not in self._hubs:
                self._hubs[key] = ImageHub(*key, self._mailboxes[key])
            return ImageHubSource(self._hubs[key], mailbox, closing)


class ImageHubSource:
    """One sender of a hub, as a camera."""

    read_timeout = 5.0

    def __init__(self, hub: ImageHub, mailbox: Mailbox, closing: threading.Event
                 ) -> None:
        self.granted = f"ImageZMQ from {mailbox.name or 'any sender'} at {hub.address}"
        self._hub = hub
        self._mailbox = mailbox
        self._closing = closing
        mailbox.open()

    def read(self) -> Picture:
        while not self._closing.is_set():
            if found := self._mailbox.take(POLL_SECONDS):
                return found
            if self._hub.trouble:
                raise CameraLost(f"imagezmq {self._hub.address}: {self._hub.trouble}")
        raise CameraLost("closing")

    def close(self) -> None:
        """Leave the hub open for other senders, and for reopening."""
        self._mailbox.close()

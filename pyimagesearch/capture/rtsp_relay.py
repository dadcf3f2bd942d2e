"""Give FFmpeg the video of an RTSP camera, and nothing else that the camera sends."""

import contextlib
import secrets
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

from pyimagesearch.clock import Clock

from .cancellation import shut, watch
from .ffmpeg import MAX_UNFRAMED_BYTES, UNFRAMED
from .limits import MAX_BYTES_PER_SECOND, READER_SHARE
from .nal_units import UNIT_BYTES, hevc_units
from .pace import Pace
from .rtsp_client import RECEIVE_BYTES, TIMEOUT_SECONDS, RtspDialog
from .rtsp_messages import AnyMessage, BadMessage, Frame, MessageParser, Request, framed
from .rtsp_transport import VIDEO, Receiver

MIN_PACKET_BYTES = 8        # of RTCP; RTP has 12 at least
JOIN_SECONDS = 1.0
ANSWER_HEADS = {       # of the answers to FFmpeg
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": "Content-Type: application/sdp\r\n",
    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
             "Session: 1;timeout=3600\r\n"}


class RtspRelay:
    """
    An RTSP server on this machine, for one connection of FFmpeg.

    It answers FFmpeg's requests itself and passes on the packets that *receiver* gets:
    FFmpeg knows neither the address of the camera nor its login. A thread
    ``rtsp-relay`` owns the camera's *dialog*, until *closing* or until either side
    ends; other threads may call the methods.
    """

    def __init__(self, dialog: RtspDialog, receiver: Receiver,
                 closing: threading.Event, clock: Clock) -> None:
        self.trouble = ""
        self._dialog = dialog
        self._receiver = receiver
        self._closing = closing
        self._pace = Pace(1.0, closing, clock)
        self._requests = MessageParser()
        self._unframed = 0      # bytes since the last packet of FFmpeg
        self._is_hevc = "H265/" in (
            dialog.description.media.upper() if dialog.description else "")
        self._busy = 0.0        # CPU time of the thread, before the newest bytes [s]
        self._path = f"/{secrets.token_urlsafe(16)}"    # known to FFmpeg only
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=4)
        self._listener.settimeout(TIMEOUT_SECONDS)
        watch(closing, self._listener)
        port = self._listener.getsockname()[1]
        self.address = f"rtsp://127.0.0.1:{port}{self._path}"
        self._thread = threading.Thread(
            target=self._run, name="rtsp-relay", daemon=True)
        self._thread.start()

    def on_packet(self) -> None:
        self._unframed = 0

    def close(self) -> None:
        """End the relay, and wait for its thread, which takes a moment."""
        shut(self._listener)
        self._thread.join(JOIN_SECONDS)
        if self._thread.is_alive():     # the camera does not take what is sent to it
            shut(self._dialog.socket)
            self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        """Serve FFmpeg's connection; all connections are closed at its end."""
        with (contextlib.closing(self._dialog), contextlib.closing(self._receiver),
              contextlib.suppress(OSError)):    # which FFmpeg sees as the end, too
            with self._listener:
                client = self._accept()
            with client:
                try:
                    self._relay(client)
                except BadMessage as error:
                    self.trouble = str(error)

    def _accept(self) -> socket.socket:
        """Return FFmpeg's connection, once it asked to play."""
        while True:
            client = self._listener.accept()[0]
            client.settimeout(TIMEOUT_SECONDS)
            watch(self._closing, client)
            with contextlib.suppress(OSError, BadMessage):
                while "PLAY" not in self._take_requests(client):
                    pass
                client.settimeout(None)
                return client
            client.close()      # another program of this machine
            self._requests = MessageParser()

    def _take_requests(self, client: socket.socket) -> list[str]:
        """Answer what *client* asks; return the methods, raise OSError at its end."""
        data = client.recv(RECEIVE_BYTES)
        if not data:
            raise ConnectionAbortedError
        requests = [each for each in self._requests.feed(data)
                    if isinstance(each, Request)]
        for request in requests:
            if self._path not in request.target:
                raise BadMessage("is asked for another path")
            client.sendall(self._answer(request))
        return [request.method for request in requests]

    def _answer(self, request: Request) -> bytes:
        """Return the answer to a *request* of FFmpeg."""
        asked = request.method == "DESCRIBE" and self._dialog.description
        body = asked.sdp() if asked else b""
        return (f"RTSP/1.0 200 OK\r\nCSeq: {request.headers.get('CSeq', '')}\r\n"
                f"{ANSWER_HEADS.get(request.method, '')}"
                f"Content-Length: {len(body)}\r\n\r\n").encode() + body

    def _relay(self, client: socket.socket) -> None:
        """Pass on packets until either side ends; raises :exc:`OSError`."""
        camera, seconds = self._dialog.socket, self._dialog.keep_alive_seconds
        due = time.monotonic() + seconds
        self._take_messages(client, self._dialog.early)
        with selectors.DefaultSelector() as waiting:
            for each in (camera, client, *self._receiver.sockets):
                waiting.register(each, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in waiting.select(max(0.0, due - time.monotonic())):
                    self._read(key.fileobj, client)
                if time.monotonic() >= due:
                    due = time.monotonic() + seconds
                    self._dialog.keep_alive()
                    self._receiver.report()

    def _read(self, readable: Any, client: socket.socket) -> None:
        """Take what has come by one of the sockets."""
        if readable is client:
            self._take_requests(client)
        elif readable is self._dialog.socket:
            for data in received(readable):
                if not data:
                    raise ConnectionAbortedError
                self._take_messages(client, self._dialog.parse(data))
        else:
            self._pass_on(client, self._receiver.receive(readable))

    def _take_messages(self, client: socket.socket, messages: list[AnyMessage]) -> None:
        """Pass on the frames among what the camera sends, and handle the rest."""
        self._pass_on(client, (
            (channel, each.data) for each in messages if isinstance(each, Frame)
            and len(each.data) >= MIN_PACKET_BYTES
            and (channel := self._receiver.channel(each.channel)) is not None))
        for each in messages:
            if not isinstance(each, Frame):
                self._dialog.handle(each)

    def _pass_on(self, client: socket.socket,
                 packets: Iterable[tuple[int, bytes]]) -> None:
        """Send *packets* to FFmpeg; raises BadMessage if they make no frame."""
        packets = list(packets)
        data = b"".join(framed(*each) for each in packets)
        self._unframed += len(data)
        if self._is_hevc:       # FFmpeg divides it into its units itself
            self._unframed += UNIT_BYTES * sum(
                hevc_units(packet) for channel, packet in packets
                if channel == VIDEO)
        if self._unframed > MAX_UNFRAMED_BYTES:
            raise BadMessage(UNFRAMED)
        busy = time.thread_time() - self._busy
        self._pace.tick(max(len(data) / MAX_BYTES_PER_SECOND, busy / READER_SHARE))
        client.sendall(data)
        self._busy = time.thread_time()


def received(camera: socket.socket) -> Iterator[bytes]:
    """Yield what *camera* has sent so far, and ``b""`` once it has ended."""
    while True:
        camera.settimeout(0)    # it may be readable without data, as TLS has its own
        try:
            data = camera.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        yield data
        if not data:
            return

"""A camera that speaks HTTP, RTSP and ZMTP badly, in every way that Hypothesis makes up."""

import contextlib
import itertools
import json
import random
import socket
import threading

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from http_answers import JPEG, whole_answers
from pyimagesearch.capture.zmtp import GREETING, command, frame

SDP = (b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
       b"a=rtpmap:96 H264/90000\r\na=control:track1\r\n")
REPLIES = [
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nPublic: DESCRIBE, SETUP, PLAY\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nContent-Type: application/sdp\r\nContent-Length: "
    b"%d\r\n\r\n%s" % (len(SDP), SDP),
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nSession: 7\r\n"
    b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nSession: 7\r\n\r\n"]
WRONG_REPLIES = [
    b"RTSP/1.0 302 Moved\r\nCSeq: #\r\nLocation: rtsp://127.0.0.2:9/\r\n\r\n",
    b"RTSP/1.0 401 No\r\nCSeq: #\r\nWWW-Authenticate: Digest\r\n\r\n",
    b"RTSP/1.0 454 \x1b[31m\r\nCSeq: #\r\n\r\n", b"RTSP/1.0 \xff\r\n\r\n", b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n", b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
    b"RTSP/1.0 200 OK\r\nCSeq: #\r\nContent-Length: 99999999999\r\n\r\nv=0\r\n"]
JUNK = st.binary(max_size=80) | st.sampled_from([
    b"$\x00\xff\xff", b"$\x00\x00\x0c\x80\x60" + bytes(10), 300 * b"$\x01\x00\x04\x80\xc8\0\0",
    b"x" * 70_000])
READY = command(b"READY", b"\x0bSocket-Type\x00\x00\x00\x03REQ")


def message(*parts):
    """Return a request of these *parts*, at most 255 bytes each, in ZMTP."""
    framed = [frame(part, 1) for part in (b"", *parts[:-1])]
    return b"".join(framed) + frame(parts[-1])


def header(**about):
    """Return the first part of a message of ImageZMQ."""
    return json.dumps({"msg": "fuzzing", **about}).encode()


def long_part(size, flags=3):
    """Return the head of a part of *size* bytes in ZMTP."""
    return bytes([flags]) + size.to_bytes(8, "big")


ZMTP_PIECES = st.sampled_from([
    GREETING, READY, GREETING + READY, b"\x01\x00", b"\x00", b"\xff", frame(b"x"), frame(b"x", 1),
    command(b"PING", b"\0\x01context"), command(b"ERROR", b"\x03why"), command(b"", b""),
    frame(header(), 1), long_part(1 << 24), long_part((1 << 64) - 1), long_part(3, 6), frame(b"", 4),
    message(header(), JPEG[:250]), message(header(dtype="uint8", shape=[4, 4, 3]), bytes(48)),
    message(header(dtype="object", shape=[1]), b"x"), message(header(shape=[9**99]), b"x"),
    message(b"{", b"x"), message(b"[" * 250, b""), message(b'{"msg": "\\ud800\\u001b"}', b"x"),
]) | st.binary(max_size=80)


@st.composite
def zmtp_streams(draw):
    """Make up all that a sender sends over one connection; most shake hands first."""
    greeting = draw(st.sampled_from([GREETING + READY] * 4 + [b"", GREETING]))
    return greeting + b"".join(draw(st.lists(ZMTP_PIECES, max_size=8)))


@st.composite
def rtsp_replies(draw):
    """Make up what a camera sends for each of its requests, before it hangs up."""
    replies = [draw(st.just(good) | st.just(good) | st.just(good) | st.sampled_from(WRONG_REPLIES))
               for good in REPLIES]
    damaged = draw(st.integers(0, len(replies)))
    if damaged < len(replies):
        at = draw(st.integers(0, len(replies[damaged])))
        replies[damaged] = replies[damaged][:at] + draw(JUNK) + replies[damaged][at + 1:]
    return [*replies, draw(JUNK)]


def examples(strategy, count):
    """Return *count* examples of *strategy*, other ones in each run."""
    found = []

    @settings(max_examples=count, phases=[Phase.generate], database=None)
    @given(strategy)
    def collect(example):
        found.append(example)
    collect()
    random.shuffle(found)       # the simplest ones come first
    return found


class FuzzingCamera:
    """
    Serve HTTP, RTSP and ZMTP at *port*, and connect as a sender to the hub at *hub*.

    :attr:`connections` counts how often each protocol was spoken.
    """

    def __init__(self, port, hub, count=150):
        self.connections = {b"GET": 0, b"OPTIONS": 0, b"\xff": 0, "sender": 0}
        self._answers = {b"GET": itertools.cycle([[each] for each in examples(whole_answers(), count)]),
                         b"OPTIONS": itertools.cycle(examples(rtsp_replies(), count))}
        self._streams = itertools.cycle(examples(zmtp_streams(), count))
        self._lock, self._ending = threading.Lock(), threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._threads = [threading.Thread(target=self._accept),
                         threading.Thread(target=self._send, args=(hub,))]
        for thread in self._threads[:]:     # to which the first one adds
            thread.start()

    def close(self):
        """Hang up, and refuse all connections from now on."""
        self._ending.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self):
        while not self._ending.is_set():
            with contextlib.suppress(OSError):
                thread = threading.Thread(target=self._answer, args=(self._listener.accept()[0],))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(2)
            request = connection.recv(65536)
            kind = next(kind for kind in (b"GET", b"OPTIONS", b"\xff", b"") if request.startswith(kind))
            for number, answer in enumerate(self._next(kind), 1):
                connection.sendall(answer.replace(b"CSeq: #", b"CSeq: %d" % number))
                if kind == b"OPTIONS" and not connection.recv(65536):
                    break

    def _next(self, kind):
        with self._lock:
            self.connections[kind] = self.connections.get(kind, 0) + 1
            return next(self._answers[kind]) if kind in self._answers else [
                next(self._streams).replace(b"REQ", b"PUB")]

    def _send(self, hub):
        while not self._ending.wait(0.02):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", hub), 2) as sender:
                with self._lock:
                    stream = next(self._streams)
                sender.sendall(stream)
                sender.settimeout(0.05)
                while sender.recv(1000):
                    pass
            self.connections["sender"] += 1

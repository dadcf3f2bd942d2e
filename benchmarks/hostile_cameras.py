"""
Cameras that behave as badly as they can, all at once.

    python -m benchmarks.hostile_cameras PORT

Each of :data:`HTTP` and :data:`RTSP` listens on a port of its own, from *PORT* on;
:data:`SENDERS` connect to the ImageZMQ address at the port behind these. Prints
"ready", then sends until it is killed.
"""

import contextlib
import functools
import gzip
import itertools
import json
import os
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable

import cv2
import numpy as np

from pyimagesearch.jpeg import encode

Serve = Callable[[socket.socket], None]
"""What a camera sends over one connection, whose first request it has read."""

OK = b"HTTP/1.1 200 OK\r\n"
MULTIPART = OK + b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
JUNK = os.urandom(1 << 20)
SILENT_CONNECTIONS = 3000
BOMB_SIDE = 16_000      # pixels of a PNG
TINY_RATE = 5000        # pictures a second
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03REQ"


def jpeg(width: int, height: int) -> bytes:
    """Return a JPEG of this size, of noise."""
    noise = np.random.default_rng(width).integers(
        0, 255, (height // 8, width // 8, 3), np.uint8)
    return encode(cv2.resize(noise, (width, height)))


def part(picture: bytes) -> bytes:
    """Return one part of an MJPEG stream."""
    return (b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n"
            % (len(picture), picture))


@functools.cache
def png_bomb() -> bytes:
    """Return a black PNG of 746 kB that decodes to 768 MB; it takes seconds to make."""
    def chunk(name: bytes, data: bytes) -> bytes:
        checked = name + data
        return struct.pack(">I", len(data)) + checked + struct.pack(
            ">I", zlib.crc32(checked))
    packer, row = zlib.compressobj(9), bytes(1 + 3 * BOMB_SIDE)
    data = b"".join(packer.compress(row) for _ in range(BOMB_SIDE)) + packer.flush()
    head = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data)
            + chunk(b"IEND", b""))


TINY, SMALL = jpeg(32, 24), jpeg(320, 240)
SIZES = [part(jpeg(width, width * 3 // 4)) for width in (320, 640, 160, 1280, 800)]


def sends(head: bytes, *bodies: bytes, every: float = 0.0) -> Serve:
    """Return a camera that sends *head*, then *bodies* for ever, one *every* [s]."""
    def serve(connection: socket.socket) -> None:
        connection.sendall(head)
        due = time.monotonic()
        for body in itertools.cycle(bodies):
            connection.sendall(body)
            due += every
            time.sleep(max(0.0, due - time.monotonic()) if every else 0.0)
    return serve


def once(answer: bytes, wait: float = 0.0) -> Serve:
    """Return a camera that sends *answer*, and hangs up after *wait* [s]."""
    def serve(connection: socket.socket) -> None:
        connection.sendall(answer)
        time.sleep(wait)
    return serve


def whole(kind: bytes, body: bytes, head: bytes = OK) -> bytes:
    """Return an HTTP answer of this content type."""
    return head + b"Content-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        kind, len(body), body)


def deflated() -> bytes:
    """Return a stream of zeros, compressed a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(bytes(1 << 24)) + packer.flush(zlib.Z_FULL_FLUSH)


ELSEWHERE = b"127.0.0.2:9/admin/reboot"
HTTP: dict[str, Serve] = {
    "redirect": sends(b"HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n", JUNK),
    "continue": sends(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
    "drip-head": sends(OK + b"X: ", b"a", every=1.0),
    "drip-picture": sends(MULTIPART + part(SMALL)[:2000], b"a", every=1.0),
    "headers": sends(OK, b"X-Header: " + b"a" * 900 + b"\r\n"),
    "header": sends(OK + b"X-Header: ", b"a" * 65536),
    "bomb": lambda connection: once(whole(b"image/png", png_bomb()))(connection),
    "flapping": once(MULTIPART + part(SMALL)),
    "busy": once(b"HTTP/1.1 200 OK\r\n\r\n"),
    "sizes": sends(MULTIPART, *SIZES, every=1.0),
    "junk": sends(MULTIPART, JUNK),
    "tiny": sends(MULTIPART, 50 * part(TINY), every=50 / TINY_RATE),
    "endless-picture": sends(MULTIPART + part(SMALL)[:1000],
                             JUNK.replace(b"\xff", b"")),
    "gzip": sends(OK + b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n"
                  b"Content-Encoding: gzip\r\n\r\n", deflated()),
    "chunk": sends(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"f" * 65536),
    "tiny-chunks": sends(MULTIPART.removesuffix(b"\r\n")
                         + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 9000),
    "empty-parts": sends(MULTIPART, b"--b\r\n\r\n" * 9000),
    "delimiters": sends(MULTIPART, b"\r\n--bx" * 9000),
    "ends": sends(MULTIPART, b"\xff\xd8\xff\xd9" * 9000),
    "gzip-empty": sends(OK + b"Content-Encoding: gzip\r\n\r\n",
                        gzip.compress(b"") * 999),
    "still": once(whole(b"image/jpeg", SMALL)),
    "wrong-login": once(whole(
        b"text/html", b"no", b"HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=x\r\n")),
    "playlist": once(whole(b"application/vnd.apple.mpegurl",
                           b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\nhttp://"
                           + ELSEWHERE + b"?x=.ts\n#EXT-X-ENDLIST\n")),
    "video": sends(OK + b"Content-Type: video/mp2t\r\n\r\n", JUNK),
}


def rtsp(*replies: bytes, then: Serve | None = None) -> Serve:
    """Return a camera that gives *replies* to requests, then sends as *then* does."""
    def serve(connection: socket.socket) -> None:
        for number, reply in enumerate(replies, 1):
            if number > 1 and not connection.recv(65536):
                return
            connection.sendall(b"RTSP/1.0 " + reply.replace(b"#", b"%d" % number))
        if then:
            then(connection)
    return serve


PUBLIC = b"200 OK\r\nCSeq: #\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"
SDP = (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
       b"a=rtpmap:96 H264/90000\r\na=control:track1\r\n")
DESCRIPTION = (b"200 OK\r\nCSeq: #\r\nContent-Type: application/sdp\r\n"
               b"Content-Length: %d\r\n\r\n" % len(SDP)) + SDP
SETUP = (b"200 OK\r\nCSeq: #\r\nSession: 1\r\n"
         b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n")
PLAY = b"200 OK\r\nCSeq: #\r\nSession: 1\r\n\r\n"
RTP = b"".join(b"$\0\x04\0\x80\x60" + struct.pack(">HI", number, number) + JUNK[:1016]
               for number in range(500))
RTSP: dict[str, Serve] = {
    "rtsp-redirect": rtsp(b"302 Moved\r\nCSeq: #\r\nLocation: rtsp://" + ELSEWHERE
                          + b"\r\n\r\n"),
    "rtsp-endless": rtsp(
        PUBLIC, DESCRIPTION.replace(b": %d" % len(SDP), b": 999999999999"),
        then=sends(b"", b"a=x:" + b"y" * 1000 + b"\r\n")),
    "rtsp-headers": rtsp(b"200 OK\r\nCSeq: #\r\n",
                         then=sends(b"", b"X-Header: " + b"a" * 900 + b"\r\n")),
    "rtsp-drip": rtsp(b"200 OK\r\nCSeq: #\r\nX: ", then=sends(b"", b"a", every=1.0)),
    "rtsp-junk": sends(b"", JUNK),
    "rtsp-packets": rtsp(PUBLIC, DESCRIPTION, SETUP, PLAY, then=sends(b"", RTP)),
    "rtsp-busy": once(b""),
}


def frame(data: bytes, flags: int) -> bytes:
    """Return a frame of ZMTP."""
    return bytes([flags | 2]) + len(data).to_bytes(8, "big") + data


def picture(name: str, body: bytes, **about: object) -> bytes:
    """Return a request of ImageZMQ."""
    header = json.dumps({"msg": name, **about}).encode()
    return b"\x01\x00" + frame(header, 1) + frame(body, 0)


SHAPE = {"dtype": "uint8", "shape": [2448, 3264, 3]}
LARGE = bytes(2448 * 3264 * 3)
SHAKEN = GREETING + READY
SENDERS: dict[str, Serve] = {
    "names": sends(SHAKEN, *(picture(f"nobody-{number}", LARGE, **SHAPE)
                             for number in range(2))),
    "parts": sends(SHAKEN + b"\x01\x00", frame(LARGE, 1)),
    "flood": sends(SHAKEN, 1000 * picture("other", b"x")),
    "pictures": sends(
        SHAKEN, picture("zmq", jpeg(640, 480)), picture("zmq", jpeg(720, 480)),
        picture("zmq", bytes(1080 * 1920), dtype="uint8", shape=[1080, 1920]),
        picture("zmq", LARGE, dtype="float64", shape=[99, 99]), picture("zmq", JUNK),
        every=0.05),
    "unfinished": sends(
        SHAKEN + picture("zmq", LARGE, **SHAPE)[:-1000], b"", every=1.0),
    "protocol": sends(b"", JUNK),
}


def listen(port: int, serve: Serve) -> None:
    """Serve every connection to *port*, for ever."""
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0], serve),
                         daemon=True).start()


def answer(connection: socket.socket, serve: Serve) -> None:
    """Read a request, and *serve* it until the connection ends."""
    with connection, contextlib.suppress(OSError):
        if connection.recv(65536):
            serve(connection)


def attack(port: int, serve: Serve) -> None:
    """Connect to *port* again and again, and send what *serve* does."""
    while True:
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 10) as connection:
            threading.Thread(target=read_all, args=(connection,), daemon=True).start()
            serve(connection)
        time.sleep(0.1)


def read_all(connection: socket.socket) -> None:
    """Read what is sent to us, until *connection* ends."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def hold_silent(port: int) -> None:
    """Hold thousands of connections to *port* that send nothing, for ever."""
    held: list[socket.socket] = []
    while True:
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(("127.0.0.1", port), 10))
        if len(held) > SILENT_CONNECTIONS:
            held.pop(0).close()
        time.sleep(0.005)


def main(first: int) -> None:
    """Listen and connect with everything there is."""
    ports = itertools.count(first)
    for serve in (*HTTP.values(), *RTSP.values()):
        threading.Thread(target=listen, args=(next(ports), serve), daemon=True).start()
    hub = next(ports)
    for serve in SENDERS.values():
        threading.Thread(target=attack, args=(hub, serve), daemon=True).start()
    threading.Thread(target=hold_silent, args=(hub,), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""An RTSP camera in this process, which can be as odd as the cameras in the wild."""

import base64
import contextlib
import functools
import hashlib
import itertools
import re
import socket
import struct
import threading
import time
from fractions import Fraction

import av

from pyimagesearch.capture.demo import DemoScene

PAYLOAD_BYTES = 1200    # of one RTP packet
SSRC = 0x1234_5678
KEY_SLICE, SPS, PPS, FRAGMENT = 5, 7, 8, 28     # types of NAL units
TCP_TRANSPORT = "RTP/AVP/TCP;unicast;interleaved=0-1"


@functools.cache
def h264_units(seconds=2, fps=10, group=10, size=(160, 120), **options):
    """Return one list of NAL units for each frame of the demo scene."""
    scene, units = DemoScene(size, fps), []
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream("libx264", rate=fps, options={
            "preset": "ultrafast", "tune": "zerolatency", "x264-params": "sliced-threads=0",
            **options})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size = group
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            units += [split_units(bytes(packet)) for packet in stream.encode(frame)]
        units += [split_units(bytes(packet)) for packet in stream.encode(None)]
    return units


def split_units(stream):
    """Return the NAL units of *stream*, which separates them by start codes."""
    return [unit.rstrip(b"\0") for unit in re.split(rb"\x00\x00\x00?\x01", stream) if unit]


def payloads(unit):
    """Yield *unit* in pieces for RTP, as RFC 6184 has it: whole, or as FU-A."""
    if len(unit) <= PAYLOAD_BYTES:
        yield unit
        return
    pieces = [unit[at:at + PAYLOAD_BYTES] for at in range(1, len(unit), PAYLOAD_BYTES)]
    for number, piece in enumerate(pieces):
        ends = (number == 0) << 7 | (number == len(pieces) - 1) << 6
        yield bytes([unit[0] & 0xE0 | FRAGMENT, unit[0] & 0x1F | ends]) + piece


def rtp_packet(payload, sequence, ticks=0, marker=0):
    """Return the RTP packet of *payload*."""
    return struct.pack(">BBHII", 0x80, 96 | marker, sequence % 2**16, ticks, SSRC) + payload


class RtspServer:
    """
    Serve *units* at *fps*, over and over, to each client from frame *begin* on.

    *stamp* returns the time stamp [s] of a frame by its number. *statuses* are the
    answers, such as ``461 Unsupported Transport``, by ``METHOD`` or by ``SETUP tcp`` and
    ``SETUP udp``. With a *context* it speaks TLS. With *challenges* it wants the login of
    ``me`` and ``s3cret``. *edit* changes the answers [bytes] by their names.
    """

    def __init__(self, units=None, fps=10, *, begin=0, stamp=None, statuses=None,
                 context=None, challenges=(), tcp_answer=TCP_TRANSPORT, group=None,
                 session="7;timeout=60", path="/cam", edit=None):
        self.units, self.fps, self.begin = units or h264_units(), fps, begin
        self.stamp = stamp or (lambda number: 1000 + number / fps)
        self.statuses, self.context = statuses or {}, context
        self.challenges, self.tcp_answer = challenges, tcp_answer
        self.group, self.session = group, session
        self.edit = edit or (lambda name, answer: answer)
        self.asked = []         # the methods, with the transport of a SETUP
        self.targets = {}       # the URL and the session of the newest request, by its method
        self.connections = 0
        self.sent = []          # the numbers of the frames
        self.over = threading.Event()       # the newest connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"rtsp{'s' if context else ''}://127.0.0.1:{self.port}{path}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        self.over = over = threading.Event()
        self.connections += 1
        if self.context:
            try:
                client = self.context.wrap_socket(client, server_side=True)
            except OSError:     # the client does not like the certificate
                client.close()
                return
        with client, contextlib.suppress(OSError, LookupError, ValueError), \
                contextlib.ExitStack() as opened:
            lock, send = threading.Lock(), None
            for method, fields in requests(client):
                transport = fields.get("transport", "")
                kind = "tcp" if "TCP" in transport else (
                    "multicast" if "multicast" in transport else "udp")
                name = f"{method} {kind}" if method == "SETUP" else method
                self.asked.append(name)
                self.targets[method] = fields["target"], fields.get("session")
                status = self.statuses.get(name, self.statuses.get(method, "200 OK"))
                if self.challenges and method != "OPTIONS" and not is_login(
                        method, fields.get("authorization", "")):
                    status = "401 Unauthorized"
                if name == "SETUP tcp":
                    send = functools.partial(send_interleaved, client, lock)
                elif name == "SETUP udp":
                    send = opened.enter_context(UdpSender(client, transport)).send
                elif self.group and name == "SETUP multicast":
                    send = opened.enter_context(UdpSender(client, transport, self.group)).send
                with lock:
                    client.sendall(self.edit(
                        name, self.answer(name, transport, status, fields["cseq"])))
                if method == "PLAY" and status.startswith("200"):
                    threading.Thread(
                        target=self.play, args=(send, over), daemon=True).start()
        over.set()

    def answer(self, name, transport, status, sequence):
        lines, body = [f"RTSP/1.0 {status}", f"CSeq: {sequence}", f"Session: {self.session}"], ""
        if status.startswith("401"):
            lines += [f"WWW-Authenticate: {each}" for each in self.challenges]
        elif name == "DESCRIBE":
            body = self.description()
            lines += ["Content-Type: application/sdp", f"Content-Base: {self.url}/",
                      f"Content-Length: {len(body)}"]
        elif name == "SETUP tcp":
            lines += [f"Transport: {self.tcp_answer}"]
        elif name == "SETUP udp":
            lines += [f"Transport: {transport};source=127.0.0.2;server_port=6970-6971"]
        elif name == "SETUP multicast" and self.group:
            lines += [f"Transport: {transport};destination={self.group[0]};"
                      f"port={self.group[1]}-{self.group[1] + 1};ttl=1"]
        return "\r\n".join([*lines, "", body]).encode()

    def description(self):
        """Return the SDP."""
        headers = [unit for frame in self.units for unit in frame if unit[0] & 31 in (SPS, PPS)]
        sets = ",".join(base64.b64encode(unit).decode() for unit in headers[:2])
        return "\r\n".join([
            "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0",
            "m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000", "a=control:track1",
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}", ""])

    def play(self, send, over):
        sequence, start = 0, time.monotonic()
        with contextlib.suppress(OSError):
            for number in itertools.count():
                if over.wait(max(0.0, start + number / self.fps - time.monotonic())):
                    return
                frame = self.units[(self.begin + number) % len(self.units)]
                pieces = [piece for unit in frame for piece in payloads(unit)]
                ticks = round(self.stamp(number) * 90_000) % 2**32
                for piece in pieces:
                    marker = 0x80 * (piece is pieces[-1])
                    send(rtp_packet(piece, sequence, ticks, marker))
                    sequence += 1
                self.sent.append(number)


def is_login(method, authorization):
    """Return whether *authorization* is the digest of ``me`` and ``s3cret``, as RFC 7616 has it."""
    sent = dict(re.findall(r'(\w+)="?([^",]*)', authorization.partition(" ")[2]))
    if not sent:
        return False

    def digest(*parts):
        name = sent.get("algorithm", "MD5").lower().replace("-", "")
        return hashlib.new(name, ":".join(parts).encode()).hexdigest()
    middle = [sent[each] for each in ("nc", "cnonce", "qop") if each in sent]
    return sent["response"] == digest(
        digest("me", "camera", "s3cret"), sent["nonce"], *middle, digest(method, sent["uri"]))


def requests(client):
    """Yield the method and the header fields of each request; RTCP is skipped."""
    with client.makefile("rb") as asked:
        while first := asked.read(1):
            if first == b"$":
                asked.read(int.from_bytes(asked.read(3)[1:], "big"))
                continue
            method, target = (first + asked.readline()).decode().split()[:2]
            fields = {"target": target}
            while (line := asked.readline()).strip():
                name, _, value = line.decode("latin-1").partition(":")
                fields[name.lower()] = value.strip()
            yield method, fields


def send_interleaved(client, lock, packet):
    with lock:
        client.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)


class UdpSender:
    def __init__(self, client, transport, group=None):
        port = re.search(r"client_port=(\d+)", transport)
        self.address = group or (client.getpeername()[0], int(port[1]))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if group:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF,
                                   socket.inet_aton("127.0.0.1"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, packet):
        self.socket.sendto(packet, self.address)

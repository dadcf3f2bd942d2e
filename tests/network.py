"""Peers over real sockets: a viewer of a stream, and a link that can fail."""

import contextlib
import socket
import threading
import time

from harness import DEADLINE, InBackground
from pyimagesearch.serving import acceptor, anonymous_share


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def visited(server, app, visitor, on_stop=lambda: None):
    """Serve *app* in this thread while *visitor* runs on another; return its result."""
    def visit():
        try:
            return visitor(), None
        except BaseException as error:
            return None, error
        finally:
            server.stop_soon()
    visit = InBackground(visit)
    server.run(app, on_stop)
    returned, error = visit.result()
    if error:
        raise error
    return returned


def exhaust_by_one_answer(monkeypatch):
    """Let one answer use up the time of all clients without a login, for minutes."""
    monkeypatch.setattr(acceptor, "CONNECTION_COST", 0)
    monkeypatch.setattr(anonymous_share, "ANONYMOUS_SHARE", 1e-6)
    monkeypatch.setattr(anonymous_share, "MAX_DEBT_SECONDS", 1e6)


class StreamReader:
    """A viewer that reads the parts of a stream from a plain socket."""

    def __init__(self, port, path="/video_feed", version="1.1"):
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.socket.sendall(
            f"GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.headers = self._read_headers()
        assert self.file.readline() == b"--frame\r\n"

    def _read_headers(self):
        lines = list(iter(lambda: self.file.readline().strip(), b""))
        return dict(line.split(b": ", 1) for line in lines if b": " in line)

    def part(self):
        """Return headers and JPEG of the next part, with the boundary behind it."""
        headers = self._read_headers()
        jpeg = self.file.read(int(headers[b"Content-Length"]))
        assert self.file.read(11) == b"\r\n--frame\r\n"
        return headers, jpeg

    def close(self):
        self.file.close()
        self.socket.close()


class FailingLink:
    """A way through to the server that can be slow, cut or clogged."""

    def __init__(self, port):
        self.target, self.pairs = port, []
        self.rate = None        # from the server, of each new connection [bytes/s]
        self.asked = {}         # the begin of the last bytes, by the connection they came from
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                near = self.listener.accept()[0]
                try:
                    far = socket.create_connection(("127.0.0.1", self.target))
                except ConnectionRefusedError:      # nobody there, as behind a router
                    near.close()
                    continue
                clogged = threading.Event()
                if self.rate:
                    far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                self.pairs.append((near, far, clogged))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self.carry, args=(*pair, clogged),
                                     daemon=True).start()

    def carry(self, source, sink, clogged):
        with contextlib.suppress(OSError):
            while data := source.recv(4096 if self.rate else 65536):
                self.asked[source] = data[:100]
                if self.rate:
                    time.sleep(len(data) / self.rate)
                if not clogged.is_set():
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def clog(self, *requests):
        """Let all vanish that is sent over the connections last used for *requests*; end the others."""
        for pair in self.pairs:
            if self.asked.get(pair[0], b"").startswith(requests):
                pair[2].set()
            else:       # a browser keeps them for its next requests
                self.end([pair])

    def cut(self):
        self.end(self.pairs)
        self.pairs.clear()

    def end(self, pairs):
        for near, far, _ in pairs:
            for end in (near, far):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

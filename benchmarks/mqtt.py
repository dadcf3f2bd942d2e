"""
MQTT: how soon states and events are at a real broker, and what that costs in memory.

    python -m benchmarks.mqtt

mosquitto and the demo camera. How long it takes until the entities of Home Assistant
are there after the start, and after a restart of the broker that takes three seconds;
until the server is unavailable after kill -9; and from the begin of motion until its
message, five times. Resident memory with MQTT and a webhook, above that of the same
server without any, after 40 s with motion: the median of three pairs that run together.

Met: at most 2 s, 5 s, 20 s (the keepalive), 1.5 s and 8 MB.
"""

import contextlib
import http.server
import json
import os
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.processes import main_guard, product

MAX_FIRST, MAX_AGAIN, MAX_GONE, MAX_EVENT = 2.0, 5.0, 20.0, 1.5     # [s]
MAX_MEMORY = 8.0        # [MB]
AWAY_SECONDS, MEMORY_SECONDS = 3.0, 40.0
EVENTS, PAIRS = 5, 3
PATIENCE_SECONDS = 180.0
CAMERA = "--source", "demo"


class Broker:
    """mosquitto on a free port, and a client that notes what it gets, and when."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\n"
                                "allow_anonymous true\nlog_dest none\n")
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        """Start it, and the client."""
        self.messages: list[tuple[str, bytes, float]] = []
        self._process = subprocess.Popen(["mosquitto", "-c", self._config])
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, userdata, message: (
            self.messages.append((message.topic, bytes(message.payload), time.time())))
        self._client.on_connect = lambda client, *_: client.subscribe("#", 1)
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                self._client.connect("127.0.0.1", self.port)
                break
            time.sleep(0.01)
        self._client.loop_start()

    def stop(self) -> None:
        """End both."""
        self._client.disconnect()
        self._client.loop_stop()
        self._process.kill()
        self._process.wait()

    def wait_for(self, end: str, payload: bytes = b"") -> float:
        """Return when a message to a topic with that *end* came [s since the epoch]."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for topic, content, at in list(self.messages):
                if topic.endswith(end) and payload in (b"", content):
                    return at
            time.sleep(0.005)
        raise RuntimeError(f"no message to {end}")

    def events(self) -> list[tuple[dict[str, Any], float]]:
        """Return the events that came, and when."""
        return [(json.loads(payload), at) for topic, payload, at in list(self.messages)
                if topic.endswith("/event")]


class Receiver(http.server.BaseHTTPRequestHandler):
    """A webhook that takes all."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *ignored: object) -> None:
        """Log nothing."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder))
        try:
            ok = all([*check_times(broker), check_memory(broker)])
        finally:
            broker.stop()
    main_guard(ok)


@contextlib.contextmanager
def variables(**values: str) -> Iterator[None]:
    """Set environment variables for the processes that are started inside."""
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]


def check_times(broker: Broker) -> list[bool]:
    """Measure how soon things are at *broker*; return which limits are met."""
    with variables(SURVEILLANCE_MQTT=broker.url), product(*CAMERA) as server:
        started = time.time()
        broker.wait_for("_camera/config")
        first = broker.wait_for("/availability", b"online") - started
        while len(delays := [at - event["begin"] for event, at in broker.events()
                             if event["event_type"] == "motion"]) < EVENTS:
            time.sleep(0.1)
        broker.stop()
        time.sleep(AWAY_SECONDS)
        broker.start()
        restarted = time.time()
        broker.wait_for("_camera/config")
        again = broker.wait_for("/availability", b"online") - restarted
        broker.messages.clear()
        server.kill()
        killed = time.time()
        gone = broker.wait_for("/availability", b"offline") - killed
    return [report("entities after the start", first, MAX_FIRST),
            report("entities after the broker's restart", again, MAX_AGAIN),
            report("unavailable after kill -9", gone, MAX_GONE),
            report("begin of motion to its message, worst", max(delays), MAX_EVENT)]


def check_memory(broker: Broker) -> bool:
    """Measure what MQTT and a webhook take; return whether the limit is met."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        hook = f"http://127.0.0.1:{receiver.server_port}/"
        added = [added_memory(broker.url, hook) for _ in range(PAIRS)]
        receiver.shutdown()
    print("added memory, each pair: " + ", ".join(f"{each:.1f} MB" for each in added))
    return report("added memory of MQTT and a webhook", statistics.median(added),
                  MAX_MEMORY, "MB")


def added_memory(broker: str, hook: str) -> float:
    """Return the memory of a server with both, above one without [MB]."""
    with contextlib.ExitStack() as stack:
        with variables(SURVEILLANCE_MQTT=broker, SURVEILLANCE_WEBHOOK=hook):
            both = stack.enter_context(product(*CAMERA))
        none = stack.enter_context(product(*CAMERA))
        time.sleep(MEMORY_SECONDS)
        return both.rss() - none.rss()


def report(what: str, measured: float, limit: float, unit: str = "s") -> bool:
    """Print a figure and its limit; return whether it is met."""
    ok = measured <= limit
    print(f"{what:40} {measured:6.2f} {unit}   must: <= {limit:g} {unit}: "
          f"{'met' if ok else 'MISSED'}", flush=True)
    return ok


if __name__ == "__main__":
    main()

"""
CPU per delivered frame: our server, and a bare loop of non-blocking send().

    python -m benchmarks.fanout [SECONDS]

One 48 kB JPEG, 30 times a second, to 1, 50, 200 and 400 viewers. Met: at 200 viewers at
most 2.5 times the bare loop; every viewer gets at least 29 frames a second.
"""

import os
import select
import socket
import sys
import threading
import time
from typing import Any

FPS, SIZE = 30, 48_000
HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; "
        b"boundary=frame\r\n\r\n--frame\r\n")
JPEG = b"\xff\xd8" + os.urandom(SIZE - 4).replace(b"--frame", b"") + b"\xff\xd9"


def serve_bare() -> None:
    """Send the newest frame to every accepted socket in turn: the lower bound."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.setblocking(False)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    part = (b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--frame\r\n"
            % (len(JPEG), JPEG))
    rest: dict[socket.socket, memoryview] = {}
    viewers: list[socket.socket] = []
    due = time.monotonic()
    while True:
        due += 1 / FPS
        while (left := due - time.monotonic()) > 0:
            if not select.select([listener], [], [], left)[0]:
                break
            viewer = listener.accept()[0]
            viewer.recv(4096)
            viewer.setblocking(False)
            viewer.send(HEAD)
            viewers.append(viewer)
        gone = []
        for viewer in viewers:
            try:
                if viewer in rest:
                    left_over = rest.pop(viewer)
                    sent = viewer.send(left_over)
                    if sent < len(left_over):
                        rest[viewer] = left_over[sent:]
                        continue
                sent = viewer.send(part)
                if sent < len(part):
                    rest[viewer] = memoryview(part)[sent:]
            except BlockingIOError:
                continue
            except OSError:
                gone.append(viewer)
        for viewer in gone:
            viewers.remove(viewer)
            rest.pop(viewer, None)


def serve_ours(connections: Any = None, tls: Any = None, **options: Any) -> None:
    """Run our server and broadcaster; a thread publishes instead of a camera."""
    from pyimagesearch.access.authenticator import Authenticator
    from pyimagesearch.access.refused_logins import RefusedLogins
    from pyimagesearch.access.roles import Role
    from pyimagesearch.addresses import urls
    from pyimagesearch.clock import SystemClock
    from pyimagesearch.events.store import EventStore
    from pyimagesearch.folders import ConfigFolder
    from pyimagesearch.serving.server import LiveServer
    from pyimagesearch.status import LIVE, CameraStatus
    from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.services import Feed, Services

    broadcaster = LatestFrameBroadcaster()

    def publish() -> None:
        due = time.monotonic()
        while True:
            due += 1 / FPS
            time.sleep(max(0, due - time.monotonic()))
            broadcaster.publish(JPEG, time.time())

    def status() -> CameraStatus:
        return CameraStatus(
            name="camera", source="", granted="", garbled=0,
            state=LIVE, since=0,
            reason="", learnt=0,
            frame_count=0, motion=False, width=0, height=0, fps=FPS, frames=0,
            skipped=0, losses=0, stuck_reads=0, encoded=0, viewers=broadcaster.viewers)

    server = LiveServer("127.0.0.1", 0, connections, tls, **options)
    clock, folder = SystemClock(), ConfigFolder("/nonexistent")
    refused_logins = RefusedLogins(EventStore(folder.path / "events.db", clock), clock)
    authenticator = Authenticator(folder, clock, refused_logins, open_to=Role.OWNER,
                                  local_only=True,
                                  in_thread=server.pools.changes.run_admitted,
                                  check_in_thread=server.pools.passwords.run)
    app = create_app(Services(
        {"camera": Feed(broadcaster, status)}, authenticator, server.pools,
        wait_for_frame=server.wait_for_frame))
    threading.Thread(target=publish, daemon=True).start()
    print(*urls(*server.address, "https" if tls else "http"), flush=True)
    server.run(app, on_stop=broadcaster.close)


def main(seconds: float) -> None:
    """Measure both at each number of viewers and print the table."""
    from benchmarks.processes import main_guard, measure, running

    print(f"{SIZE // 1000} kB at {FPS} fps, {seconds:g} s each; "
          "server CPU per delivered frame [us]\n")
    print("viewers   bare loop   ours   ratio   slowest viewer [fps]")
    ok = True
    for count in (1, 50, 200, 400):
        cost = {}
        for name in ("bare", "ours"):
            with running("-m", "benchmarks.fanout", name) as server:
                cpu, report = measure(server, count, seconds)
                cost[name] = 1e6 * cpu / sum(viewer["parts"] for viewer in report)
        slowest = min(viewer["fps"] for viewer in report)
        ratio = cost["ours"] / cost["bare"]
        ok &= slowest >= 29 and (count != 200 or ratio <= 2.5)
        print(f"{count:7}   {cost['bare']:9.1f}   {cost['ours']:4.1f}   {ratio:5.2f}"
              f"   {slowest:.1f}", flush=True)
    print("\nmust: ratio <= 2.5 at 200 viewers, every viewer >= 29 fps:",
          "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    if sys.argv[1:2] == ["bare"]:
        serve_bare()
    elif sys.argv[1:2] == ["ours"]:
        serve_ours()
    elif sys.argv[1:2] == ["unlimited"]:
        import pyimagesearch.serving.acceptor
        pyimagesearch.serving.acceptor.UNSENT_BYTES = (1 << 31) - 1   # the kernel's own
        serve_ours()
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 8)

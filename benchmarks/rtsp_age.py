"""Age of an RTSP camera's frames, at a viewer and in a bare loop."""

import contextlib
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np

from benchmarks.processes import product
from pyimagesearch.capture.multipart import MultipartParser
from pyimagesearch.frames import Grey

BITS, INTERVAL = 20, 1 / 25
Ages = list[tuple[float, float]]    # (when [s, monotonic], age [s])


def age_of(grey: Grey) -> float:
    """Return the age of the marked picture *grey* [s]."""
    square = grey.shape[1] / 40
    middle = int(square / 2)
    bits = [grey[middle, int((bit + 0.5) * square)] > 128 for bit in range(BITS)]
    made = sum(1 << bit for bit, is_set in enumerate(bits) if is_set)
    return ((int(time.time() * 1000) - made) % (1 << BITS)) / 1000


def bare(url: str, ages: Ages, until: float) -> None:
    """Decode with PyAV and nothing else."""
    import av
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=5) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            if not isinstance(frame, av.VideoFrame):
                continue
            rows = np.frombuffer(memoryview(frame.planes[0]), np.uint8)
            grey = rows.reshape(-1, frame.planes[0].line_size)[:, :frame.width]
            ages.append((time.monotonic(), age_of(grey)))
            if time.monotonic() > until:
                return


def viewer(url: str, ages: Ages, until: float) -> None:
    """Watch our stream and read the marks from its pictures."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port or 80)) as connection:
        connection.sendall(b"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n\r\n")
        parser = MultipartParser("frame")
        while time.monotonic() < until:
            for jpeg in parser.feed(connection.recv(1 << 18)):
                grey = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
                assert grey is not None
                ages.append((time.monotonic(), age_of(grey)))


@contextlib.contextmanager
def marked_camera() -> Iterator[str]:
    """Run the RTSP camera with marked frames; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    camera = subprocess.Popen(
        ["/usr/bin/python3", Path(__file__).with_name("marked_rtsp_camera.py"),
         str(port)],
        stdout=subprocess.PIPE, text=True)
    try:
        assert camera.stdout
        yield camera.stdout.readline().strip()
    finally:
        camera.kill()
        camera.wait()


def run(seconds: float) -> bool:
    """Measure both side by side; print, and return whether it is met."""
    with marked_camera() as url, product("--source", url, "--width", "1280",
                                         "--no-record") as server:
        time.sleep(5)
        ours: Ages = []
        theirs: Ages = []
        until = time.monotonic() + seconds
        threads = [threading.Thread(target=bare, args=(url, theirs, until)),
                   threading.Thread(target=viewer, args=(server.url, ours, until))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return report(seconds, ours, theirs)


def report(seconds: float, ours: Ages, theirs: Ages) -> bool:
    """Print both; return whether it is met."""
    print(f"RTSP H.264 1280x720 at 25 fps for {seconds:g} s, age of frames [ms]")
    figures = {}
    for name, ages in (("bare PyAV loop", theirs), ("viewer of ours", ours)):
        live = [(when, age) for when, age in ages if when > ages[0][0] + 2]
        sixth = max(1, len(live) // 6)
        early, late = (statistics.median(age for _, age in some)
                       for some in (live[:sixth], live[-sixth:]))
        middle = statistics.median(age for _, age in live)
        worst = statistics.quantiles((age for _, age in live), n=100)[98]
        figures[name] = (middle, late - early)
        print(f"  {name}   median {1000 * middle:5.0f}   99 % {1000 * worst:5.0f}"
              f"   drift {1000 * (late - early):+5.0f}   {len(live)} frames")
    above = figures["viewer of ours"][0] - figures["bare PyAV loop"][0]
    drift = abs(figures["viewer of ours"][1])
    print(f"  above the bare loop: {1000 * above:.0f} ms,"
          f" {above / INTERVAL:.2f} frame intervals")
    ok = above <= 2 * INTERVAL and drift <= INTERVAL
    print("  must: <= 2 intervals above, no drift (< 1 interval):",
          "met" if ok else "MISSED")
    return ok

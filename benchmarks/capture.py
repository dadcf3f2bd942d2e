"""
CPU of reading cameras, and the age of their frames at a viewer.

    python -m benchmarks.capture [http | cameras | rtsp] [SECONDS]

http: MJPEG 640x480 at 30 fps through our parser and decoder, beside the same stream
through ``cv2.VideoCapture``. Met: at most 60 % of its CPU, both for the brightness,
which is all that the camera loop decodes without viewers, and for the colours. The
medians of a frame's cost are compared, as a busy or shared machine adds to some frames
only; the mean is printed beside it.

cameras: eight demo cameras 640x480 at 15 fps with detection and one viewer of the
mosaic, beside a single camera with one viewer. Met: all keep 15 fps, at most 1.2 times
the CPU per camera.

rtsp: H.264 1280x720 at 25 fps, its frames marked with their time; the age of the frames
at a viewer, for 180 seconds, beside a bare PyAV loop on the same camera. Met: at most
two frame intervals above the bare loop, no drift. Needs GStreamer's RTSP server, which
.ci/run installs.
"""

import operator
import statistics
import subprocess
import sys
import time
from itertools import pairwise

from benchmarks.processes import measure, product, running

WARM_UP_FRAMES = 30     # a second


def http(seconds: float) -> bool:
    """Compare the CPU of reading MJPEG over HTTP, each way in its own process."""
    print("HTTP MJPEG 640x480 at 30 fps, median of 3 rounds, CPU of a frame [us]")
    ways = ("opencv", "colour", "brightness")
    cost: dict[str, list[float]] = {way: [] for way in ways}
    mean: dict[str, list[float]] = {way: [] for way in ways}
    with running("-m", "benchmarks.http_camera") as camera:
        for _ in range(3):
            for way in ways:
                printed = subprocess.run(
                    [sys.executable, "-m", "benchmarks.capture", "read", way,
                     camera.url, str(seconds / 3)],
                    stdout=subprocess.PIPE, check=True).stdout
                for found, word in zip((cost, mean), printed.split(), strict=True):
                    found[way].append(float(word))
    ratios = {way: statistics.median(map(operator.truediv, mine, cost["opencv"]))
              for way, mine in cost.items()}
    for way in ways:
        print(f"  {way:10}  {statistics.median(cost[way]):6.0f}"
              f"   {ratios[way]:.2f} x cv2.VideoCapture"
              f"   (mean {statistics.median(mean[way]):.0f})")
    for way in ways[1:]:
        print(f"  must: {way} <= 0.60:", "met" if ratios[way] <= 0.6 else "MISSED")
    return all(ratios[way] <= 0.6 for way in ways[1:])


def read(way: str, url: str, seconds: float) -> None:
    """Read *url* for *seconds*; print a frame's CPU time, median and mean [us]."""
    import cv2

    from pyimagesearch.capture.cancellation import Cancellation
    from pyimagesearch.capture.http_camera import open_http
    from pyimagesearch.capture.http_client import HttpClient
    from pyimagesearch.capture.source import CaptureRequest
    from pyimagesearch.capture.url import parse_url
    from pyimagesearch.clock import SystemClock
    from pyimagesearch.system.process import keep_freed_memory

    cv2.setNumThreads(1)
    if way != "opencv":
        keep_freed_memory()     # as the product does
    if way == "opencv":
        capture = cv2.VideoCapture(url)
    else:
        source = open_http(HttpClient(parse_url(url)), CaptureRequest(),
                           Cancellation(), SystemClock())
    moments: list[float] = []
    begin = time.monotonic()
    while time.monotonic() - begin < seconds or len(moments) < WARM_UP_FRAMES + 30:
        if way == "opencv":
            capture.read()
        elif way == "colour":
            source.read().colour()
        else:
            source.read().grey()
        moments.append(time.process_time())
    each = [1e6 * (end - begin) for begin, end in pairwise(moments[WARM_UP_FRAMES:])]
    print(statistics.median(each), statistics.mean(each))


def cameras(seconds: float) -> bool:
    """Compare the CPU per camera of one and of eight cameras."""
    print("demo cameras 640x480 at 15 fps, detection, one viewer; CPU [cores]")
    each, ok = {}, True
    for count in (1, 8):
        names = [f"--source=c{number}=demo:640x480@15" for number in range(count)]
        with product(*names) as server:
            time.sleep(4)       # the background is learnt
            path = "mosaic_feed" if count > 1 else "video_feed"
            cpu, report = measure(server, 1, seconds, path=path)
            rates = [camera["fps"] for camera in server.status()["cameras"]]
        each[count] = cpu / seconds / count
        ok &= min(rates) >= 14.7
        print(f"  {count} cameras  {each[count]:.4f} each"
              f"   slowest {min(rates):.2f} fps   viewer {report[0]['fps']:.1f} fps"
              f"   {each[count] / each[1]:.2f} x one")
    ok &= each[8] <= 1.2 * each[1]
    print("  must: all at 15 fps, <= 1.20 x one:", "met" if ok else "MISSED")
    return ok


def main(arguments: list[str]) -> int:
    """Run the chosen parts, or all."""
    from benchmarks import rtsp_age
    parts = {"http": (http, 15), "cameras": (cameras, 15), "rtsp": (rtsp_age.run, 180)}
    wanted = [word for word in arguments if word in parts] or list(parts)
    seconds = [float(word) for word in arguments if word not in parts]
    results = [parts[name][0](*seconds[:1] or [parts[name][1]]) for name in wanted]
    return 0 if all(results) else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["read"]:
        read(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        sys.exit(main(sys.argv[1:]))

"""
Resident memory (RSS) with one camera and a viewer, and of each further viewer.

    python -m benchmarks.memory

The demo camera, 640x480 at 30 fps, watched by one viewer for 80 s: with --no-record,
then recorded, so that the first clips are among it. After that, 400 viewers at once.
Beside it, a process that has only imported the libraries.

Met: at most 125 MB without recording, 160 MB with, and 60 kB for each further viewer.
"""

import time

from benchmarks.processes import main_guard, measure, product, running, viewers

IMPORTS = ("import cv2, flask, gevent.pywsgi, imutils.video, sys; "
           "print('http://none/', flush=True); sys.stdin.read()")
CAMERA = "--source", "demo:640x480@30"
SECONDS, MANY = 80.0, 400
MAX_MB, MAX_RECORDED_MB, MAX_VIEWER_KB = 125.0, 160.0, 60.0


def main() -> None:
    """Measure and print."""
    with running("-c", IMPORTS) as bare:
        libraries = bare.rss()
    print(f"libraries alone        {libraries:7.1f} MB")
    with product(*CAMERA) as server:
        measure(server, 1, SECONDS)
        recorded = server.rss()
    print(f"one camera, recorded   {recorded:7.1f} MB"
          f"   ({recorded / libraries:.2f} x the libraries)", flush=True)
    with product(*CAMERA, "--no-record") as server:
        measure(server, 1, SECONDS)
        one = server.rss()
        print(f"one camera, no record  {one:7.1f} MB"
              f"   ({one / libraries:.2f} x the libraries)", flush=True)
        with viewers(server.url + "video_feed", MANY, 4):
            time.sleep(3)
            each = (server.rss() - one) / MANY * 1000
    print(f"each of {MANY} viewers    {each:7.1f} kB")
    ok = one <= MAX_MB and recorded <= MAX_RECORDED_MB and each <= MAX_VIEWER_KB
    print(f"\nmust: <= {MAX_MB:g} MB, recorded <= {MAX_RECORDED_MB:g} MB, "
          f"<= {MAX_VIEWER_KB:g} kB a viewer:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    main()

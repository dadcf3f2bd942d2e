"""
Stream motion-annotated video to any number of browsers.

This file is the diagram: settings, then the objects, then the threads, then the
server. Readers of the tutorial find its functions here:

    detect_motion       pyimagesearch/surveillance.py
    generate            pyimagesearch/streaming/mjpeg.py
    index, video_feed   pyimagesearch/web/live.py
"""

import logging
import os
import signal
import sys

from pyimagesearch.errors import SettingsError, SurveillanceError, explain_import

try:
    import cv2
    import gevent

    from pyimagesearch import __version__
    from pyimagesearch.capture.opening import find_camera
    from pyimagesearch.clock import SystemClock
    from pyimagesearch.motion_detection import SingleMotionDetector
    from pyimagesearch.server import LiveServer, in_thread, urls
    from pyimagesearch.settings import Settings
    from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
    from pyimagesearch.surveillance import Surveillance
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.site import Feed, Site
except ImportError as missing:
    sys.exit(f"webstreaming: error: {explain_import(missing)}")

log = logging.getLogger("webstreaming")


def main(argv: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    settings = Settings.from_command_line(argv)
    logging.basicConfig(level=settings.log_level.upper(),
                        format="%(asctime)s %(levelname)s %(message)s")
    cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
    # OpenCV's own warnings only repeat what we say of a lost camera
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        return watch(settings)
    except SettingsError as error:
        print(f"webstreaming: error: {error}", file=sys.stderr)
        return 2
    except SurveillanceError as error:
        print(f"webstreaming: error: {error}", file=sys.stderr)
        return 1


def watch(settings: Settings) -> int:
    """Construct, connect, run, stop."""
    clock = SystemClock()
    camera = find_camera(settings.source, loop=settings.loop, fps=settings.fps,
                         clock=clock)
    server = LiveServer(settings.ip, settings.port)
    broadcaster = LatestFrameBroadcaster()
    surveillance = Surveillance(
        "camera", camera, broadcaster, settings, clock,
        make_detector=lambda: SingleMotionDetector(accumWeight=settings.accum_weight))
    feed = Feed(broadcaster, surveillance.status)
    app = create_app(Site({surveillance.name: feed}, in_thread))

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, server.stop)
    surveillance.start()
    print(f"webstreaming {__version__}: open", *urls(*server.address), flush=True)
    server.run(app, on_stop=surveillance.stop)

    if not surveillance.join(1.0):
        log.warning("the camera loop did not stop within a second")
    return 0


def run() -> None:
    """The command ``webstreaming``: leave at once, even past a frozen camera."""
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)    # a thread stuck in a driver would crash the usual exit


if __name__ == "__main__":
    run()

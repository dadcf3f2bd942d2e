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
    from pyimagesearch.capture.imagehub import ImageHubs
    from pyimagesearch.capture.opening import find_camera
    from pyimagesearch.clock import SystemClock
    from pyimagesearch.datafolder import DataFolder
    from pyimagesearch.doctor import examine
    from pyimagesearch.limits import ViewerLimits, connections_for
    from pyimagesearch.memory import keep_freed_memory, many_descriptors
    from pyimagesearch.motion_detection import SingleMotionDetector
    from pyimagesearch.server import LiveServer, in_thread
    from pyimagesearch.settings import CameraSettings, Settings
    from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
    from pyimagesearch.streaming.mosaic import Mosaic
    from pyimagesearch.streaming.screen import Screen
    from pyimagesearch.surveillance import Surveillance
    from pyimagesearch.tls import tls_for
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.site import Feed, Site
except ImportError as missing:
    sys.exit(f"webstreaming: error: {explain_import(missing)}")

log = logging.getLogger("webstreaming")


def main(argv: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    diagnose = argv[:1] == ["doctor"]
    settings = (Settings.for_doctor(argv[1:]) if diagnose
                else Settings.from_command_line(argv))
    logging.basicConfig(level=settings.log_level.upper(),
                        format="%(asctime)s %(levelname)s %(message)s")
    keep_freed_memory()
    cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
    # OpenCV's own warnings only repeat what we say of a lost camera
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        return examine(settings, SystemClock()) if diagnose else watch(settings)
    except SurveillanceError as error:
        print(f"webstreaming: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1


def watch(settings: Settings) -> int:
    """Construct, connect, run, stop."""
    clock, hubs, wanted = SystemClock(), ImageHubs(), settings.cameras()
    found = [(each, find_camera(each, clock, hubs)) for each in wanted]
    viewers = settings.max_viewers, settings.max_viewers_per_address
    server = LiveServer(settings.ip, settings.port,
                        connections_for(*viewers, many_descriptors()),
                        tls_for(settings, DataFolder(settings.data)))

    mosaic = Mosaic([each.name for each in wanted], LatestFrameBroadcaster(),
                    settings.quality, clock) if len(wanted) > 1 else None
    feeds: dict[str, Feed] = {}
    loops: list[Surveillance] = []
    for each, camera in found:
        def make_detector(each: CameraSettings = each) -> SingleMotionDetector:
            return SingleMotionDetector(accumWeight=each.accum_weight)

        broadcaster = LatestFrameBroadcaster()
        screen = Screen(each.name, broadcaster, mosaic,
                        width=each.width, quality=each.quality)
        loops.append(Surveillance(camera, screen, each, clock,
                                  make_detector=make_detector))
        feeds[each.name] = Feed(broadcaster, loops[-1].status)
    app = create_app(Site(feeds, in_thread, mosaic, ViewerLimits(*viewers)))
    threads: list[Surveillance | Mosaic] = [*loops, *([mosaic] if mosaic else [])]

    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, server.stop)
    for thread in threads:
        thread.start()
    print(f"webstreaming {__version__}: open", *server.urls, flush=True)
    server.run(app, on_stop=lambda: [thread.stop() for thread in threads])

    hubs.close()
    for thread in threads:
        if not thread.join(0.5):
            log.warning("%s did not stop in time", thread.name)
    return 0


def run() -> None:
    """The command ``webstreaming``: leave at once, even past a frozen camera."""
    status = main(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)    # a thread stuck in a driver would crash the usual exit


if __name__ == "__main__":
    run()

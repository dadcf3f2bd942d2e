"""
Stream motion-annotated video to any number of browsers.

This file is the diagram: settings, then the objects, then the threads, then the
server. Readers of the tutorial find its functions here:

    detect_motion       pyimagesearch/surveillance/camera_loop.py
    generate            pyimagesearch/streaming/mjpeg.py
    index, video_feed   pyimagesearch/web/live.py

Another detector takes the place of SingleMotionDetector by --detector.
"""

import faulthandler
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial

from pyimagesearch.errors import SettingsError, SurveillanceError, explain_import

try:
    import cv2
    import gevent

    from pyimagesearch.access import Authenticator
    from pyimagesearch.access.commands import print_links, set_password
    from pyimagesearch.access.refused_logins import RefusedLogins
    from pyimagesearch.access.roles import Role
    from pyimagesearch.addresses import is_loopback
    from pyimagesearch.archive.archive import Archive
    from pyimagesearch.capture.cameras import Camera, find_camera, gives_packets
    from pyimagesearch.capture.imagezmq import ImageHubs
    from pyimagesearch.clock import Clock, SystemClock
    from pyimagesearch.events.store import EventStore
    from pyimagesearch.folders import open_folders
    from pyimagesearch.motion_detection.detection import MotionDetection
    from pyimagesearch.privacy.state import Privacy
    from pyimagesearch.recording.packet_gate import PacketGate
    from pyimagesearch.recording.preroll import Preroll
    from pyimagesearch.recording.recorder import Recorder
    from pyimagesearch.serving.connections import connections_for
    from pyimagesearch.serving.server import LiveServer, in_thread
    from pyimagesearch.serving.tls import tls_for
    from pyimagesearch.settings.command_line import (
        completion_script,
        parse_command_line,
    )
    from pyimagesearch.settings.loading import unknown_variables
    from pyimagesearch.settings.settings import CameraSettings, Settings
    from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
    from pyimagesearch.streaming.mosaic import Mosaic
    from pyimagesearch.streaming.publisher import Publisher
    from pyimagesearch.streaming.viewer_limits import ViewerLimits
    from pyimagesearch.surveillance.arming import Arming
    from pyimagesearch.surveillance.camera_loop import Surveillance
    from pyimagesearch.surveillance.evidence import Evidence
    from pyimagesearch.system.doctor import examine
    from pyimagesearch.system.log_format import configure_logging
    from pyimagesearch.system.process import keep_freed_memory, raise_descriptor_limit
    from pyimagesearch.system.service import service
    from pyimagesearch.system.startup_message import server_urls, startup_lines
    from pyimagesearch.system.watchdog import ServiceManager, Watchdog
    from pyimagesearch.threads import UncaughtErrors
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.request_origin import own_names
    from pyimagesearch.web.services import Feed, Services
except ImportError as missing:
    sys.exit(f"webstreaming: error: {explain_import(missing)}")

log = logging.getLogger("webstreaming")

Thread = Surveillance | Mosaic
Keeper = Recorder | Archive | EventStore
PAST_THE_PROXY = (
    "--trusted-proxies: whoever reaches the port past the proxy may claim to come from "
    "anywhere; let the proxy alone reach it (--ip 127.0.0.1, or a firewall)")
SERVER = "the server"       # among the loops that must turn; no camera is called so


def main(argv: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    command, argument, settings = parse_command_line(argv, os.environ)
    try:
        match command:
            case "completion":
                print(completion_script(argument))
            case "service":
                service(install=argument)
            case "password":
                set_password(settings, Role.VIEWER if argument else Role.OWNER)
            case "token":
                url = server_urls(settings, settings.ip, settings.port)[-1]
                print_links(settings, url, renew=argument)
            case "doctor":
                prepare(settings)
                return examine(settings, SystemClock())
            case _:
                prepare(settings)
                return watch(settings)
    except SurveillanceError as error:
        print(f"webstreaming: error: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    return 0


def prepare(settings: Settings) -> None:
    """Set up the log and the libraries for the whole process."""
    configure_logging(settings.log_level, settings.log_format)
    for sentence in unknown_variables(os.environ):
        log.warning("%s", sentence)
    faulthandler.enable()   # systemd's watchdog ends us by a signal: say where we hung
    keep_freed_memory()
    cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
    # OpenCV's own warnings only repeat ours about a lost camera
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def watch(settings: Settings) -> int:
    """Construct, connect, run, stop."""
    clock, hubs, wanted = SystemClock(), ImageHubs(), settings.cameras()
    folder, config = open_folders(settings.data, settings.config_dir)
    archive = Archive(folder, settings, clock)
    arming = Arming(archive.store, clock)
    archive.on_open.append(arming.restore)
    privacy = Privacy(config, wanted, archive.store, clock)
    watched = [watched_camera(each, archive, arming, hubs, clock) for each in wanted]
    viewers = settings.max_viewers, settings.max_viewers_per_address
    server = LiveServer(settings.ip, settings.port,
                        connections_for(*viewers, raise_descriptor_limit(),
                                        settings.trusted_proxies),
                        tls_for(settings, config))
    archive.claim()
    shown_elsewhere = settings.trusted_proxies or settings.host or settings.base_path
    reached = not is_loopback(server.address[0])    # by others than this machine
    if settings.trusted_proxies and reached:
        log.warning("%s", PAST_THE_PROXY)
    refused_logins = RefusedLogins(archive.store, clock)
    authenticator = Authenticator(
        config, clock, refused_logins, auth=settings.auth, in_thread=in_thread,
        local_only=not (reached or shown_elsewhere))
    manager, uncaught = ServiceManager(), UncaughtErrors(server.stop_soon)
    watchdog = Watchdog(manager, [SERVER, *(each.name for each in wanted)], clock)

    mosaic = Mosaic([each.name for each in wanted], LatestFrameBroadcaster(),
                    settings.quality, clock) if len(wanted) > 1 else None
    feeds: dict[str, Feed] = {}
    loops: list[Surveillance] = []
    for each, (camera, detection, evidence) in zip(wanted, watched, strict=True):
        broadcaster = LatestFrameBroadcaster()
        publisher = Publisher(each.name, broadcaster, mosaic,
                        width=each.width, quality=each.quality)
        loops.append(Surveillance(camera, detection, publisher, evidence, each, clock,
                                  heartbeat=partial(watchdog.heartbeat, each.name)))
        privacy.attach(each.name, loops[-1])
        feeds[each.name] = Feed(broadcaster, loops[-1].status, evidence.manual.record,
                                evidence.keep_still)
    services = Services(feeds, authenticator, in_thread, mosaic, archive, arming,
                        own_names(settings.host or ()), ViewerLimits(*viewers), privacy)
    app = create_app(services, base_path=settings.base_path or "",
                     trusted_proxies=settings.trusted_proxies)
    threads: list[Thread] = [*loops, *([mosaic] if mosaic else [])]
    keepers: list[Keeper] = [*archive.recorders, archive, archive.store]

    def each_second() -> None:
        authenticator.end_revoked_streams()
        refused_logins.write()
        watchdog.heartbeat(SERVER)

    uncaught.install()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            gevent.signal_handler(number, server.stop)      # not past nohup
    gc.freeze()     # what exists now stays: the collector need not visit it again
    for thread in (archive, *archive.recorders, *threads):
        thread.start()
    url = greet(authenticator, settings, *server.address)
    seconds = gevent.get_hub().loop.timer(1.0, 1.0)
    seconds.start(each_second)
    manager.notify("READY=1", f"STATUS=open {url}")
    server.run(app, on_stop=lambda: [thread.stop() for thread in threads])

    manager.notify("STOPPING=1")
    refused_logins.write()
    hubs.close()
    wait_for(threads, keepers)
    return uncaught.status


def wait_for(threads: Sequence[Thread], keepers: Sequence[Keeper]) -> None:
    """Wait for *threads*, which know of the end, then for the *keepers* of it all."""
    for thread in threads:
        if not thread.join(0.5):
            log.warning("%s did not stop in time", thread.name)
    for keeper in keepers:      # in turn: each has a last word to the next
        keeper.stop()
        if not keeper.join(5.0):
            log.warning("%s did not stop in time; the next start recovers "
                        "what is open", keeper.name)


def watched_camera(wanted: CameraSettings, archive: Archive, arming: Arming,
                   hubs: ImageHubs,
                   clock: Clock) -> tuple[Camera, MotionDetection, Evidence]:
    """Return a camera, its detection and its evidence; nothing is opened yet."""
    detection = MotionDetection(wanted)
    preroll = Preroll(wanted.pre_roll)
    packets = PacketGate(preroll) if gives_packets(wanted) else None
    recorder = Recorder(wanted.name, archive.clips, preroll,
                        archive.store, clock,
                        max_clip=wanted.max_clip, ready=archive.ready,
                        obstacle=archive.obstacle)
    archive.recorders.append(recorder)
    evidence = Evidence(wanted, recorder, archive.store, clock, packets=packets)
    arming.add_listener(evidence.arm)
    return find_camera(wanted, clock, hubs, packets), detection, evidence


def greet(authenticator: Authenticator, settings: Settings, ip: str, port: int) -> str:
    """Print where the server is and how to log in; return the URL for phones."""
    for line in startup_lines(settings, ip, port):
        print(line, flush=True)
    url = server_urls(settings, ip, port)[-1]
    if not settings.auth:
        log.warning("--no-auth: all who reach the port can watch, record and delete")
    for line in authenticator.login_lines(url):
        print(line, flush=True)
    return url


def run() -> None:
    """The command ``webstreaming``: leave at once, even past a frozen camera."""
    status = main(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)    # a thread stuck in a driver would crash the usual exit


if __name__ == "__main__":
    run()

"""
Stream motion-annotated video to any number of browsers.

This file is the diagram: settings, then the objects, then the threads, then the
server. Readers of the tutorial find its functions here:

    detect_motion       pyimagesearch/surveillance/camera_loop.py
    generate            pyimagesearch/streaming/mjpeg.py
    index, video_feed   pyimagesearch/web/live.py

SingleMotionDetector watches with --detector single, another class by its name.
"""

import faulthandler
import gc
import logging
import os
import shlex
import signal
import sys
from dataclasses import dataclass, field
from typing import NamedTuple

from pyimagesearch.errors import (
    RecordingError,
    SettingsError,
    SurveillanceError,
    explain_import,
)

try:
    import cv2
    import gevent
    from flask import Flask

    from pyimagesearch.access import Authenticator, RefusedLogins, Role
    from pyimagesearch.access.commands import (
        change_device_keys,
        print_links,
        set_password,
    )
    from pyimagesearch.addresses import is_loopback
    from pyimagesearch.archive import Archive
    from pyimagesearch.capture import (
        ImageHubs,
        MemoryBudget,
        find_camera,
        gives_packets,
    )
    from pyimagesearch.clock import Clock, SystemClock, TimeZone
    from pyimagesearch.events.store import EventStore
    from pyimagesearch.folders import ConfigFolder, DataFolder, open_folders
    from pyimagesearch.host_names import HostNames
    from pyimagesearch.motion_detection import BackgroundFiles, MotionDetection
    from pyimagesearch.notifications import Alerts, AlertSources
    from pyimagesearch.notifications.alert_stills import AlertStills
    from pyimagesearch.notifications.alerts_command import alerts
    from pyimagesearch.notifications.channels import channels_of
    from pyimagesearch.notifications.delivery.push_subscriptions import (
        PushSubscriptions,
    )
    from pyimagesearch.notifications.delivery.web_push import PushChannels
    from pyimagesearch.notifications.mqtt.broker import broker_of
    from pyimagesearch.notifications.mqtt.controlled import (
        ControlledCamera,
        ControlledServer,
    )
    from pyimagesearch.object_detection import ObjectRecognizer
    from pyimagesearch.object_detection.model_files import ModelChoice, model_for
    from pyimagesearch.object_detection.object_groups import unknown_objects
    from pyimagesearch.object_detection.objects_command import objects
    from pyimagesearch.permissions import OTHERS_MASK
    from pyimagesearch.privacy import Privacy
    from pyimagesearch.recording import Preroll, PrerollInput, Recorder
    from pyimagesearch.serving import LiveServer, connections_for, tls_for
    from pyimagesearch.settings import CameraSettings, Settings, command_line
    from pyimagesearch.settings.exposed_secrets import exposed_secrets
    from pyimagesearch.settings.loading import unknown_variables
    from pyimagesearch.settings.owner_settings import OwnerSettings
    from pyimagesearch.settings.secret_texts import secret_texts
    from pyimagesearch.status import ObjectsStatus
    from pyimagesearch.streaming import (
        LatestFrameBroadcaster,
        Mosaic,
        Publisher,
        ViewerLimits,
    )
    from pyimagesearch.surveillance import Arming, Evidence, Surveillance
    from pyimagesearch.system.doctor import examine
    from pyimagesearch.system.log_format import configure_logging
    from pyimagesearch.system.process import (
        keep_freed_memory,
        open_streams,
        raise_descriptor_limit,
    )
    from pyimagesearch.system.service import service
    from pyimagesearch.system.startup_message import (
        describe_access,
        print_error,
        print_lines,
        program_words,
        server_urls,
        startup_lines,
        stop_printing,
        unencrypted_login,
    )
    from pyimagesearch.system.watchdog import ServiceManager, Watchdog
    from pyimagesearch.threads import UncaughtErrors, Worker
    from pyimagesearch.web import Feed, Services, create_app
    from pyimagesearch.web.push_sessions import remove_push, revoked_push
    from pyimagesearch.web.request_origin import origin_of
    from pyimagesearch.web.services import Pool
except ImportError as missing:
    sys.exit(f"webstreaming: error: {explain_import(missing)}")

log = logging.getLogger("webstreaming")

SERVER_LOOP = "the server"      # for the watchdog; no camera can be called so
INTERRUPTED = 130       # exit status after Ctrl-C, as of a shell
STILL_SECONDS = 2.0     # to wait for a new frame, of which a still is taken


def main(argv: list[str]) -> int:
    """Run until Ctrl-C or SIGTERM; return the exit status."""
    command, arguments, settings = command_line.parse_command_line(argv, os.environ)
    try:
        match command:
            case "completion":
                print(command_line.completion_script(**arguments))
            case "service":
                service(**arguments)
            case "password":
                set_password(settings, **arguments)
            case "token":
                print_links(settings, configured_url(settings), **arguments)
            case "device-key":
                change_device_keys(settings, configured_url(settings), **arguments)
            case "doctor":
                prepare(settings)
                return examine(settings, SystemClock())
            case "alerts":
                prepare(settings)
                return alerts(settings, configured_by_owner(settings).cameras(),
                              running_url(settings), objects_off(settings), **arguments)
            case "objects":
                prepare(settings)
                return objects(settings, program_called(), **arguments)
            case "replay":
                from pyimagesearch.replay import replay  # with PyAV: 16 MB
                prepare(settings)
                owner = configured_by_owner(settings)
                return replay(settings, owner.cameras(), owner.others(), **arguments)
            case _:
                prepare(settings)
                return watch(settings)
    except SurveillanceError as error:
        print_error(str(error))
        return 2 if isinstance(error, SettingsError) else 1
    except OSError as error:
        if not command:
            raise
        stop_printing()     # other errors of commands have a sentence of their own
        print_error(f"the output cannot be written: {error.strerror}")
        return 1
    return 0


def configured_by_owner(settings: Settings) -> OwnerSettings:
    """Return what the owner set on pages, and these *settings* below it."""
    config = ConfigFolder(settings.config_dir, DataFolder(settings.data).path)
    return OwnerSettings(config, settings)


def configured_url(settings: Settings) -> str:
    """Return the URL for phones of a server with these *settings*."""
    return server_urls(settings, settings.ip, settings.port)[-1]


def running_url(settings: Settings) -> str:
    """Return the URL in *settings*, or else of the server that ran last."""
    is_given = bool({"ip", "port"} & settings.fixed.keys())
    if is_given or (settings.ip, settings.port) != (Settings.ip, Settings.port):
        return configured_url(settings)
    return DataFolder(settings.data).url or configured_url(settings)


def objects_off(settings: Settings) -> str:
    """Return why no objects are recognised; empty if they are, by any model."""
    has_own_model = settings.objects not in (None, "on", "off")
    return "" if has_own_model else model_for(
        settings, DataFolder(settings.data).path, program_called()).why


def program_called() -> str:
    """Return how to run this program again, for a shell."""
    return shlex.join(program_words(sys.argv[0]))


def prepare(settings: Settings) -> None:
    """Set up the log and the libraries for the whole process."""
    configure_logging(settings.log_level, settings.log_format, secret_texts(settings))
    for sentence in (*unknown_variables(os.environ), *settings.unwatched(),
                     *exposed_secrets(settings),
                     *unknown_objects(settings.cameras())):
        log.warning("%s", sentence)
    faulthandler.enable()   # systemd's watchdog ends us by a signal: say where we hung
    keep_freed_memory()
    cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
    silence_opencv()


def silence_opencv() -> None:
    """Drop what OpenCV logs: it only repeats ours about cameras, pictures, models."""
    if hasattr(cv2.utils, "logging"):
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    else:       # OpenCV 4.10
        vars(cv2)["setLogLevel"](0)


def watch(settings: Settings) -> int:
    """Construct, connect, run, stop."""
    os.umask(OTHERS_MASK)
    systemd = ServiceManager()
    data, config = open_folders(settings.data, settings.config_dir)
    program = make_program(settings, data, config, systemd)
    server = make_server(settings, config)
    program.alerts = make_alerts(settings, server, data, program)
    program.archive.claim()
    authenticator = make_authenticator(settings, config, server, program)
    app = make_app(settings, authenticator, server, program)
    uncaught = UncaughtErrors(server.stop_soon)
    uncaught.install()
    stop_on_signals(server)
    gc.freeze()     # what exists now stays: the collector need not visit it again
    program.start()
    url = greet(authenticator, settings, *server.address)
    data.keep_url(url)
    timer = gevent.get_hub().loop.timer(1.0, 1.0)
    timer.start(every_second, authenticator, program, server.pools.changes,
                TimeZone())
    systemd.notify("READY=1", f"STATUS=open {url}")
    server.run(app, on_stop=program.stop_cameras)
    systemd.notify("STOPPING=1")
    program.finish()
    return uncaught.status


class WatchedCamera(NamedTuple):
    """One camera: the thread that watches it, and what the pages see of it."""

    name: str
    loop: Surveillance
    feed: Feed
    evidence: Evidence

    def record(self, on: bool) -> None:
        """Start a manual recording, or stop it; raises :exc:`RecordingError`."""
        if self.evidence.manual.record(on) == "stopped" and on:
            raise RecordingError("the cameras are switched off")

    def take_still(self) -> None:
        """Keep a new frame as an event; raises :exc:`RecordingError`. Blocks."""
        status = self.loop.status()
        frame = self.feed.broadcaster.fresh(STILL_SECONDS) if status.is_live else None
        if frame is None:
            raise RecordingError(f"camera {self.name} delivers no picture now")
        self.evidence.keep_still(frame.jpeg, frame.captured)


@dataclass(kw_only=True)
class Program:
    """What runs beside the server, started and stopped in order."""

    archive: Archive
    arming: Arming
    privacy: Privacy
    owner_settings: OwnerSettings
    refused_logins: RefusedLogins
    push: PushSubscriptions
    backgrounds: BackgroundFiles
    mosaic: Mosaic | None
    image_hubs: ImageHubs
    camera_memory: MemoryBudget
    watchdog: Watchdog
    model: ModelChoice
    objects: ObjectRecognizer | None
    clock: Clock
    cameras: list[WatchedCamera] = field(default_factory=list)
    alerts: Alerts = field(init=False)      # they name the server's address

    def objects_status(self) -> ObjectsStatus:
        """Return how objects are recognised, or why they are not."""
        return self.objects.status() if self.objects else ObjectsStatus(
            model="", off_reason=self.model.why)

    @property
    def live(self) -> list[Worker]:
        """The threads that make live pictures, and look for objects in them."""
        return [*(each.loop for each in self.cameras),
                *filter(None, [self.mosaic, self.objects])]

    def start(self) -> None:
        """Start all threads; what they record waits until the folder is open."""
        log.info("%s", self.model.words)
        self.archive.on_open += [self.arming.restore, self.backgrounds.open,
                                 self.alerts.forget_others]
        for thread in (self.backgrounds, self.archive, *self.archive.recorders,
                       *self.live):
            thread.start()
        self.alerts.start()

    def stop_cameras(self) -> None:
        """Signal the threads of the live pictures, which ends all streams."""
        for thread in self.live:
            thread.stop()

    def finish(self) -> None:
        """Wait for all threads, those that write to the disk last."""
        self.refused_logins.write()
        self.image_hubs.close()
        for thread in self.live:
            if not thread.join(0.5):
                log.warning("%s did not stop in time", thread.name)
        self.alerts.stop()
        self.alerts.join()
        # one after the other: each may still write through the next one
        writers: list[Worker | EventStore] = [
            self.backgrounds, *self.archive.recorders, self.archive, self.archive.store]
        for writer in writers:
            writer.stop()
            if not writer.join(5.0):
                log.warning("%s did not stop in time; the next start recovers what is "
                            "open", writer.name)


def make_program(settings: Settings, data: DataFolder, config: ConfigFolder,
                 systemd: ServiceManager) -> Program:
    """Construct the parts of the program, and its cameras; no thread is started."""
    owner_settings, clock = OwnerSettings(config, settings), SystemClock()
    owner_settings.report_others()
    wanted = owner_settings.cameras()
    names = [each.name for each in wanted]
    model = model_for(settings, data.path, program_called())
    archive = Archive(data, settings, clock)
    program = Program(
        archive=archive,
        arming=Arming(archive.store, clock, settings.place),
        privacy=Privacy(config, wanted, archive.store, clock),
        owner_settings=owner_settings,
        refused_logins=RefusedLogins(archive.store, clock),
        push=PushSubscriptions(config),
        backgrounds=BackgroundFiles(data, names),
        mosaic=Mosaic(names, LatestFrameBroadcaster(), settings.quality, clock)
        if len(names) > 1 else None,
        image_hubs=ImageHubs(),
        camera_memory=MemoryBudget(),
        watchdog=Watchdog(systemd, [SERVER_LOOP, *names], clock),
        model=model,
        objects=make_objects(model, clock),
        clock=clock)
    program.cameras += [make_camera(each, program) for each in wanted]
    return program


def make_objects(choice: ModelChoice, clock: Clock) -> ObjectRecognizer | None:
    """Return what recognises objects, if there is a model; it is not loaded yet."""
    return None if choice.path is None else ObjectRecognizer(
        choice.load, clock, choice.path.name)


def make_camera(settings: CameraSettings, program: Program) -> WatchedCamera:
    """Connect the parts of one camera; nothing is opened yet."""
    archive, clock = program.archive, program.clock
    preroll, broadcaster = Preroll(settings.pre_roll), LatestFrameBroadcaster()
    preroll_input = PrerollInput(settings.name, preroll)
    recorder = Recorder(settings.name, archive.clips, preroll, archive.store, clock,
                        max_clip=settings.max_clip, ready=archive.ready,
                        obstacle=archive.obstacle)
    archive.recorders.append(recorder)
    evidence = Evidence(settings, recorder, preroll_input, archive.store, clock,
                        program.objects)
    program.arming.add(settings, evidence.arm)
    detection = MotionDetection(settings, keeper=program.backgrounds)
    loop = Surveillance(
        find_camera(settings, clock, program.image_hubs,
                    preroll_input if gives_packets(settings) else None,
                    program.camera_memory),
        detection,
        Publisher(settings.name, broadcaster, program.mosaic,
                  width=settings.width, quality=settings.quality),
        evidence, settings, clock,
        heartbeat=lambda: program.watchdog.heartbeat(settings.name))
    program.privacy.attach(settings.name, loop)
    for part in (loop, program.arming):
        program.owner_settings.attach(settings.name, part)
    return WatchedCamera(settings.name, loop, Feed(
        broadcaster, loop.status, evidence.manual.record, evidence.keep_still,
        automatic_zones=lambda: detection.automatic_zones, tuning=loop.tuning),
        evidence)


def make_server(settings: Settings, config: ConfigFolder) -> LiveServer:
    """Bind the address and load the certificate."""
    connections = connections_for(
        settings.max_viewers, settings.max_viewers_per_address,
        raise_descriptor_limit(), settings.trusted_proxies)
    return LiveServer(settings.ip, settings.port, connections,
                      tls_for(settings, config))


def make_alerts(settings: Settings, server: LiveServer, data: DataFolder,
                program: Program) -> Alerts:
    """Connect the channels of alerts; nothing is sent yet."""
    archive, owner = program.archive, program.owner_settings
    url = settings.public_url or server_urls(settings, *server.address)[-1]
    alerts = Alerts(AlertSources(
        store=archive.store, settings=settings, camera=owner.current_or_common,
        armed=program.arming.is_armed,
        trouble=lambda: archive.status().trouble, objects_off=program.model.why,
        still=AlertStills(archive.clips, program.privacy.polygons,
                          lambda: program.privacy.off_since is not None).of,
        ready=archive.ready,
        url=f"{url.rstrip('/')}/", clock=program.clock))
    for channel in channels_of(settings):
        alerts.add(channel)
    if broker := broker_of(settings):
        from pyimagesearch.notifications.mqtt.mqtt_publisher import (  # with paho: 5 MB
            make_publisher,
        )
        alerts.attach(make_publisher(broker, alerts.sources, controlled_server(program),
                                     data.path))
    browsers = PushChannels(program.push, alerts, program.clock)
    program.push.on_change.append(browsers.follow)
    browsers.follow()
    return alerts


def controlled_server(program: Program) -> ControlledServer:
    """Return what MQTT shows and controls."""
    archive, arming, privacy = program.archive, program.arming, program.privacy
    return ControlledServer(
        cameras=[ControlledCamera(
            each.name, each.loop.status, each.record, each.take_still)
            for each in program.cameras],
        archive=archive.status, mode=lambda: arming.mode.mode,
        is_armed=lambda: arming.armed,
        is_camera_armed=lambda name: arming.camera(name).armed,
        are_cameras_on=lambda: privacy.off_since is None,
        set_mode=arming.set_mode, switch_cameras=privacy.switch)


def make_authenticator(settings: Settings, config: ConfigFolder, server: LiveServer,
                       program: Program) -> Authenticator:
    """Require a login unless the server is reachable from this machine only."""
    only_here = is_loopback(server.address[0])
    if settings.trusted_proxies and not only_here:
        log.warning("--trusted-proxies: clients that reach the port directly can forge "
                    "their address; let only the proxy reach it (--ip 127.0.0.1, or a "
                    "firewall)")
    open_to = {"on": None, "changes": Role.VIEWER, "off": Role.OWNER}[settings.auth]
    return Authenticator(
        config, program.clock, program.refused_logins, open_to=open_to,
        in_thread=server.pools.changes.run_admitted,
        check_in_thread=server.pools.passwords.run,
        local_only=only_here and not settings.behind_proxy)


def make_app(settings: Settings, authenticator: Authenticator, server: LiveServer,
             program: Program) -> Flask:
    """Connect the pages and the API to the parts of the program."""
    services = Services(
        {each.name: each.feed for each in program.cameras}, authenticator,
        server.pools, program.mosaic, program.archive, program.arming,
        HostNames(settings.host or ()),
        tuple(map(origin_of, settings.allow_frame or ())),
        ViewerLimits(settings.max_viewers, settings.max_viewers_per_address),
        program.privacy, program.owner_settings, program.camera_memory, program.alerts,
        program.push, objects=program.objects_status,
        wait_for_frame=server.wait_for_frame)
    return create_app(services, base_path=settings.base_path or "",
                      trusted_proxies=settings.trusted_proxies)


def every_second(authenticator: Authenticator, program: Program, pool: Pool,
                 zone: TimeZone) -> None:
    """Do what the server's thread does once a second."""
    authenticator.end_revoked_streams()
    if revoked := revoked_push(program.push, authenticator):
        gevent.spawn(pool.run_admitted, lambda: remove_push(
            lambda: program.push.remove(*revoked)))
    program.refused_logins.write()
    program.watchdog.heartbeat(SERVER_LOOP)
    zone.follow()
    program.arming.tick()


def stop_on_signals(server: LiveServer) -> None:
    """End the server on Ctrl-C and SIGTERM, and on SIGHUP unless nohup ignores it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            gevent.signal_handler(number, server.stop)


def greet(authenticator: Authenticator, settings: Settings, ip: str, port: int) -> str:
    """Print where the server is and how to log in; return the URL for phones."""
    print_lines(startup_lines(settings, ip, port))
    url = server_urls(settings, ip, port)[-1]
    if settings.auth != "on":
        log.warning("%s", describe_access(settings))
    if sentence := unencrypted_login(settings, ip):
        log.warning("%s", sentence)
    print_lines(authenticator.login_lines(url))
    return url


def run() -> None:
    """The command ``webstreaming``: leave at once, even past a frozen camera."""
    open_streams()
    try:
        status = main(sys.argv[1:])
    except SystemExit as end:       # argparse's, after --help or a wrong option
        status = int(end.code or 0)
    except KeyboardInterrupt:       # Ctrl-C during a command, or the start
        print(file=sys.stderr)
        status = INTERRUPTED
    logging.shutdown()
    try:
        sys.stdout.flush()
    except OSError as error:    # a full disk, or a pipe that was closed
        status = status or 1
        print_error(f"the output cannot be written: {error.strerror}")
    os._exit(status)    # a thread stuck in a driver would crash the usual exit


if __name__ == "__main__":
    run()

"""What runs beside the server: cameras, archive, alerts, and all that they need."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pyimagesearch.access import RefusedLogins
from pyimagesearch.archive import Archive
from pyimagesearch.capture import (
    ImageHubs,
    MemoryBudget,
    PacketTee,
    find_camera,
    gives_packets,
    has_own_video,
)
from pyimagesearch.clock import Clock, SystemClock
from pyimagesearch.errors import RecordingError
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.motion_detection import BackgroundFiles, MotionDetection
from pyimagesearch.notifications import Alerts, AlertSources
from pyimagesearch.notifications.alert_stills import AlertStills
from pyimagesearch.notifications.channels import channels_of
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.notifications.delivery.web_push import PushChannels
from pyimagesearch.notifications.mqtt.broker import broker_of
from pyimagesearch.notifications.mqtt.controlled import (
    ControlledCamera,
    ControlledServer,
)
from pyimagesearch.object_detection import ObjectRecognizer
from pyimagesearch.object_detection.model_files import ModelChoice, model_for
from pyimagesearch.privacy import Privacy
from pyimagesearch.recording import Preroll, PrerollInput, Recorder
from pyimagesearch.serving import LiveServer
from pyimagesearch.settings import CameraSettings, Settings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.status import CameraStatus, ObjectsStatus
from pyimagesearch.streaming import LatestFrameBroadcaster, Mosaic, Publisher
from pyimagesearch.streaming.camera_video import CameraVideo
from pyimagesearch.streaming.live_videos import live_videos
from pyimagesearch.surveillance import Arming, Evidence, Surveillance
from pyimagesearch.system.startup_message import program_command, server_urls
from pyimagesearch.system.watchdog import ServiceManager, Watchdog
from pyimagesearch.threads import Worker
from pyimagesearch.web import Feed

log = logging.getLogger(__name__)

SERVER_LOOP = "the server"      # for the watchdog; no camera can be called so
STILL_SECONDS = 2.0     # to wait for a new frame, of which a still is taken


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
        self.evidence.keep_still(frame)


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
            model="", off_reason=self.model.why, command=self.model.command)

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
        for camera in self.cameras:
            for video in camera.feed.videos.values():
                video.close()

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
    model = model_for(settings, data.path, program_command())
    if settings.unnamed_first and not model.path and not any(
            each.has_own_detector for each in wanted):
        log.warning("--unnamed-first protects no clip: no objects are recognised, so "
                    "that all clips are without names (%s)", model.why)
    archive = Archive(data, settings, clock)
    program = Program(
        archive=archive,
        arming=Arming(archive.store, clock, settings.place),
        privacy=Privacy(config, wanted, archive.store, clock),
        owner_settings=owner_settings,
        refused_logins=RefusedLogins(archive.store, clock),
        push=PushSubscriptions(config),
        backgrounds=BackgroundFiles(data, names),
        mosaic=Mosaic(names, LatestFrameBroadcaster(), settings.quality, clock,
                      live_videos(settings.live_rate))
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
    preroll = Preroll(settings.pre_roll, settings.pre_roll_bytes)
    broadcaster = LatestFrameBroadcaster()
    videos = live_videos(settings.live_rate)
    preroll_input = PrerollInput(settings.name, preroll)
    own_video = {"camera": CameraVideo(clock)} if has_own_video(settings) else {}
    recorder = Recorder(settings.name, archive.clips, preroll, archive.store, clock,
                        max_clip=settings.max_clip, ready=archive.ready,
                        obstacle=archive.obstacle)
    archive.recorders.append(recorder)
    evidence = Evidence(settings, recorder, preroll_input, archive.store, clock,
                        program.objects)
    program.arming.add(settings, evidence.arm)
    detection = MotionDetection(settings, keeper=program.backgrounds)
    publisher = Publisher(settings.name, broadcaster, program.mosaic,
                          width=settings.width, quality=settings.quality,
                          overlay=settings.overlay, videos=videos)
    loop = Surveillance(
        find_camera(settings, clock, program.image_hubs,
                    packet_tee(settings, preroll_input, own_video),
                    program.camera_memory),
        detection, publisher, evidence, settings, clock,
        heartbeat=lambda: program.watchdog.heartbeat(settings.name))
    program.privacy.attach(settings.name, loop)
    for video in own_video.values():
        program.privacy.attach(settings.name, video)
    for part in (loop, program.arming):
        program.owner_settings.attach(settings.name, part)
    return WatchedCamera(settings.name, loop, Feed(
        broadcaster, lambda: with_viewers(loop.status(), own_video),
        evidence.manual.record, evidence.keep_still,
        automatic_zones=lambda: detection.automatic_zones, tuning=loop.tuning,
        videos={**videos, **own_video}, variants=publisher.variants,
        overlay=settings.overlay),
        evidence)


def packet_tee(settings: CameraSettings, preroll_input: PrerollInput,
               own_video: Mapping[str, CameraVideo]) -> PacketTee | None:
    """Return what receives the packets of a camera; None if it sends none."""
    recorded = [preroll_input] if gives_packets(settings) else []
    return PacketTee([*own_video.values(), *recorded]) if own_video else None


def with_viewers(status: CameraStatus, own_video: Mapping[str, CameraVideo]
                 ) -> CameraStatus:
    """Return *status*, which also counts the viewers of the camera's own video."""
    viewers = sum(video.viewers for video in own_video.values())
    return replace(status, video_viewers=status.video_viewers + viewers)


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

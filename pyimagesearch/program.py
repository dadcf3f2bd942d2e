"""What runs beside the server: cameras, archive, alerts, and all that they need."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from pyimagesearch.errors import FolderError
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder, DataFolder
from pyimagesearch.motion_detection import BackgroundFiles, MotionDetection
from pyimagesearch.notifications import Alerts
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from pyimagesearch.notifications.mqtt.controlled import ControlledCamera
from pyimagesearch.object_detection import ObjectRecognizer
from pyimagesearch.object_detection.model_files import ModelChoice, model_for
from pyimagesearch.privacy import Privacy
from pyimagesearch.recording import Preroll, PrerollInput, Recorder
from pyimagesearch.settings import CameraSettings, Settings
from pyimagesearch.settings.owner_settings import OwnerSettings
from pyimagesearch.status import CameraStatus, ObjectsStatus
from pyimagesearch.streaming import LatestFrameBroadcaster, Mosaic, Publisher
from pyimagesearch.streaming.camera_video import CameraVideo
from pyimagesearch.streaming.live_videos import live_videos
from pyimagesearch.surveillance import Arming, Evidence, Surveillance
from pyimagesearch.system.startup_message import program_command
from pyimagesearch.system.watchdog import ServiceManager, Watchdog
from pyimagesearch.threads import Worker
from pyimagesearch.watched_cameras import Feeds, WatchedCamera
from pyimagesearch.web import Feed

log = logging.getLogger(__name__)

SERVER_LOOP = "the server"      # for the watchdog; no camera can be called so
STOP_SECONDS = 2.0      # for the thread of a camera that is closed
CLIP_SECONDS = 5.0      # for its last clip to be written


@dataclass(kw_only=True)
class Program:
    """
    What runs beside the server, started and stopped in order.

    :meth:`follow` watches other cameras from then on.
    """

    archive: Archive
    arming: Arming
    privacy: Privacy
    owner_settings: OwnerSettings
    refused_logins: RefusedLogins
    push: PushSubscriptions
    backgrounds: BackgroundFiles
    mosaic: Mosaic
    image_hubs: ImageHubs
    camera_memory: MemoryBudget
    watchdog: Watchdog
    model: ModelChoice
    objects: ObjectRecognizer | None
    clock: Clock
    cameras: Sequence[WatchedCamera] = ()
    feeds: Feeds = field(default_factory=Feeds)
    controlled: list[ControlledCamera] = field(default_factory=list)    # by MQTT
    announcer: Worker | None = None     # of changes, for the pages of the server
    alerts: Alerts = field(init=False)      # they name the server's address

    def objects_status(self) -> ObjectsStatus:
        """Return how objects are recognised, or why they are not."""
        return self.objects.status() if self.objects else ObjectsStatus(
            model="", off_reason=self.model.why, command=self.model.command)

    @property
    def live(self) -> list[Worker]:
        """The threads that make live pictures, and look for objects in them."""
        others = [self.mosaic, *filter(None, [self.objects, self.announcer])]
        return [*(each.loop for each in self.cameras), *others]

    def follow(self, settings: Settings, renamed: Mapping[str, str] | None = None
               ) -> None:
        """
        Watch the cameras of *settings*: open new ones, close others; blocks meanwhile.

        A camera goes on without a gap if only its adjustable settings, or its place in
        the order, have changed. One that was *renamed*, by its old name, is opened
        under its new one. The settings file calls this, once at a time.
        """
        wanted = {each.name: each for each in settings.cameras()}
        going = {each.name: each for each in self.cameras
                 if each.name in wanted and each.runs_with(wanted[each.name])}
        before = self.cameras
        # one that is opened again is shown as it was until then
        self.show([each for each in before if each.name in wanted])
        for camera in before:
            if camera.name not in going:
                self._close(camera)
                self._turn_mask(camera.settings, wanted.get(camera.name))
        for old in renamed or ():
            self.privacy.forget(old)
        cameras = []
        try:
            for name, each in wanted.items():
                cameras.append(going.get(name) or self._open(each))
        finally:
            self.show(cameras)

    def follow_place(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """Let schedules follow the sun at another place."""
        self.arming.follow(settings.place)

    def prepare(self, settings: Settings, renamed: Mapping[str, str]) -> None:
        """
        Get ready to follow *settings*; raises :exc:`SettingsError` if that cannot work.

        What is hidden of *renamed* cameras stays so: raises :exc:`FolderError` if that
        cannot be saved.
        """
        before = {each.settings for each in self.cameras}
        for each in settings.cameras():
            if each not in before:
                gives_packets(each)
                find_camera(each, self.clock, ImageHubs())
        for old, new in renamed.items():
            self.privacy.copy(old, new)

    def show(self, cameras: Sequence[WatchedCamera]) -> None:
        """Let pages, mosaic and MQTT show these *cameras*, in this order."""
        before = [each.name for each in self.cameras]
        self.cameras = list(cameras)
        self.feeds.show(self.cameras)
        self.controlled[:] = [ControlledCamera(
            each.name, each.loop.status, each.record, each.take_still)
            for each in self.cameras]
        names = [each.name for each in self.cameras]
        if names != before:
            self.mosaic.set_cameras(names if len(names) > 1 else [])

    def _open(self, settings: CameraSettings) -> WatchedCamera:
        """Make a camera, and watch it from now on."""
        self.backgrounds.add(settings.name)
        self.backgrounds.forget(settings.name)      # it may look elsewhere now
        self.watchdog.add(settings.name)
        self.privacy.add(settings)
        camera = make_camera(settings, self)
        camera.start()
        return camera

    def _turn_mask(self, before: CameraSettings, now: CameraSettings | None) -> None:
        """Let what was drawn on the picture of a camera hide the same as *before*."""
        drawn = self.privacy.hidden(before.name).drawn
        if now is None or not drawn or now.orientation == before.orientation:
            return
        try:
            self.privacy.draw(before.name, [
                now.orientation.points(each, before.orientation) for each in drawn])
        except FolderError as error:    # it is in force all the same
            log.error("%s: the turned privacy regions: %s", before.name, error)

    def _close(self, camera: WatchedCamera) -> None:
        """End *camera*, its streams and its clips."""
        camera.stop()
        for part in (self.privacy.remove, self.arming.remove,
                     self.owner_settings.detach, self.watchdog.remove):
            part(camera.name)
        if not camera.loop.join(STOP_SECONDS):
            log.warning("%s did not stop in time; it may hold its device",
                        camera.name)
        recorder = camera.evidence.recorder
        recorder.stop()
        if not recorder.join(CLIP_SECONDS):
            log.warning("the last clip of %s is still being written", camera.name)
        self.archive.remove(recorder)

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
            camera.stop()

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
        mosaic=Mosaic(names if len(names) > 1 else [], LatestFrameBroadcaster(),
                      settings.quality, clock, live_videos(settings.live_rate)),
        image_hubs=ImageHubs(),
        camera_memory=MemoryBudget(),
        watchdog=Watchdog(systemd, [SERVER_LOOP, *names], clock),
        model=model,
        objects=make_objects(model, clock),
        clock=clock)
    program.show([make_camera(each, program) for each in wanted])
    owner_settings.file.preparations.append(program.prepare)
    owner_settings.file.listeners += [program.follow, archive.follow,
                                      program.follow_place]
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
    archive.add(recorder)
    evidence = Evidence(settings, recorder, preroll_input, archive.store, clock,
                        program.objects)
    program.arming.add(settings, evidence.arm)
    detection = MotionDetection(settings, keeper=program.backgrounds)
    publisher = Publisher(settings.name, broadcaster, program.mosaic,
                          width=settings.width, quality=settings.quality,
                          overlay=settings.overlay, videos=videos,
                          clock=settings.clock_style)
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
    return WatchedCamera(settings, loop, Feed(
        broadcaster, lambda: with_viewers(loop.status(), own_video),
        evidence.manual.record, evidence.keep_still,
        automatic_zones=lambda: detection.automatic_zones, tuning=loop.tuning,
        videos={**videos, **own_video}, variants=publisher.variants,
        overlay=settings.overlay, width=settings.width),
        evidence)


def packet_tee(settings: CameraSettings, preroll_input: PrerollInput,
               own_video: Mapping[str, CameraVideo]) -> PacketTee | None:
    """Return what receives the packets of a camera; None if it sends none."""
    recorded = [preroll_input] if gives_packets(settings) else []
    return PacketTee([*own_video.values(), *recorded],
                     settings.orientation) if own_video else None


def with_viewers(status: CameraStatus, own_video: Mapping[str, CameraVideo]
                 ) -> CameraStatus:
    """Return *status*, which also counts the viewers of the camera's own video."""
    viewers = sum(video.viewers for video in own_video.values())
    return replace(status, video_viewers=status.video_viewers + viewers)

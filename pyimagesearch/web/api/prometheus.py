"""The figures for Prometheus, made of what the program counts anyway."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from pyimagesearch import __version__
from pyimagesearch.events.event import (
    ARMED,
    DISARMED,
    LOGIN_REFUSED,
    LOST,
    MANUAL,
    MOTION,
    RETURNED,
    SNAPSHOT,
    SWITCHED_OFF,
    SWITCHED_ON,
)
from pyimagesearch.status import ArchiveStatus, CameraStatus
from pyimagesearch.web.services import Services

OF_CAMERAS = (MOTION, MANUAL, SNAPSHOT, LOST, RETURNED)     # kinds of events
OF_ALL = (ARMED, DISARMED, SWITCHED_OFF, SWITCHED_ON, LOGIN_REFUSED)    # of no camera


class Figure(NamedTuple):
    """One figure of each camera; a counter if its name ends in ``_total``."""

    name: str
    help: str
    of: Callable[[CameraStatus], float | None]      # None = not known


FIGURES = (
    Figure("camera_up", "Whether the camera gives pictures.",
           lambda camera: camera.is_live),
    Figure("frame_age_seconds", "Age of the last good frame.",
           lambda camera: camera.age),
    Figure("input_fps", "Frames a second that the camera gives.",
           lambda camera: camera.fps_in),
    Figure("output_fps", "Frames a second that are looked at and shown.",
           lambda camera: camera.fps),
    Figure("frames_received_total", "Frames that the camera gave.",
           lambda camera: camera.given),
    Figure("frames_processed_total", "Frames that were looked at.",
           lambda camera: camera.frames),
    Figure("signal_losses_total", "Times that the camera was lost.",
           lambda camera: camera.losses),
    Figure("stuck_reads", "Threads that wait for a frozen camera.",
           lambda camera: camera.stuck_reads),
    Figure("viewers", "Open streams of this camera alone.",
           lambda camera: camera.viewers),
    Figure("recording", "Whether a clip is being written.",
           lambda camera: camera.recording),
    Figure("recordings_total", "Events of which a recording began.",
           lambda camera: camera.recordings),
)


def exposition(services: Services) -> tuple[bytes, str]:
    """Return all figures of *services* as Prometheus reads them, and their type."""
    registry = CollectorRegistry()      # of this answer alone: nothing is kept in it
    registry.register(Figures(services))
    ProcessCollector(registry=registry)
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


class Figures(Collector):
    """Tell the figures of *services* at one moment; nothing is counted here."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield each figure with its value for each camera."""
        services = self._services
        yield InfoMetricFamily("surveillance_build", "The program.",
                               {"version": __version__})
        cameras = [feed.status() for feed in services.feeds.values()]
        for figure in FIGURES:
            yield by_camera(figure, cameras)
        yield dropped(cameras)
        yield spent("detect", "looking for motion in a frame", {
            camera.name: (camera.frames, camera.detect_seconds) for camera in cameras})
        yield spent("encode", "making the JPEG of a frame", {
            camera.name: (camera.encoded, camera.encode_seconds) for camera in cameras})
        yield GaugeMetricFamily(
            "surveillance_mosaic_viewers", "Open streams of all cameras in one.",
            services.mosaic.broadcaster.viewers if services.mosaic else 0)
        yield CounterMetricFamily(
            "surveillance_logins_refused_total", "Wrong passwords, links and tokens, "
            "and tries too many.",
            services.authenticator.refused if services.authenticator else 0)
        if services.archive:
            yield events(services.archive.store.begun(), services.feeds)
            yield from kept(services.archive.status())


def by_camera(figure: Figure, cameras: Iterable[CameraStatus]) -> Metric:
    """Return *figure* of each of the *cameras* for which it is known."""
    kind = (CounterMetricFamily if figure.name.endswith("_total")
            else GaugeMetricFamily)
    family = kind(f"surveillance_{figure.name}", figure.help, labels=["camera"])
    for camera in cameras:
        value = figure.of(camera)
        if value is not None:
            family.add_metric([camera.name], float(value))
    return family


def dropped(cameras: Iterable[CameraStatus]) -> Metric:
    """Return how many frames were not looked at, and why."""
    family = CounterMetricFamily(
        "surveillance_frames_dropped_total", "Frames that were not looked at: late = "
        "a newer one had come, garbled = no picture, unwanted = over --fps.",
        labels=["camera", "reason"])
    for camera in cameras:
        for reason, count in (("late", camera.skipped), ("garbled", camera.garbled),
                              ("unwanted", camera.left_out)):
            family.add_metric([camera.name, reason], count)
    return family


def spent(name: str, what: str, by_name: Mapping[str, tuple[int, float]]) -> Metric:
    """Return how often something was done for each camera, and the seconds it took."""
    family = SummaryMetricFamily(
        f"surveillance_{name}_seconds", f"Time spent on {what}.", labels=["camera"])
    for camera, (times, seconds) in by_name.items():
        family.add_metric([camera], times, seconds)
    return family


def events(begun: Mapping[tuple[str, str], int], cameras: Iterable[str]) -> Metric:
    """Return how many events began; also none, or the first would not show as one."""
    counts = {**{(camera, kind): 0 for camera in cameras for kind in OF_CAMERAS},
              **{("", kind): 0 for kind in OF_ALL}, **begun}
    family = CounterMetricFamily("surveillance_events_total", "Events that began.",
                                 labels=["camera", "kind"])
    for labels, count in counts.items():
        family.add_metric(labels, count)
    return family


def kept(archive: ArchiveStatus) -> Iterator[Metric]:
    """Yield what is kept, and what may be."""
    for name, help, value in (
            ("clips_bytes", "Space that clips and stills take.", archive.used),
            ("clips_limit_bytes", "Space that they may take.", archive.cap),
            ("disk_free_bytes", "Space that is free on their disk.", archive.free),
            ("storage_up", "Whether all can be kept.", not archive.trouble),
            ("armed", "Whether motion makes events.", archive.armed)):
        yield GaugeMetricFamily(f"surveillance_{name}", help, float(value))

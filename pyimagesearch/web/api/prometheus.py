"""Metrics for Prometheus, read from the status that the program keeps anyway."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, cast

import prometheus_client as prometheus
from prometheus_client import core
from prometheus_client.registry import Collector

from pyimagesearch import __version__
from pyimagesearch.events import event
from pyimagesearch.status import ArchiveStatus, CameraStatus
from pyimagesearch.web.services import Services

CAMERA_KINDS = (event.MOTION, event.MANUAL, event.SNAPSHOT, event.LOST, event.RETURNED)
SERVER_KINDS = (event.ARMED, event.DISARMED, event.SWITCHED_OFF, event.SWITCHED_ON,
                event.LOGIN_REFUSED)
DROPPED = ("Frames not processed: late = a newer one had arrived, "
           "garbled = not decodable, unwanted = above --fps.")
COUNTER, GAUGE, SUMMARY = (
    core.CounterMetricFamily, core.GaugeMetricFamily, core.SummaryMetricFamily)

Source = TypeVar("Source")


class Row(NamedTuple, Generic[Source]):
    """A metric, and how to read its value; ``None`` = unknown."""

    name: str
    help: str
    type: Any
    read: Callable[[Source], Any]


CAMERA_METRICS: tuple[Row[CameraStatus], ...] = (
    Row("camera_up", "Whether the camera delivers frames.", GAUGE,
        lambda of: of.is_live),
    Row("frame_age_seconds", "Age of the last good frame.", GAUGE, lambda of: of.age),
    Row("input_fps", "Frames per second from the camera.", GAUGE, lambda of: of.fps_in),
    Row("output_fps", "Frames per second processed.", GAUGE, lambda of: of.fps),
    Row("frames_received_total", "Frames from the camera.", COUNTER,
        lambda of: of.given),
    Row("frames_processed_total", "Frames processed.", COUNTER, lambda of: of.frames),
    Row("signal_losses_total", "Losses of signal.", COUNTER, lambda of: of.losses),
    Row("stuck_reads", "Threads that wait for a frozen camera.", GAUGE,
        lambda of: of.stuck_reads),
    Row("viewers", "Open streams of this camera.", GAUGE, lambda of: of.viewers),
    Row("recording", "Whether a clip is being written.", GAUGE,
        lambda of: of.recording),
    Row("recordings_total", "Recordings begun.", COUNTER, lambda of: of.recordings),
    Row("detect_seconds", "Time spent detecting motion in a frame.", SUMMARY,
        lambda of: (of.frames, of.detect_seconds)),
    Row("encode_seconds", "Time spent encoding a frame as JPEG.", SUMMARY,
        lambda of: (of.encoded, of.encode_seconds)))
SERVER_METRICS: tuple[Row[Services], ...] = (
    Row("mosaic_viewers", "Open streams of all cameras in one picture.", GAUGE,
        lambda of: of.mosaic.broadcaster.viewers if of.mosaic else 0),
    Row("logins_refused_total", "Failed and throttled logins.", COUNTER,
        lambda of: of.authenticator.refused_logins.total))
ARCHIVE_METRICS: tuple[Row[ArchiveStatus], ...] = (
    Row("clips_bytes", "Disk space used by clips and stills.", GAUGE,
        lambda of: of.used),
    Row("clips_limit_bytes", "Disk space that they may use.", GAUGE, lambda of: of.cap),
    Row("disk_free_bytes", "Free space on their disk.", GAUGE, lambda of: of.free),
    Row("storage_up", "Whether clips and events can be written.", GAUGE,
        lambda of: not of.trouble),
    Row("armed", "Whether motion starts events.", GAUGE, lambda of: of.armed))


def render_metrics(services: Services) -> tuple[bytes, str]:
    """Return all metrics in Prometheus' text format, and its content type."""
    registry = prometheus.CollectorRegistry()
    registry.register(StatusCollector(services))
    prometheus.ProcessCollector(registry=registry)
    return prometheus.generate_latest(registry), prometheus.CONTENT_TYPE_PLAIN_0_0_4


class StatusCollector(Collector):
    """Report the status of all *services* at one moment; count nothing itself."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[core.Metric]:
        """Yield each metric with all its values."""
        services = self._services
        cameras = [feed.status() for feed in services.feeds.values()]
        yield core.InfoMetricFamily("surveillance_build", "Version of the program.",
                                    {"version": __version__})
        for name, help, kind, read in CAMERA_METRICS:
            yield family(name, help, kind,
                         {(each.name,): read(each) for each in cameras}, "camera")
        yield family("frames_dropped_total", DROPPED, COUNTER, {
            (each.name, reason): count for each in cameras for reason, count in (
                ("late", each.skipped), ("garbled", each.garbled),
                ("unwanted", each.left_out))}, "camera", "reason")
        yield from (family(*row[:3], {(): row.read(services)})
                    for row in SERVER_METRICS)
        if services.archive is None:
            return
        counts = {      # zeros too, or rate() would miss the first event of a kind
            **{(name, each): 0 for name in services.feeds for each in CAMERA_KINDS},
            **{("", each): 0 for each in SERVER_KINDS},
            **services.archive.store.begun()}
        yield family("events_total", "Events begun.", COUNTER, counts, "camera", "kind")
        archive = services.archive.status()
        yield from (family(*row[:3], {(): row.read(archive)})
                    for row in ARCHIVE_METRICS)


def family(name: str, help: str, kind: Any, values: Mapping[Any, Any],
           *labels: str) -> core.Metric:
    """Return a metric with the *values* that are known, by those of its *labels*."""
    made = kind(f"surveillance_{name}", help, labels=labels)
    for key, value in values.items():
        if value is not None:
            made.add_metric(key, *(value if isinstance(value, tuple) else (value,)))
    return cast(core.Metric, made)

"""Metrics for Prometheus, read from the status that the program keeps anyway."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

import prometheus_client as prometheus
from prometheus_client import core
from prometheus_client.registry import Collector

from pyimagesearch import __version__
from pyimagesearch.events import event
from pyimagesearch.notifications.channel import ChannelStatus
from pyimagesearch.object_detection.object_groups import GROUPS
from pyimagesearch.status import ObjectsStatus
from pyimagesearch.web.services import Services

CAMERA_KINDS = (event.MOTION, event.MANUAL, event.SNAPSHOT, *event.SCENE_KINDS,
                event.LOST, event.RETURNED, event.UNSTEADY)
SERVER_KINDS = (event.ARMED, event.DISARMED, event.SWITCHED_OFF, event.SWITCHED_ON,
                event.LOGIN_REFUSED)
COUNTER, GAUGE, SUMMARY = (
    core.CounterMetricFamily, core.GaugeMetricFamily, core.SummaryMetricFamily)

# name, help, type, attributes of CameraStatus; a summary has a count and seconds
CAMERA_METRICS: tuple[tuple[str, str, Any, *tuple[str, ...]], ...] = (
    ("camera_up", "Whether the camera delivers frames.", GAUGE, "is_live"),
    ("frame_age_seconds", "Age of the last good frame.", GAUGE, "age"),
    ("input_fps", "Frames per second from the camera.", GAUGE, "fps_in"),
    ("output_fps", "Frames per second processed.", GAUGE, "fps"),
    ("frames_received_total", "Frames from the camera.", COUNTER, "given"),
    ("frames_processed_total", "Frames processed.", COUNTER, "frames"),
    ("signal_losses_total", "Losses of signal.", COUNTER, "losses"),
    ("reconnects_total", "Connections that ended and were back in time.", COUNTER,
     "reconnects"),
    ("failed_polls_total", "Requests for a single picture that failed.", COUNTER,
     "failed_polls"),
    ("stuck_reads", "Threads that wait for a frozen camera.", GAUGE, "stuck_reads"),
    ("viewers", "Open streams of this camera.", GAUGE, "viewers"),
    ("video_viewers", "Open streams of this camera as H.264 video.", GAUGE,
     "video_viewers"),
    ("recording", "Whether a clip is being written.", GAUGE, "recording"),
    ("recordings_total", "Recordings begun.", COUNTER, "recordings"),
    ("detect_seconds", "Time spent detecting motion in a frame.", SUMMARY,
     "looks", "detect_seconds"),
    ("detect_fps", "Frames per second that detection looks at.", GAUGE, "detect_fps"),
    ("busy_ratio", "Share of the time that the frames need; 1 is all there is.", GAUGE,
     "busy"),
    ("shedding", "Whether less is done, as the machine cannot keep up.", GAUGE,
     "shedding"),
    ("encode_seconds", "Time spent encoding a frame as JPEG.", SUMMARY,
     "encoded", "encode_seconds"),
    ("video_encode_seconds", "Time spent encoding a frame as live H.264 video.",
     SUMMARY, "video_encoded", "video_encode_seconds"),
)
CHANNEL_METRICS: tuple[tuple[str, str, Any, Callable[[ChannelStatus], float]], ...] = (
    ("alerts_delivered_total", "Alerts delivered.", COUNTER, attrgetter("delivered")),
    ("alerts_failed_total", "Attempts to deliver an alert that failed.", COUNTER,
     attrgetter("failed")),
    ("alerts_up", "Whether the channel has no trouble and is open.", GAUGE,
     lambda channel: not (channel.trouble or channel.closed)),
)
DROP_REASONS = {"late": "skipped", "garbled": "garbled", "unwanted": "left_out"}


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
        services, archive = self._services, self._services.archive
        mosaic = services.overview
        yield core.InfoMetricFamily("surveillance_build", "Version of the program.",
                                    {"version": __version__})
        yield from self._of_cameras()
        yield metric("mosaic_viewers", "Open streams of all cameras in one picture.",
                     GAUGE, mosaic.broadcaster.viewers if mosaic else 0)
        yield metric("mosaic_video_viewers", "Open streams of it as H.264 video.",
                     GAUGE, mosaic.videos.viewers if mosaic else 0)
        yield metric("logins_refused_total", "Failed and throttled logins.", COUNTER,
                     services.authenticator.refused_logins.total)
        if memory := services.camera_memory:
            yield metric("camera_memory_bytes", "Memory of the cameras' pictures.",
                         GAUGE, memory.used)
            yield metric("camera_memory_limit_bytes", "Memory that they may take.",
                         GAUGE, memory.total)
        if services.objects:
            yield from of_objects(services.objects())
        if services.alerts:
            yield from of_channels(services.alerts.statuses())
        if archive is None:
            return
        counts = {      # zeros too, or rate() would miss the first event of a kind
            **{(name, kind): 0 for name in services.feeds for kind in CAMERA_KINDS},
            **{("", kind): 0 for kind in SERVER_KINDS}, **archive.store.counts.begun()}
        yield metric("events_total", "Events begun.", COUNTER, counts, "camera", "kind")
        recognised = {**dict.fromkeys(itertools.product(services.feeds, GROUPS), 0),
                      **archive.store.counts.recognised()}
        yield metric("events_with_object_total", "Events in which it was recognised.",
                     COUNTER, recognised, "camera", "object")
        kept = archive.status()
        yield metric("clips_bytes", "Disk space of clips and stills.", GAUGE, kept.used)
        yield metric("clips_limit_bytes", "Disk space that they may use.", GAUGE,
                     kept.cap)
        deleted = {("room",): kept.deleted_for_room, ("age",): kept.deleted_by_age}
        yield metric("files_deleted_total", "Clips and pictures deleted by retention.",
                     COUNTER, deleted, "reason")
        yield metric("disk_free_bytes", "Free space on their disk.", GAUGE, kept.free)
        yield metric("storage_up", "Whether clips and events can be written.", GAUGE,
                     not kept.trouble)
        yield metric("armed", "Whether the mode is not off.", GAUGE, services.armed)
        if arming := services.arming:
            armed = {(name,): arming.camera(name).armed for name in services.feeds}
            yield metric("camera_armed", "Whether motion starts events.", GAUGE, armed,
                         "camera")

    def _of_cameras(self) -> Iterator[core.Metric]:
        cameras = {name: feed.status() for name, feed in self._services.feeds.items()}
        for name, help, kind, *attributes in CAMERA_METRICS:
            read = attrgetter(*attributes)
            values = {(camera,): read(status) for camera, status in cameras.items()}
            yield metric(name, help, kind, values, "camera")
        yield metric("frames_dropped_total", "Frames not processed: late = a newer one "
                     "had arrived, garbled = not decodable, unwanted = above --fps.",
                     COUNTER, {(camera, reason): getattr(status, attribute)
                               for camera, status in cameras.items()
                               for reason, attribute in DROP_REASONS.items()},
                     "camera", "reason")
        yield metric("stage_seconds_total", "CPU time by stage: receive, decode, "
                     "detect, draw, encode = as JPEG, video = as live H.264, send, "
                     "record.", COUNTER,
                     {(camera, stage): seconds for camera, status in cameras.items()
                      for stage, seconds in status.stage_seconds.items()},
                     "camera", "stage")


def of_objects(objects: ObjectsStatus) -> Iterator[core.Metric]:
    """Yield the metrics of looks for *objects*; none if they are off."""
    if objects.model:
        yield metric("objects_up", "Whether looks for objects succeed.", GAUGE,
                     not objects.trouble)
        yield metric("object_look_seconds", "Time spent on a look for objects.",
                     SUMMARY, (objects.looks, objects.seconds))
        yield metric("object_looks_failed_total", "Looks for objects that failed.",
                     COUNTER, objects.failed)


def of_channels(channels: Sequence[ChannelStatus]) -> Iterator[core.Metric]:
    """Yield the metrics of the *channels* of alerts."""
    for name, help, kind, read in CHANNEL_METRICS:
        yield metric(name, help, kind, {(each.name,): read(each) for each in channels},
                     "channel")


def metric(name: str, help: str, kind: Any, values: Any, *labels: str) -> core.Metric:
    """
    Return a metric with its *values* by those of its *labels*; ``None`` is left out.

    Without labels, *values* is the only value.
    """
    made = kind(f"surveillance_{name}", help, labels=labels)
    for key, value in (values if isinstance(values, Mapping) else {(): values}).items():
        if value is not None:
            made.add_metric(key, *(value if isinstance(value, tuple) else (value,)))
    return cast(core.Metric, made)

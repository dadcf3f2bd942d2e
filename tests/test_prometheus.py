"""The metrics for Prometheus, and the Grafana dashboard that uses them."""

import json
import re
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness import ROOT, ManualClock, eventually, open_access
from protected import ProtectedApp
from pyimagesearch.capture import MemoryBudget
from pyimagesearch.events.event import ARMED, LOST, MOTION, Event, Sighting
from pyimagesearch.status import NO_SIGNAL, ObjectsStatus
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS, SampleArchive
from test_alerts_api import BROKEN, WORKS, Channels

BUSY = replace(
    STATUS, fps_in=30.0, age=0.25, given=100, frames=70, skipped=20, garbled=6, left_out=4,
    losses=2, reconnects=5, failed_polls=8, viewers=3, encoded=50, encode_seconds=0.5, detect_seconds=0.7, looks=35, detect_fps=9.5, busy=0.9, shedding=True,
    recording=True,
    recordings=9, stage_seconds={"decode": 1.25, "detect": 0.7})
OBJECTS = ObjectsStatus(model="yolox_nano.onnx", looks=40, seconds=0.8, failed=2)
DASHBOARD = json.loads((ROOT / "deploy" / "grafana.json").read_text())


def families(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def values(text):
    """Return each value by its name and labels, as ``name{label=value}``."""
    found = {}
    for family in families(text).values():
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = SampleArchive(tmp_path_factory.mktemp("data"))
    yield archive
    archive.close()


@pytest.fixture(scope="module")
def exported(archive):
    """The metrics of a server with two cameras and an archive."""
    lost = replace(STATUS, name="yard", state=NO_SIGNAL, age=None)
    feeds = {"front": Feed(LatestFrameBroadcaster(), lambda: replace(BUSY, name="front")),
             "yard": Feed(LatestFrameBroadcaster(), lambda: lost)}
    for number, (camera, kind) in enumerate([("front", MOTION), ("front", MOTION),
                                             ("yard", LOST), ("", ARMED)], 1):
        archive.store.begin(Event(id=number, camera=camera, kind=kind, begin=1.0, end=2.0))
    archive.store.sight(1, Sighting("animal", "dog", 0.9, 1.5, (1, 2, 3, 4)))
    archive.store.adopt(Event(id=9, camera="front", kind=MOTION, begin=1.0, end=2.0))
    assert archive.store.flush(60)
    mosaic = Mosaic(list(feeds), LatestFrameBroadcaster(), 70, ManualClock())
    archive.watch(*feeds)
    services = Services(feeds, open_access(), mosaic=mosaic, archive=archive,
                        arming=archive.arming, camera_memory=MemoryBudget(10**9),
                        alerts=Channels(WORKS, BROKEN), objects=lambda: OBJECTS)
    services.camera_memory.claim("front", 5_000_000)
    answer = create_app(services).test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return answer.text


@pytest.mark.parametrize(("name", "value"), [
    ("surveillance_camera_up{camera=front}", 1),
    ("surveillance_camera_up{camera=yard}", 0),
    ("surveillance_input_fps{camera=front}", 30), ("surveillance_output_fps{camera=front}", 29.97),
    ("surveillance_frames_received_total{camera=front}", 100),
    ("surveillance_frames_processed_total{camera=front}", 70),
    ("surveillance_frames_dropped_total{camera=front,reason=late}", 20),
    ("surveillance_frames_dropped_total{camera=front,reason=garbled}", 6),
    ("surveillance_frames_dropped_total{camera=front,reason=unwanted}", 4),
    ("surveillance_frame_age_seconds{camera=front}", 0.25),
    ("surveillance_viewers{camera=front}", 3), ("surveillance_mosaic_viewers{}", 0),
    ("surveillance_encode_seconds_sum{camera=front}", 0.5),
    ("surveillance_encode_seconds_count{camera=front}", 50),
    ("surveillance_detect_seconds_sum{camera=front}", 0.7),
    ("surveillance_detect_seconds_count{camera=front}", 35),
    ("surveillance_detect_fps{camera=front}", 9.5),
    ("surveillance_busy_ratio{camera=front}", 0.9),
    ("surveillance_stage_seconds_total{camera=front,stage=decode}", 1.25),
    ("surveillance_shedding{camera=front}", 1),
    ("surveillance_events_total{camera=front,kind=motion}", 2),
    ("surveillance_events_total{camera=yard,kind=lost}", 1),
    ("surveillance_events_total{camera=yard,kind=motion}", 0),
    ("surveillance_events_total{camera=,kind=armed}", 1),
    ("surveillance_events_with_object_total{camera=front,object=animal}", 1),
    ("surveillance_events_with_object_total{camera=yard,object=person}", 0),
    ("surveillance_recordings_total{camera=front}", 9),
    ("surveillance_recording{camera=front}", 1),
    ("surveillance_signal_losses_total{camera=front}", 2),
    ("surveillance_reconnects_total{camera=front}", 5),
    ("surveillance_failed_polls_total{camera=front}", 8),
    ("surveillance_logins_refused_total{}", 0),
    ("surveillance_camera_memory_bytes{}", 5_000_000),
    ("surveillance_camera_memory_limit_bytes{}", 10**9),
    ("surveillance_objects_up{}", 1), ("surveillance_object_looks_failed_total{}", 2),
    ("surveillance_object_look_seconds_sum{}", 0.8),
    ("surveillance_object_look_seconds_count{}", 40),
    ("surveillance_alerts_delivered_total{channel=ntfy ntfy.sh}", 3),
    ("surveillance_alerts_failed_total{channel=webhook nas.lan}", 2),
    ("surveillance_alerts_up{channel=ntfy ntfy.sh}", 1),
    ("surveillance_alerts_up{channel=webhook nas.lan}", 0),
    ("surveillance_clips_bytes{}", 4_210_000_000),
    ("surveillance_clips_limit_bytes{}", 120 * 10**9),
    ("surveillance_disk_free_bytes{}", 300 * 10**9),
    ("surveillance_storage_up{}", 1), ("surveillance_armed{}", 1),
    ("surveillance_camera_armed{camera=yard}", 1)])
def test_every_metric_has_its_value(exported, name, value):
    assert values(exported)[name] == value


def test_unknown_values_are_left_out(exported):
    assert "surveillance_frame_age_seconds{camera=yard}" not in values(exported)
    assert values(exported)["process_resident_memory_bytes{}"] > 1e6


@pytest.mark.parametrize(("objects", "up"), [
    (OBJECTS, 1), (replace(OBJECTS, trouble="no memory"), 0),
    (ObjectsStatus(model="", off_reason="no model was fetched"), None)])
def test_objects_are_up_while_looks_succeed(broadcaster, objects, up):
    services = Services({"front": Feed(broadcaster, lambda: STATUS)}, open_access(),
                        objects=lambda: objects)
    found = values(create_app(services).test_client().get("/metrics").text)
    assert found.get("surveillance_objects_up{}") == up


def test_names_follow_the_prometheus_conventions(exported):
    for family in families(exported).values():
        assert re.fullmatch(r"(surveillance|process)_[a-z_]+", family.name)
        assert len(family.documentation) > 10
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
            assert set(sample.labels) <= {"camera", "kind", "reason", "version", "channel",
                                          "object", "stage"}
        assert not re.search(r"_(ms|milliseconds|kb|mb|count)$", family.name)


def test_metrics_need_a_login_and_count_refused_ones(tmp_path):
    protected = ProtectedApp(tmp_path)
    client = protected.client()
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    refused = client.get("/metrics")
    assert refused.status_code == 401
    assert "surveillance_" not in refused.text
    metrics = values(client.get("/metrics", headers=protected.bearer("viewer")).text)
    assert metrics["surveillance_logins_refused_total{}"] == 1


def test_running_program_updates_its_metrics(start, watch):
    product = start("--source", "front=demo:320x240@10", "--fps", "3")
    viewer = watch(product.port)
    viewer.part()

    def all_counted():
        """Return the metrics once each has counted something."""
        found = values(product.get("/metrics").decode())
        return (found["surveillance_encode_seconds_count{camera=front}"] > 3
                and found["surveillance_frames_dropped_total{camera=front,reason=unwanted}"]
                and found)

    found = eventually(all_counted)
    assert found["surveillance_encode_seconds_sum{camera=front}"] > 0
    assert found["surveillance_detect_seconds_sum{camera=front}"] > 0
    assert found["surveillance_frames_received_total{camera=front}"] >= (
        found["surveillance_frames_processed_total{camera=front}"])
    assert found["surveillance_viewers{camera=front}"] == 1
    for stage in ("receive", "detect", "draw", "encode", "send"):
        assert found[f"surveillance_stage_seconds_total{{camera=front,stage={stage}}}"] > 0
    assert json.loads(product.get("/readyz")) == {"status": "ready"}


# --- dashboard


def test_dashboard_uses_exactly_the_metrics_there_are(exported):
    queries = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    queries += [each["definition"] for each in DASHBOARD["templating"]["list"]
              if "definition" in each]
    metrics = {sample.name: set(sample.labels) for family in families(exported).values()
            for sample in family.samples}
    for text in queries:
        for name, labels in re.findall(r"\b((?:surveillance|process)_\w+)(?:\{(.*?)\})?", text):
            assert name in metrics, text
            assert set(re.findall(r"(\w+)=~", labels)) <= metrics[name], text
    named = set(re.findall(r"\bsurveillance_\w+", " ".join(queries)))
    families_named = {re.sub(r"_(sum|count)$", "", name) for name in named}
    left = {re.sub(r"_(sum|count)$", "", name) for name in metrics if name[0] == "s"}
    assert left - families_named == {"surveillance_input_fps", "surveillance_output_fps"}


def test_dashboard_is_valid_for_grafana():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    assert DASHBOARD["schemaVersion"] == 39     # of Grafana 10.3 and later
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    seen = set()
    for panel in DASHBOARD["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["type"] in {"stat", "timeseries"}
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & seen
        seen |= cells
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references) > 0

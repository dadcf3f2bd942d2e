"""The ZIP file of exported events."""

import datetime
import io
import json
import re
import subprocess
import sys
import zipfile
from urllib.parse import urlencode

from harness import eventually, needs
from pyimagesearch.events.event import CLIP, GONE, MOTION, Event, KeptFile
from pyimagesearch.events.explanation import BEGIN, ExplainedRegion, Explanation
from pyimagesearch.web.events.export import Export
from pyimagesearch.web.events.files import CHUNK_BYTES
from sample_archive import MEDIA, NOON, sightings
from sample_server import FORM


def export(client, *ids):
    answer = client.post("/events/export", data={"ids": [str(each) for each in ids]})
    assert answer.status_code == 200, answer.data
    return zipfile.ZipFile(io.BytesIO(answer.data)), answer


def test_export_contains_files_manifest_and_checksums(client, sample, tmp_path):
    sample.add(sample.recorded(1, clips=2), sample.recorded(2, NOON + 60, "yard", note="a fox"),
               sample.recorded(3, NOON + 90))
    exported, answer = export(client, 2, 1)
    names = exported.namelist()
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="evidence_2026-11-20_12-00-00.zip"')
    assert names == ["front_2026-11-20_12-00-00.jpg", "front_2026-11-20_12-00-00.mp4",
                     "front_2026-11-20_12-00-06.mp4", "yard_2026-11-20_12-01-00.jpg",
                     "yard_2026-11-20_12-01-00.mp4", "manifest.json", "SHA256SUMS"]
    exported.extractall(tmp_path / "out")
    check = subprocess.run([needs("sha256sum", "coreutils"), "--check", "--strict", "SHA256SUMS"],
                           cwd=tmp_path / "out", capture_output=True, text=True)
    assert check.returncode == 0, check
    assert check.stdout.count(": OK") == 6
    manifest = json.loads(exported.read("manifest.json"))
    first, second = manifest["events"]
    assert (first["id"], second["id"], second["note"]) == (1, 2, "a fox")
    assert second["begin"]["epoch"] == NOON + 60
    assert datetime.datetime.fromisoformat(second["begin"]["utc"]).timestamp() == NOON + 60
    assert datetime.datetime.fromisoformat(second["begin"]["local"]).timestamp() == NOON + 60
    assert {entry["file"] for entry in first["files"]} == set(names[:3])
    assert re.fullmatch(r"[0-9a-f]{64}", first["files"][0]["sha256"])
    assert manifest["version"]


def test_export_says_why_and_which_are_false_alarms(client, sample):
    sample.add(sample.recorded(1), sample.recorded(2, NOON + 60, not_event=True))
    region = ExplainedRegion((1, 2, 31, 42), 1200, True, "has travelled far enough")
    sample.store.explain(1, Explanation(
        moment=BEGIN, at=NOON + 1, size=(400, 300), area=10.0, min_area=1.0, fps=10.0,
        settings={"detector": "single"}, regions=(region,)), b"a mask")
    assert sample.store.flush(60)
    first, second = json.loads(export(client, 1, 2)[0].read("manifest.json"))["events"]
    assert (first["not_event"], second["not_event"]) == (False, True)
    (why,) = first["explanations"]
    assert why["regions"][0]["sentence"] == (
        "A region of 1 % of the picture counted because it has travelled far enough.")
    assert (why["settings"], second["explanations"]) == ({"detector": "single"}, [])


def test_export_says_what_was_recognised_and_when(client, sample):
    sample.add(sample.recorded(1, sightings=sightings(NOON, "dog")), sample.recorded(2, NOON + 60))
    first, second = json.loads(export(client, 1, 2)[0].read("manifest.json"))["events"]
    assert (first["names"], second["names"], second["sightings"]) == (["animal"], [], [])
    (sighting,) = first["sightings"]
    assert (sighting["label"], sighting["score"], sighting["at"]["epoch"]) == ("dog", 0.93, NOON + 3)


def test_export_is_a_valid_zip_file(client, sample, tmp_path):
    sample.add(sample.recorded(1))
    (tmp_path / "out.zip").write_bytes(export(client, 1)[1].data)
    tested = subprocess.run([sys.executable, "-m", "zipfile", "-t", tmp_path / "out.zip"],
                            capture_output=True, text=True)
    assert tested.stdout == "Done testing\n"


def test_export_lists_missing_files(client, sample):
    (event, _) = sample.add(sample.recorded(1), Event(
        id=2, camera="yard", kind=MOTION, begin=NOON, end=NOON,
        files=(KeptFile("yard/gone.mp4", CLIP, NOON, NOON, 5, GONE),)))
    (sample.clips / event.clips[0].path).unlink()
    (sample.clips / event.picture.path).write_bytes(b"")
    exported, _ = export(client, 1, 2)
    assert exported.namelist() == ["manifest.json", "SHA256SUMS"]
    files = [entry for each in json.loads(exported.read("manifest.json"))["events"]
             for entry in each["files"]]
    assert [(entry["missing"], entry["file"]) for entry in files] == [
        ("empty, as a power cut left it", None), ("no longer in the clips folder", None),
        ("deleted to make room", None)]
    assert exported.read("SHA256SUMS").count(b"\n") == 1       # of the manifest


def test_export_survives_a_file_truncated_meanwhile(sample):
    (event,) = sample.add(sample.recorded(1))
    chunks = Export([event], sample.clips).chunks()
    sent = b"".join(next(chunks) for _ in range(2))
    with (sample.clips / event.clips[0].path).open("r+b") as file:
        file.truncate(300_000)
    exported = zipfile.ZipFile(io.BytesIO(sent + b"".join(chunks)))
    assert exported.testzip() is None
    (event,) = json.loads(exported.read("manifest.json"))["events"]
    assert [entry["missing"] for entry in event["files"] if entry["media"] == CLIP] == [
        "truncated while it was read"]


def test_export_never_holds_more_than_a_chunk(sample):
    (event,) = sample.add(sample.recorded(1))
    chunks = list(Export([event], sample.clips).chunks())
    assert len(chunks) >= len(MEDIA.mp4) // CHUNK_BYTES
    assert max(map(len, chunks)) < CHUNK_BYTES + 2000


def test_export_of_no_events_is_refused(client):
    assert client.post("/events/export").status_code == 400
    assert client.post("/events/export", data={"ids": "x"}).status_code == 400
    assert client.post("/events/export", data={"ids": "5"}).status_code == 404


def test_server_sends_an_export(sample_server):
    ids = urlencode([("ids", event["id"]) for event in sample_server.events()])
    status, _, content = sample_server.request("POST", "/events/export", ids, FORM)
    assert status == 200
    exported = zipfile.ZipFile(io.BytesIO(content))
    assert exported.testzip() is None
    assert len(exported.namelist()) > 30


def test_aborted_export_leaves_no_open_file(sample_server):
    ids = urlencode([("ids", event["id"]) for event in sample_server.events()])
    for _ in range(3):
        connection = sample_server.connect()
        connection.request("POST", "/events/export", ids, FORM)
        assert connection.getresponse().read(1000).startswith(b"PK")
        connection.close()
    eventually(lambda: not sample_server.open_files())

"""Events over HTTP: JSON, files with ranges, export and pages."""

import datetime
import http.client
import io
import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from harness import DEADLINE, ROOT, InBackground, eventually, needs, open_access
from pyimagesearch.events.event import (
    CLIP,
    COMPLETE,
    GONE,
    LOST,
    MOTION,
    OPEN,
    SNAPSHOT,
    UNFINISHED,
    Event,
    KeptFile,
)
from pyimagesearch.web.app import create_app
from pyimagesearch.web.events.export import Export
from pyimagesearch.web.events.files import CHUNK_BYTES
from pyimagesearch.web.services import Services
from sample_archive import FakeCamera, Media, SampleArchive, recorded_event, write

NOON = datetime.datetime(2026, 11, 20, 12).timestamp()
CONTENT, PICTURE = bytes(range(256)) * 4000, b"\xff\xd8 a thumbnail \xff\xd9"


@pytest.fixture
def archive(tmp_path):
    archive = SampleArchive(tmp_path)
    yield archive
    archive.close()


@pytest.fixture
def cameras(archive, broadcaster):
    return {name: FakeCamera(name, archive, broadcaster) for name in ("front", "yard")}


class Client(FlaskClient):
    """Read each response to its end and close it, as a server does."""

    def open(self, *request, **more):
        return super().open(*request, **{"buffered": True, **more})


def visit(services):
    app = create_app(services)
    app.test_client_class = Client
    return app.test_client()


@pytest.fixture
def client(archive, cameras):
    return visit(Services({name: camera.feed for name, camera in cameras.items()}, open_access(), archive=archive, arming=archive))


def add(archive, *events):
    for one in events:
        archive.store.begin(one)
    assert archive.store.flush(60)
    return events


def recorded(archive, number=1, begin=NOON, camera="front", clips=1, **fields):
    return recorded_event(archive.clips, camera, begin, Media(CONTENT, PICTURE), clips,
                          id=number, **fields)


# --- JSON

def test_event_as_json_is_complete(client, archive):
    add(archive, recorded(archive, 7, clips=2, note="a fox", peak_box=(1, 2, 3, 4)))
    found = client.get("/api/events/7").json
    assert (found["id"], found["camera"], found["kind"], found["note"]) == (
        7, "front", "motion", "a fox")
    assert (found["begin"], found["end"], found["peak_box"]) == (NOON, NOON + 12, [1, 2, 3, 4])
    assert found["thumbnail"] == "/events/7/thumbnail.jpg"
    assert [clip["url"] for clip in found["clips"]] == [
        "/events/7/clip.mp4", "/events/7/clip-2.mp4"]
    for url in (found["url"], found["thumbnail"], *(clip["url"] for clip in found["clips"])):
        assert client.get(url).status_code == 200


def test_cursor_leads_from_page_to_page(client, archive):
    add(archive, *(recorded(archive, number, NOON + number // 2) for number in range(1, 24)))
    found, query = [], "?limit=10"
    while True:
        page = client.get(f"/api/events{query}").json
        found += [each["id"] for each in page["events"]]
        if page["next"] is None:
            break
        query = f"?limit=10&before={page['next']}"
    assert found == list(range(23, 0, -1))


def test_filters_combine(client, archive):
    add(archive, recorded(archive, 1), recorded(archive, 2, camera="yard"),
        recorded(archive, 3, kind=LOST, begin=NOON + 1), recorded(archive, 4, NOON + 86400, starred=True))

    def ids(query):
        return [each["id"] for each in client.get(f"/api/events?{query}").json["events"]]
    assert ids("camera=front") == [4, 3, 1]
    assert ids("kind=lost") == [3]
    assert ids("day=2026-11-20") == [3, 2, 1]
    assert ids("starred=true") == [4]
    assert ids("camera=front&day=2026-11-20&kind=motion") == [1]
    assert ids("camera=&kind=&day=&starred=") == [4, 3, 2, 1]


@pytest.mark.parametrize(("query", "error"), [
    ("limit=0", "limit is '0', but must be a number from 1 to 200."),
    ("limit=x", "limit is 'x', but must be a number from 1 to 200."),
    ("day=tomorrow", "day is 'tomorrow', but must be a date such as 2026-11-20."),
    ("day=9999-12-31", "day is '9999-12-31', but must be in the years 1971 to 8999."),
    ("starred=maybe", "starred is 'maybe', but must be true or false."),
    ("before=1.5_1", "before is '1.5_1', but must be the value of \"next\" of the previous page."),
])
@pytest.mark.parametrize("path", ["/api/events", "/events"])
def test_error_names_the_parameter_and_what_is_allowed(client, path, query, error):
    answer = client.get(f"{path}?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json == {"error": error}


def test_event_without_a_clip_has_a_page(client, archive):
    add(archive, Event(id=7, camera="front", kind=MOTION, begin=NOON, end=NOON + 3))
    assert re.search(r'<a href="/events/7\b[^"]*">motion</a>', client.get("/events").text)


def test_starred_event_cannot_be_deleted(client, archive):
    add(archive, recorded(archive, 1))
    assert client.patch("/api/events/1", json={"starred": True}).json["starred"] is True
    refused = client.delete("/api/events/1")
    assert refused.status_code == 409
    assert refused.json == {"error": "Event 1 is starred; remove the star first."}
    assert client.post("/api/events/delete", json={"ids": [1]}).json["deleted"] == 0
    assert client.patch("/api/events/1", json={"starred": False}).json["starred"] is False
    assert client.delete("/api/events/1").json == {"deleted": 1, "undo": 10.0}
    assert client.get("/api/events/1").status_code == 404


def test_deleted_events_can_be_restored_for_ten_seconds(client, archive):
    add(archive, recorded(archive, 1, NOON + 60), recorded(archive, 2), recorded(archive, 3, NOON + 90))
    assert client.post("/api/events/delete", json={"ids": [1, 2, 9]}).json["deleted"] == 2
    assert [each["id"] for each in client.get("/api/events").json["events"]] == [3]
    assert client.get("/events/1/clip.mp4").status_code == 404
    assert client.post("/api/events/restore", json={"ids": [1]}).json == {"restored": 1}
    assert archive.store.erase(time.time() + 11) == [
        "front/2026-11-20/12-00-00.jpg", "front/2026-11-20/12-00-00.mp4"]
    assert client.post("/api/events/restore", json={"ids": [2]}).json == {"restored": 0}


def test_several_events_are_starred_at_once(client, archive):
    add(archive, recorded(archive, 1), recorded(archive, 2))
    assert client.post("/api/events/star", json={"ids": [1, 2, 3]}).json == {"changed": 2}
    assert client.post("/api/events/star", json={"ids": [1], "starred": False}).json == {
        "changed": 1}
    assert [each["id"] for each in
            client.get("/api/events?starred=1").json["events"]] == [2]


@pytest.mark.parametrize("body", [
    {}, {"ids": []}, {"ids": "1"}, {"ids": [None]}, {"ids": [1.5]}, {"ids": [-1]},
    {"ids": [True]}, {"ids": [1 << 64]}, {"ids": list(range(1001))}])
def test_invalid_ids_are_refused(client, body):
    answer = client.post("/api/events/delete", json=body)
    assert answer.status_code == 400
    assert answer.json["error"].startswith("ids is ")


@pytest.mark.parametrize(("data", "error"), [
    ("{", "The body is not valid JSON."), ("[]", 'The body must be a JSON object, such as {"status": true}.'),
    ("[" * 100_000, "The body is not valid JSON."),
    ("{}", "starred is None, but must be true or false.")])
def test_invalid_body_is_refused(client, archive, data, error):
    add(archive, recorded(archive, 1))
    answer = client.patch("/api/events/1", data=data, content_type="application/json")
    assert (answer.status_code, answer.json) == (400, {"error": error})


def test_unreadable_database_is_503(client, archive):
    archive.store._path = archive.clips / "none.db"
    answer = client.get("/api/events")
    assert answer.status_code == 503
    assert answer.json == {"error": "The events cannot be read now: "
                                    "unable to open database file."}


def test_server_without_archive_has_no_events(broadcaster, cameras):
    feed = cameras["front"].feed
    client = visit(Services({"front": feed}, open_access()))
    for path in ("/api/events", "/events", "/events/1/clip.mp4"):
        assert client.get(path).status_code == 404
    assert 'id="controls"' not in client.get("/").text


# --- files

def test_clip_is_sent_whole_or_in_ranges(client, archive):
    add(archive, recorded(archive, 1))
    whole = client.get("/events/1/clip.mp4")
    assert whole.data == CONTENT
    assert (whole.mimetype, whole.headers["Accept-Ranges"]) == ("video/mp4", "bytes")
    assert whole.headers["Cache-Control"] == "no-store"
    size = len(CONTENT)
    for ranges, first, last in (("0-0", 0, 0), ("0-1", 0, 1), ("300000-", 300_000, size - 1),
                               ("-100", size - 100, size - 1),
                               ("262143-262144", 262_143, 262_144),
                               (f"5-{size + 99}", 5, size - 1)):
        part = client.get("/events/1/clip.mp4", headers={"Range": f"bytes={ranges}"})
        assert part.status_code == 206
        assert part.data == CONTENT[first:last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.content_length == last - first + 1


def test_range_beyond_the_end_is_416(client, archive):
    add(archive, recorded(archive, 1))
    answer = client.get("/events/1/clip.mp4", headers={"Range": f"bytes={len(CONTENT)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("ranges", ["bytes=0-1,5-6", "bytes=x", "bytes=", "lines=1-2", "bytes=-"])
def test_invalid_range_gets_the_whole_file(client, archive, ranges):
    add(archive, recorded(archive, 1))
    answer = client.get("/events/1/clip.mp4", headers={"Range": ranges})
    assert (answer.status_code, answer.data) == (200, CONTENT)


def test_range_of_another_version_gets_the_whole_file(client, archive):
    add(archive, recorded(archive, 1))
    tag = client.get("/events/1/clip.mp4").headers["ETag"]
    for given, status in ((tag, 206), ('"another"', 200)):
        answer = client.get("/events/1/clip.mp4",
                            headers={"Range": "bytes=1-2", "If-Range": given})
        assert answer.status_code == status
    assert client.get("/events/1/clip.mp4",
                      headers={"If-None-Match": tag}).status_code == 304


def test_head_request_gets_the_size_only(client, archive):
    add(archive, recorded(archive, 1))
    answer = client.head("/events/1/clip.mp4")
    assert (answer.status_code, answer.content_length, answer.data) == (
        200, len(CONTENT), b"")


def test_download_names_sort_by_camera_and_time(client, archive):
    add(archive, recorded(archive, 1, clips=2))
    names = [client.get(f"/events/1/{file}?download=1").headers["Content-Disposition"]
             for file in ("clip.mp4", "clip-2.mp4", "thumbnail.jpg")]
    assert names == ['attachment; filename="front_2026-11-20_12-00-00.mp4"',
                     'attachment; filename="front_2026-11-20_12-00-06.mp4"',
                     'attachment; filename="front_2026-11-20_12-00-00.jpg"']
    assert "attachment" not in client.get("/events/1/clip.mp4").headers["Content-Disposition"]


@pytest.mark.parametrize("file", ["clip-3.mp4", "clip-0.mp4", "still.jpg", "x.mp4"])
def test_unknown_file_of_an_event_is_404(client, archive, file):
    add(archive, recorded(archive, 1, clips=2))
    assert client.get(f"/events/1/{file}").status_code == 404
    assert client.get(f"/events/99999999999999999999/{file}").status_code == 404


def test_missing_file_is_410_until_it_is_back(client, archive):
    (event,) = add(archive, recorded(archive, 1))
    (archive.clips / event.clips[0].path).unlink()
    answer = client.get("/events/1/clip.mp4", headers={"Accept": "video/*"})
    assert answer.status_code == 410
    assert answer.json == {"error": "This file is no longer in the clips folder."}
    assert archive.store.flush(60)
    assert client.get("/api/events/1").json["clips"][0]["state"] == "missing"
    (archive.clips / event.clips[0].path).write_bytes(b"it is back")
    assert client.get("/events/1/clip.mp4").data == b"it is back"


@pytest.mark.parametrize(("state", "status", "words"), [
    (OPEN, 404, "still being recorded"), (GONE, 410, "deleted to make room"),
    (UNFINISHED, 404, "cut off by a crash; it will be repaired")])
def test_unavailable_clip_gives_the_reason(client, archive, state, status, words):
    write(archive.clips / "a.mp4", CONTENT)
    add(archive, Event(id=1, camera="front", kind=MOTION, begin=NOON, end=None,
                    files=(KeptFile("a.mp4", CLIP, NOON, NOON, 5, state),)))
    answer = client.get("/events/1/clip.mp4", headers={"Accept": "video/*"})
    assert answer.status_code == status
    assert words in answer.json["error"]


def test_path_cannot_leave_the_clips_folder(client, archive, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (archive.clips / "link.mp4").symlink_to(tmp_path / "secret")
    (archive.clips / "way").symlink_to(tmp_path)
    for number, path in enumerate(("../secret", str(tmp_path / "secret"), "link.mp4",
                                   "way/secret", "", "."), 1):
        add(archive, Event(id=number, camera="front", kind=MOTION, begin=NOON, end=NOON,
                        files=(KeptFile(path, CLIP, NOON, NOON, 6, COMPLETE),)))
        answer = client.get(f"/events/{number}/clip.mp4")
        assert answer.status_code == 410, path
        assert b"secret" not in answer.data


# --- export

def export(client, *ids):
    answer = client.post("/events/export", data={"ids": [str(each) for each in ids]})
    assert answer.status_code == 200, answer.data
    return zipfile.ZipFile(io.BytesIO(answer.data)), answer


def test_export_contains_files_manifest_and_checksums(client, archive, tmp_path):
    add(archive, recorded(archive, 1, clips=2), recorded(archive, 2, NOON + 60, "yard", note="a fox"),
        recorded(archive, 3, NOON + 90))
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


def test_export_is_a_valid_zip_file(client, archive, tmp_path):
    add(archive, recorded(archive, 1))
    (tmp_path / "out.zip").write_bytes(export(client, 1)[1].data)
    tested = subprocess.run([sys.executable, "-m", "zipfile", "-t", tmp_path / "out.zip"],
                            capture_output=True, text=True)
    assert tested.stdout == "Done testing\n"


def test_export_lists_missing_files(client, archive):
    (event, _) = add(archive, recorded(archive, 1), Event(
        id=2, camera="yard", kind=MOTION, begin=NOON, end=NOON,
        files=(KeptFile("yard/gone.mp4", CLIP, NOON, NOON, 5, GONE),)))
    (archive.clips / event.clips[0].path).unlink()
    exported, _ = export(client, 1, 2)
    assert [name for name in exported.namelist() if name.endswith("mp4")] == []
    files = [entry for each in json.loads(exported.read("manifest.json"))["events"]
             for entry in each["files"]]
    assert [(entry["missing"], entry["file"]) for entry in files if entry["media"] == CLIP] == [
        ("no longer in the clips folder", None), ("deleted to make room", None)]
    assert exported.read("SHA256SUMS").count(b"\n") == 2       # of the thumbnail and of the manifest


def test_export_survives_a_file_truncated_meanwhile(archive):
    (event,) = add(archive, recorded(archive, 1))
    chunks = Export([event], archive.clips).chunks()
    sent = b"".join(next(chunks) for _ in range(2))
    with (archive.clips / event.clips[0].path).open("r+b") as file:
        file.truncate(300_000)
    exported = zipfile.ZipFile(io.BytesIO(sent + b"".join(chunks)))
    assert exported.testzip() is None
    (event,) = json.loads(exported.read("manifest.json"))["events"]
    assert [entry["missing"] for entry in event["files"] if entry["media"] == CLIP] == [
        "truncated while it was read"]


def test_export_never_holds_more_than_a_chunk(archive):
    (event,) = add(archive, recorded(archive, 1))
    chunks = list(Export([event], archive.clips).chunks())
    assert len(chunks) >= len(CONTENT) // CHUNK_BYTES
    assert max(map(len, chunks)) < CHUNK_BYTES + 2000


def test_export_of_no_events_is_refused(client):
    assert client.post("/events/export").status_code == 400
    assert client.post("/events/export", data={"ids": "x"}).status_code == 400
    assert client.post("/events/export", data={"ids": "5"}).status_code == 404


# --- controls

def publish_to_first_viewer(broadcaster):
    eventually(lambda: broadcaster.viewers)
    broadcaster.publish(b"\xff\xd8 still \xff\xd9", NOON)


@pytest.mark.parametrize("how", ["json", "data"])
@pytest.mark.parametrize(("on", "off"), [("true", "false"), (True, False)])
def test_starting_or_stopping_twice_is_no_error(client, cameras, how, on, off):
    for status, result in ((on, "started"), (on, "started"), (off, "stopped"), (off, "stopped")):
        answer = client.post("/record_status", **{how: {"status": status}})
        assert answer.json == {"result": result}
        assert client.get("/record_status").json["recording"] is (result == "started")
    assert client.get("/record_status").json["since"] is None


def test_one_camera_can_be_recorded_alone(client, cameras):
    client.post("/record_status", json={"status": True, "camera": "yard"})
    assert (cameras["front"].recording_since, cameras["yard"].recording_since is None) == (None, False)
    assert client.get("/record_status?camera=front").json["recording"] is False
    assert client.get("/record_status").json["since"] == cameras["yard"].recording_since
    unknown = client.post("/record_status", json={"status": True, "camera": "attic"},
                          headers={"Accept": "application/json"})
    assert unknown.status_code == 404
    assert "the cameras are: front, yard" in unknown.json["error"]


@pytest.mark.parametrize("body", [{}, {"status": "yes please"}, {"status": 1}, {"status": None}])
def test_invalid_record_status_is_refused(client, body):
    answer = client.post("/record_status", json=body, headers={"Accept": "*/*"})
    assert answer.status_code == 400
    assert "must be true or false." in answer.text


def test_still_is_saved_as_an_event(client, archive, broadcaster):
    InBackground(publish_to_first_viewer, broadcaster)
    still = client.post("/snapshot").json
    assert still["url"] == f"/events/{still['event']}"
    assert archive.store.flush(60)
    assert client.get(f"/api/events/{still['event']}").json["kind"] == SNAPSHOT
    assert f"/events/{still['event']}/still.jpg" in client.get(still["url"]).text
    for file in ("still.jpg", "thumbnail.jpg"):
        assert client.get(f"/events/{still['event']}/{file}").data == b"\xff\xd8 still \xff\xd9"


def test_still_without_a_new_frame_is_503(archive, cameras):
    client = visit(Services({"front": cameras["front"].feed}, open_access(), archive=archive, arming=archive, fresh_seconds=0.01))
    assert client.post("/snapshot").status_code == 503


def test_disarming_reaches_archive_and_status(client, archive):
    assert client.post("/api/armed", json={"armed": False}).json == {"armed": False}
    assert archive.armed is False
    assert client.get("/api/status").json["archive"]["armed"] is False
    assert client.post("/api/armed", json={}).status_code == 400


def test_log_says_who_changed_something(client, archive, broadcaster, caplog):
    add(archive, recorded(archive, 1), recorded(archive, 2, NOON + 60))
    InBackground(publish_to_first_viewer, broadcaster)
    with caplog.at_level("INFO", "pyimagesearch.web"):
        client.post("/record_status", json={"status": True})
        client.post("/record_status", json={"status": False, "camera": "yard"})
        still = client.post("/snapshot").json["event"]
        client.post("/api/armed", json={"armed": False})
        client.post("/api/events/star", json={"ids": [1, 2]})
        client.patch("/api/events/2", json={"starred": False})
        client.delete("/api/events/2")
        client.post("/api/events/restore", json={"ids": [2]})
        export(client, 1)
    assert caplog.messages == [f"{line} by owner from 127.0.0.1" for line in (
        "all cameras: manual recording started", "yard: manual recording stopped",
        f"front: still {still} saved", "disarmed", "2 events starred", "1 event unstarred",
        "1 event deleted", "1 event restored", "1 event exported")]


# --- pages

def test_list_works_without_javascript(client, archive):
    add(archive, recorded(archive, 1, time.time() - 90, starred=True),
        recorded(archive, 2, NOON - 86400 * 900, camera="<yard>"),
        Event(id=3, camera="front", kind=LOST, begin=NOON - 86400 * 900 + 9, end=None,
              note="it <b>broke</b>"))
    page = client.get("/events").text
    assert "<script>" not in page
    assert "style=" not in page
    assert 'src="/events/1/thumbnail.jpg" loading="lazy"' in page
    assert "&lt;yard&gt;" in page
    assert "it &lt;b&gt;broke&lt;/b&gt;" in page
    assert page.index('id="e3"') < page.index('id="e2"') < page.index('id="e1"')
    assert page.count("<section ") == 2
    single = client.get("/events/2?camera=%3Cyard%3E").text
    assert "<video" in single
    assert 'src="/events/2/clip.mp4"' in single
    assert 'rel="next"' not in single


def test_links_to_neighbours_keep_the_filters(client, archive):
    add(archive, recorded(archive, 1), recorded(archive, 2, NOON + 1, "yard"), recorded(archive, 3, NOON + 2))
    page = client.get("/events/3?camera=front").text
    assert 'rel="next" href="/events/1?camera=front"' in page
    assert 'rel="next" href="/events/2"' in client.get("/events/3").text
    assert 'rel="prev" href="/events/3"' in client.get("/events/2").text


def test_next_page_starts_where_the_list_ended(client, archive):
    add(archive, *(Event(id=number, camera="front", kind=MOTION, begin=NOON + number, end=NOON)
                for number in range(1, 61)))
    page = client.get("/events?camera=front").text
    (url,) = re.findall(r'id="more" [^>]*href="([^"]*)"', page)
    rest = client.get(url.replace("&amp;", "&")).text
    shown = [re.findall(r'id="e(\d+)"', each) for each in (page, rest)]
    assert [int(each) for each in shown[0] + shown[1]] == list(range(60, 0, -1))
    assert 'id="more"' not in rest


def test_chart_links_to_the_events_of_that_time(client, archive):
    add(archive, *(recorded(archive, hour, NOON + 3600 * hour + 60) for hour in range(1, 6)))
    archive.store.level("front", int(NOON // 60) + 61, 40.0)
    assert archive.store.flush(60)
    page = client.get("/events?day=2026-11-20").text
    assert "<path d=\"M780 100V" in page        # 13:00
    (url,) = re.findall(r'<a href="([^"]*)#list" aria-label="14:00 to 14:30: 1 event"', page)
    shown = client.get(url.replace("&amp;", "&")).text
    assert re.findall(r'id="e(\d)"', shown) == ["2", "1"]
    assert "back to the newest" in shown


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_chart_covers_23_or_25_hours_when_clocks_change(client, archive, day, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        last = datetime.datetime.fromisoformat(f"{day}T23:59:00").timestamp()
        add(archive, recorded(archive, 1, last))
        page = client.get(f"/events?day={day}").text
        width = {"2026-03-29": 23, "2026-10-25": 25}[day] * 60
        assert f'viewBox="0 0 {width}.0 112"' in page
        assert "23:30 to 00:00: 1 event" in page
    finally:
        monkeypatch.undo()
        time.tzset()


# --- over a real connection

@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The sample archive on the real server, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "tests/sample_archive.py", tmp_path_factory.mktemp("archive")], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), process.stderr.read()
        yield url
        process.stdin.write("stop\n")
        process.stdin.flush()
        log = process.communicate(timeout=DEADLINE)[1]
        assert process.returncode == 0
        assert "Traceback" not in log
    finally:
        process.kill()
        process.communicate()


def ask(served, method, path, headers=None, body=None):
    host, port = served.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_server_sends_ranges_and_an_export(served, tmp_path):
    events = json.loads(ask(served, "GET", "/api/events?limit=200")[2])["events"]
    clip = next(each["clips"][0] for each in events
                if each["clips"] and each["clips"][0]["state"] == COMPLETE)
    status, headers, whole = ask(served, "GET", clip["url"])
    assert (status, len(whole)) == (200, clip["bytes"])
    status, headers, part = ask(served, "GET", clip["url"], {"Range": "bytes=1000-300000"})
    assert (status, part) == (206, whole[1000:300_001])
    assert int(headers["Content-Length"]) == len(part)
    assert ask(served, "HEAD", clip["url"])[2] == b""
    ids = "&".join(f"ids={each['id']}" for each in events)
    status, headers, content = ask(served, "POST", "/events/export", {
        "Content-Type": "application/x-www-form-urlencoded"}, ids)
    assert status == 200
    exported = zipfile.ZipFile(io.BytesIO(content))
    assert exported.testzip() is None
    assert len(exported.namelist()) > 30


def test_server_answers_an_error_raised_in_a_thread(served):
    status, _, answer = ask(served, "GET", "/events/5/clip.mp4", {"Accept": "video/*"})
    assert (status, json.loads(answer)) == (
        404, {"error": "There is no event 5; it may have been deleted."})


def test_aborted_export_leaves_no_open_file(served, tmp_path_factory):
    events = json.loads(ask(served, "GET", "/api/events?limit=200")[2])["events"]
    ids = "&".join(f"ids={each['id']}" for each in events)
    host, port = served.removeprefix("http://").split(":")
    for _ in range(3):
        connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE)
        connection.request("POST", "/events/export", ids,
                           {"Content-Type": "application/x-www-form-urlencoded"})
        assert connection.getresponse().read(1000).startswith(b"PK")
        connection.close()
    (pid,) = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline")
              if b"tests/sample_archive.py" in readable(path)]
    eventually(lambda: not [link for link in Path(f"/proc/{pid}/fd").iterdir()
                            if str(readable_link(link)).endswith((".mp4", ".jpg"))])


def readable(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def readable_link(path):
    try:
        return path.readlink()
    except OSError:
        return ""

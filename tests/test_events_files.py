"""Files of events: ranges, names, missing files."""

import json

import cv2
import numpy as np
import pytest

from pyimagesearch.events.event import (
    BROKEN,
    CLIP,
    COMPLETE,
    GONE,
    MOTION,
    OPEN,
    THUMBNAIL,
    UNFINISHED,
    Event,
    KeptFile,
)
from sample_archive import MEDIA, NOON, save, write


def test_clip_is_sent_whole_or_in_ranges(client, sample):
    sample.add(sample.recorded(1))
    whole = client.get("/events/1/clip.mp4")
    assert whole.data == MEDIA.mp4
    assert (whole.mimetype, whole.headers["Accept-Ranges"]) == ("video/mp4", "bytes")
    assert whole.headers["Cache-Control"] == "no-store"
    size = len(MEDIA.mp4)
    for ranges, first, last in (("0-0", 0, 0), ("0-1", 0, 1), ("300000-", 300_000, size - 1),
                               ("-100", size - 100, size - 1),
                               ("262143-262144", 262_143, 262_144),
                               (f"5-{size + 99}", 5, size - 1)):
        part = client.get("/events/1/clip.mp4", headers={"Range": f"bytes={ranges}"})
        assert part.status_code == 206
        assert part.data == MEDIA.mp4[first:last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert part.content_length == last - first + 1


def test_range_beyond_the_end_is_416(client, sample):
    sample.add(sample.recorded(1))
    answer = client.get("/events/1/clip.mp4", headers={"Range": f"bytes={len(MEDIA.mp4)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(MEDIA.mp4)}"


@pytest.mark.parametrize("ranges", ["bytes=0-1,5-6", "bytes=x", "bytes=", "lines=1-2", "bytes=-"])
def test_invalid_range_gets_the_whole_file(client, sample, ranges):
    sample.add(sample.recorded(1))
    answer = client.get("/events/1/clip.mp4", headers={"Range": ranges})
    assert (answer.status_code, answer.data) == (200, MEDIA.mp4)


def test_range_of_another_version_gets_the_whole_file(client, sample):
    sample.add(sample.recorded(1))
    tag = client.get("/events/1/clip.mp4").headers["ETag"]
    for given, status in ((tag, 206), ('"another"', 200)):
        answer = client.get("/events/1/clip.mp4",
                            headers={"Range": "bytes=1-2", "If-Range": given})
        assert answer.status_code == status
    assert client.get("/events/1/clip.mp4",
                      headers={"If-None-Match": tag}).status_code == 304


def test_head_request_gets_the_size_only(client, sample):
    sample.add(sample.recorded(1))
    answer = client.head("/events/1/clip.mp4")
    assert (answer.status_code, answer.content_length, answer.data) == (
        200, len(MEDIA.mp4), b"")


def test_download_names_sort_by_camera_and_time(client, sample):
    sample.add(sample.recorded(1, clips=2))
    names = [client.get(f"/events/1/{file}?download=1").headers["Content-Disposition"]
             for file in ("clip.mp4", "clip-2.mp4", "thumbnail.jpg")]
    assert names == ['attachment; filename="front_2026-11-20_12-00-00.mp4"',
                     'attachment; filename="front_2026-11-20_12-00-06.mp4"',
                     'attachment; filename="front_2026-11-20_12-00-00.jpg"']
    assert "attachment" not in client.get("/events/1/clip.mp4").headers["Content-Disposition"]


@pytest.mark.parametrize("file", ["clip-3.mp4", "clip-0.mp4", "still.jpg", "x.mp4"])
def test_unknown_file_of_an_event_is_404(client, sample, file):
    sample.add(sample.recorded(1, clips=2))
    assert client.get(f"/events/1/{file}").status_code == 404
    assert client.get(f"/events/99999999999999999999/{file}").status_code == 404


def test_missing_file_is_410_until_it_is_back(client, sample):
    (event,) = sample.add(sample.recorded(1))
    (sample.clips / event.clips[0].path).unlink()
    answer = client.get("/events/1/clip.mp4", headers={"Accept": "video/*"})
    assert answer.status_code == 410
    assert answer.json == {"error": "This file is no longer in the clips folder."}
    assert sample.store.flush(60)
    assert client.get("/api/events/1").json["clips"][0]["state"] == "missing"
    (sample.clips / event.clips[0].path).write_bytes(MEDIA.mp4)     # it is back
    assert client.get("/events/1/clip.mp4").data == MEDIA.mp4


@pytest.mark.parametrize(("name", "left"), [
    ("clip.mp4", b""), ("clip.mp4", MEDIA.mp4[:-1]), ("thumbnail.jpg", b""),
    ("thumbnail.jpg", MEDIA.jpeg[:-1]), ("thumbnail.jpg", bytes(len(MEDIA.jpeg) + 1))])
def test_file_cut_off_by_a_power_cut_is_410(client, sample, name, left):
    (event,) = sample.add(sample.recorded(1))
    file = event.clips[0] if name == "clip.mp4" else event.picture
    (sample.clips / file.path).write_bytes(left)
    answer = client.get(f"/events/1/{name}", headers={"Accept": "*/*"})
    assert answer.status_code == 410
    assert answer.json == {"error": "This holds no picture that can be played."}
    assert sample.store.flush(60)
    with sample.store.reading() as reader:
        assert [row.file.path for row in reader.files(BROKEN)] == [file.path]


def test_thumbnail_that_was_just_replaced_is_sent(client, sample):
    (event,) = sample.add(sample.recorded(1))
    newer = MEDIA.jpeg[:3] + b" with more " + MEDIA.jpeg[3:] + bytes(3)
    (sample.clips / event.picture.path).write_bytes(newer)
    assert client.get("/events/1/thumbnail.jpg").data == newer


@pytest.mark.parametrize(("state", "status", "words"), [
    (OPEN, 404, "still being recorded"), (GONE, 410, "deleted to make room"),
    (UNFINISHED, 404, "could not be finished; the next start")])
def test_unavailable_clip_gives_the_reason(client, sample, state, status, words):
    write(sample.clips / "a.mp4", MEDIA.mp4)
    sample.add(Event(id=1, camera="front", kind=MOTION, begin=NOON, end=None,
                     files=(KeptFile("a.mp4", CLIP, NOON, NOON, 5, state),)))
    answer = client.get("/events/1/clip.mp4", headers={"Accept": "video/*"})
    assert answer.status_code == status
    assert words in answer.json["error"]


def test_path_cannot_leave_the_clips_folder(client, sample, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    (sample.clips / "link.mp4").symlink_to(tmp_path / "secret")
    (sample.clips / "way").symlink_to(tmp_path)
    for number, path in enumerate(("../secret", str(tmp_path / "secret"), "link.mp4",
                                   "way/secret", "", "."), 1):
        sample.add(Event(id=number, camera="front", kind=MOTION, begin=NOON, end=NOON,
                         files=(KeptFile(path, CLIP, NOON, NOON, 6, COMPLETE),)))
        answer = client.get(f"/events/{number}/clip.mp4")
        assert answer.status_code == 410, path
        assert b"secret" not in answer.data


def test_server_sends_ranges(sample_server):
    clip = next(clip for event in sample_server.events() for clip in event["clips"]
                if clip["state"] == COMPLETE)
    status, _, whole = sample_server.request("GET", clip["url"])
    assert (status, len(whole)) == (200, clip["bytes"])
    status, headers, part = sample_server.request(
        "GET", clip["url"], headers={"Range": "bytes=1000-300000"})
    assert (status, part) == (206, whole[1000:300_001])
    assert int(headers["Content-Length"]) == len(part)
    assert sample_server.request("HEAD", clip["url"])[2] == b""


def test_server_answers_an_error_raised_in_a_thread(sample_server):
    status, _, content = sample_server.request("GET", "/events/5/clip.mp4")
    assert (status, json.loads(content)) == (
        404, {"error": "There is no event 5; it may have been deleted."})


def pictured(sample, shape, number=1):
    """Add an event with a thumbnail of this *shape*."""
    jpeg = cv2.imencode(".jpg", np.full((*shape, 3), 90, np.uint8))[1].tobytes()
    sample.add(Event(
        id=number, camera="front", kind=MOTION, begin=NOON, end=NOON,
        files=(save(sample.clips, "front", NOON, NOON, THUMBNAIL, jpeg),)))


@pytest.mark.parametrize(("shape", "shown"), [
    ((480, 640), (240, 320)), ((1080, 1920), (180, 320)), ((1280, 720), (569, 320)),
    ((240, 320), (240, 320)), ((90, 160), (90, 160)), ((1, 5000), (1, 320))])
def test_preview_is_small_and_has_the_pictures_shape(client, sample, shape, shown):
    pictured(sample, shape)
    answer = client.get(client.get("/api/events/1").json["preview"])
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert cv2.imdecode(np.frombuffer(answer.data, np.uint8), 1).shape[:2] == shown


def test_browsers_keep_a_preview_but_not_an_outdated_one(client, sample):
    pictured(sample, (480, 640))
    url = client.get("/api/events/1").json["preview"]
    assert client.get(url).headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert client.get("/events/1/preview-old.jpg").headers["Cache-Control"] == "no-store"
    assert client.get("/events/2/preview-old.jpg").headers["Cache-Control"] == "no-store"


def test_preview_of_a_broken_picture_is_410(client, sample):
    sample.add(sample.recorded(1))
    assert client.get(client.get("/api/events/1").json["preview"]).status_code == 410

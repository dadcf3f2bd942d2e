"""Events as JSON, through Flask's test client."""

import time

import pytest

from pyimagesearch.events.event import LOST
from sample_archive import NOON, client_of, sightings


def test_event_as_json_is_complete(client, sample):
    sample.add(sample.recorded(7, clips=2, note="a fox", peak_box=(1, 2, 3, 4)))
    found = client.get("/api/events/7").json
    assert (found["id"], found["camera"], found["kind"], found["note"]) == (
        7, "front", "motion", "a fox")
    assert (found["begin"], found["end"], found["peak_box"]) == (NOON, NOON + 12, [1, 2, 3, 4])
    assert found["thumbnail"] == "/events/7/thumbnail.jpg"
    assert [clip["url"] for clip in found["clips"]] == [
        "/events/7/clip.mp4", "/events/7/clip-2.mp4"]
    for url in (found["url"], found["thumbnail"], *(clip["url"] for clip in found["clips"])):
        assert client.get(url).status_code == 200


def test_cursor_leads_from_page_to_page(client, sample):
    sample.add(*(sample.recorded(number, NOON + number // 2) for number in range(1, 24)))
    found, query = [], "?limit=10"
    while True:
        page = client.get(f"/api/events{query}").json
        found += [each["id"] for each in page["events"]]
        if page["next"] is None:
            break
        query = f"?limit=10&before={page['next']}"
    assert found == list(range(23, 0, -1))


def test_filters_combine(client, sample):
    sample.add(sample.recorded(1), sample.recorded(2, camera="yard"),
               sample.recorded(3, kind=LOST, begin=NOON + 1),
               sample.recorded(4, NOON + 86400, starred=True))

    def ids(query):
        return [each["id"] for each in client.get(f"/api/events?{query}").json["events"]]
    assert ids("camera=front") == [4, 3, 1]
    assert ids("kind=lost") == [3]
    assert ids("day=2026-11-20") == [3, 2, 1]
    assert ids("starred=true") == [4]
    assert ids("camera=front&day=2026-11-20&kind=motion") == [1]
    assert ids("camera=&kind=&day=&starred=&not_event=&object=") == [4, 3, 2, 1]


def test_events_are_filtered_by_what_was_recognised(client, sample):
    sample.add(sample.recorded(1, sightings=sightings(NOON, "person", "dog")),
               sample.recorded(2, NOON + 60, sightings=sightings(NOON, "car")),
               sample.recorded(3, NOON + 90), sample.recorded(4, NOON + 99, "yard",
                                                              sightings=sightings(NOON, "person")))

    def ids(query):
        return [each["id"] for each in client.get(f"/api/events?{query}").json["events"]]
    assert (ids("object=person"), ids("object=animal"), ids("object=dog")) == ([4, 1], [1], [1])
    assert (ids("object=none"), ids("object=")) == ([3], [4, 3, 2, 1])
    assert ids("object=person&camera=front") == [1]
    assert client.get("/api/events/1").json["names"] == ["person", "animal"]
    assert client.get("/api/events/1").json["sightings"][1] == {
        "name": "animal", "label": "dog", "score": 0.73, "at": NOON + 5.0, "box": [60, 40, 120, 200]}
    assert client.get("/api/events/3").json["sightings"] == []


@pytest.mark.parametrize(("query", "error"), [
    ("limit=0", "limit is '0', but must be a number from 1 to 200."),
    ("limit=x", "limit is 'x', but must be a number from 1 to 200."),
    ("day=tomorrow", "day is 'tomorrow', but must be a date such as 2026-11-20."),
    ("day=9999-12-31", "day is '9999-12-31', but must be in the years 1969 to 8999."),
    ("starred=maybe", "starred is 'maybe', but must be true or false."),
    ("not_event=maybe", "not_event is 'maybe', but must be true or false."),
    ("before=1.5_1", "before is '1.5_1', but must be the value of \"next\" of the previous page."),
])
@pytest.mark.parametrize("path", ["/api/events", "/events"])
def test_error_names_the_parameter_and_what_is_allowed(client, path, query, error):
    answer = client.get(f"{path}?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json == {"error": error}


def test_starred_event_cannot_be_deleted(client, sample):
    sample.add(sample.recorded(1))
    assert client.patch("/api/events/1", json={"starred": True}).json["starred"] is True
    refused = client.delete("/api/events/1")
    assert refused.status_code == 409
    assert refused.json == {"error": "Event 1 is starred; remove the star first."}
    assert client.post("/api/events/delete", json={"ids": [1]}).json["deleted"] == 0
    assert client.patch("/api/events/1", json={"starred": False}).json["starred"] is False
    assert client.delete("/api/events/1").json == {"deleted": 1, "undo": 10.0}
    assert client.get("/api/events/1").status_code == 404


def test_deleted_events_can_be_restored_for_ten_seconds(client, sample):
    sample.add(sample.recorded(1, NOON + 60), sample.recorded(2), sample.recorded(3, NOON + 90))
    assert client.post("/api/events/delete", json={"ids": [1, 2, 9]}).json["deleted"] == 2
    assert [each["id"] for each in client.get("/api/events").json["events"]] == [3]
    assert client.get("/events/1/clip.mp4").status_code == 404
    assert client.post("/api/events/restore", json={"ids": [1]}).json == {"restored": 1}
    assert sample.store.erase(time.time() + 11) == [
        "front/2026-11-20/12-00-00.jpg", "front/2026-11-20/12-00-00.mp4"]
    assert client.post("/api/events/restore", json={"ids": [2]}).json == {"restored": 0}


def test_several_events_are_starred_at_once(client, sample):
    sample.add(sample.recorded(1), sample.recorded(2))
    assert client.post("/api/events/star", json={"ids": [1, 2, 3]}).json == {"changed": 2}
    assert client.post("/api/events/star", json={"ids": [1], "starred": False}).json == {
        "changed": 1}
    assert [each["id"] for each in
            client.get("/api/events?starred=1").json["events"]] == [2]


def test_false_alarms_are_marked_and_filtered_but_stay(client, sample):
    sample.add(sample.recorded(1), sample.recorded(2, NOON + 60), sample.recorded(3, NOON + 90))

    def ids(query):
        return [each["id"] for each in client.get(f"/api/events?{query}").json["events"]]
    assert client.patch("/api/events/2", json={"not_event": True}).json["not_event"] is True
    assert client.post("/api/events/not_event", json={"ids": [3, 4]}).json == {"changed": 1}
    assert (ids("not_event=true"), ids("not_event=false"), ids("")) == ([3, 2], [1], [3, 2, 1])
    assert ids("not_event=false&starred=true") == []
    assert client.get("/events/2/clip.mp4").status_code == 200
    both = client.patch("/api/events/2", json={"not_event": False, "starred": True}).json
    assert (both["not_event"], both["starred"]) == (False, True)
    assert client.post("/api/events/not_event", json={"ids": [3], "not_event": False}).json == {
        "changed": 1}
    assert ids("not_event=true") == []
    assert client.patch("/api/events/9", json={"not_event": True}).status_code == 404


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
    ("{}", "The body must have starred or not_event, true or false."),
    ('{"starred": true, "not_event": 1}', "not_event is 1, but must be true or false.")])
def test_invalid_body_is_refused(client, sample, data, error):
    sample.add(sample.recorded(1))
    answer = client.patch("/api/events/1", data=data, content_type="application/json")
    assert (answer.status_code, answer.json) == (400, {"error": error})


def test_unreadable_database_is_503(client, sample, tmp_path):
    (tmp_path / "events.db").rename(tmp_path / "moved.db")
    answer = client.get("/api/events")
    assert answer.status_code == 503
    assert answer.json == {"error": "The events cannot be read now: "
                                    "unable to open database file."}


def test_server_without_archive_has_no_events(broadcaster, cameras):
    client = client_of(cameras["front"])
    for path in ("/api/events", "/events", "/events/1/clip.mp4"):
        assert client.get(path).status_code == 404
    assert 'id="controls"' not in client.get("/").text

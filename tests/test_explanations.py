"""Why an event was stored, as JSON, on its page and as a picture."""

import re
from dataclasses import replace

import pytest

from protected import OURS, VIEWER, ProtectedApp
from pyimagesearch.events.event import (
    CLIP,
    COMPLETE,
    GONE,
    LOST,
    MISSING,
    OPEN,
    Event,
    KeptFile,
)
from pyimagesearch.events.explanation import BEGIN, PEAK, ExplainedRegion, Explanation
from pyimagesearch.surveillance.explainer import mask_as_png
from pyimagesearch.web.events.explanations import place_in_clips
from sample_archive import CLIP_SECONDS, NOON, client_of

REGIONS = (
    ExplainedRegion((80, 20, 180, 260), 9000, True, "has travelled far enough", 1.6, 40.0, 12.0,
                    1.5, ((90, 140), (130, 140))),
    ExplainedRegion((300, 5, 340, 30), 600, False, "is only a patch of light"))


def explanation(moment=BEGIN, at=NOON + 1, **more):
    return Explanation(**{
        "moment": moment, "at": at, "size": (400, 300), "area": 75.0, "min_area": 1.0,
        "fps": 10.0, "settings": {"detector": "single", "threshold": 25, "min_frames": 3},
        "regions": REGIONS, **more})


def mask():
    import numpy as np
    white = np.zeros((300, 400), np.uint8)
    white[20:260, 80:180] = 255
    return mask_as_png(white)


@pytest.fixture
def explained(sample):
    """An archive with event 1, of which begin and peak are explained."""
    sample.add(sample.recorded(1), sample.recorded(2, NOON + 60))
    for one in (explanation(), explanation(PEAK, NOON + 3, area=120.0)):
        sample.store.explain(1, one, mask())
    assert sample.store.flush(60)
    return sample


def test_explanation_as_json_is_complete(client, explained):
    found = client.get("/api/events/1/explanation").json
    assert found["event"] == 1
    begin, peak = found["explanations"]
    assert (begin["moment"], begin["at"], begin["area"]) == ("begin", NOON + 1, 75.0)
    assert (peak["moment"], peak["at"], peak["area"]) == ("peak", NOON + 3, 120.0)
    assert begin["settings"] == {"detector": "single", "threshold": 25, "min_frames": 3}
    assert begin["summary"].endswith("This was the picture that began it; in it, 7.5 % moved.")
    counted, ignored = begin["regions"]
    assert counted == {**REGIONS[0]._asdict(), "box": [80, 20, 180, 260],
                       "path": [[90, 140], [130, 140]], "zones": [],
                       "sentence": counted["sentence"]}
    assert counted["sentence"] == (
        "A region of 7.5 % of the picture moved to the right by 10 % of the picture's width "
        "within 1.5 seconds and counted because it has travelled far enough.")
    assert (ignored["reported"], ignored["rule"]) == (False, "is only a patch of light")
    answer = client.get(begin["mask"])
    assert (answer.data, answer.mimetype) == (mask(), "image/png")


@pytest.mark.parametrize(("path", "error"), [
    ("/api/events/2/explanation", "No explanation was kept for event 2."),
    ("/api/events/9/explanation", "There is no event 9; it may have been deleted."),
    ("/events/2/mask-begin.png", "No mask was kept for event 2."),
    ("/events/9/mask-peak.png", "No mask was kept for event 9.")])
def test_missing_explanation_is_404_and_a_sentence(client, explained, path, error):
    answer = client.get(path)
    assert (answer.status_code, answer.json) == (404, {"error": error})


def test_page_shows_each_moment_over_its_picture(client, explained):
    page = client.get("/events/1").text
    assert page.index("When it began, 12:00:01") < page.index("At its largest, 12:00:03")
    assert 'data-src="/events/1/clip.mp4#t=1.01"' in page
    assert page.count('<image href="/events/1/mask-begin.png"') == 1
    assert page.count('<image href="/events/1/mask-peak.png"') == 1
    assert '<polyline points="90,140 130,140 "/>' in page
    assert page.count("counted because it has travelled far enough.") == 2
    assert page.count("was ignored because it is only a patch of light.") == 2


def test_picture_of_another_moment_does_not_explain_this_one(client, sample):
    sample.add(sample.recorded(1))      # its picture is of NOON
    sample.store.explain(1, explanation(at=NOON), mask())
    sample.store.explain(1, explanation(PEAK, NOON + 3), mask())
    assert sample.store.flush(60)
    begin, peak = client.get("/events/1").text.partition('class="why"')[2].split("At its largest")
    assert ("thumbnail.jpg" in begin, "<video" in begin) == (True, False)
    assert ("thumbnail.jpg" in peak, 'data-src="/events/1/clip.mp4#t=3.01"' in peak) == (False, True)


def test_page_of_an_ongoing_event_says_so_far_and_its_zones(client, sample):
    event = replace(sample.recorded(1), end=None)
    sample.add(event)
    sample.store.explain(1, explanation(PEAK, zone_sensitivities={"drive": "high"}), mask())
    assert sample.store.flush(60)
    page = client.get("/events/1").text
    assert "At its largest so far, 12:00:01" in page
    assert "In the zone “drive”: <code>sensitivity high</code>" in page


def test_event_from_before_explanations_says_so(client, explained, sample):
    sample.add(Event(id=3, camera="front", kind=LOST, begin=NOON, end=NOON))
    assert "No explanation was kept for this event." in client.get("/events/2").text
    assert "Why did it fire?" not in client.get("/events/3").text


def test_page_of_a_moment_without_picture_says_so(client, sample):
    sample.add(Event(id=1, camera="front", kind="motion", begin=NOON, end=NOON))
    sample.store.explain(1, explanation(), mask())
    assert sample.store.flush(60)
    assert "The picture of this moment is not kept." in client.get("/events/1").text


def test_rule_of_a_detector_cannot_be_markup(client, sample):
    sample.add(sample.recorded(1))
    region = REGIONS[0]._replace(rule='<script src="x">')
    sample.store.explain(1, explanation(regions=(region,), settings={"detector": "<b>"}), mask())
    assert sample.store.flush(60)
    page = client.get("/events/1").text
    assert '<script src="x">' not in page
    assert "<b>" not in page.partition('class="why"')[2]


def test_moment_is_found_in_the_clip_that_shows_it():
    def clip(number, state=COMPLETE):
        begin = NOON + number * CLIP_SECONDS
        return KeptFile(f"{number}.mp4", CLIP, begin, begin + CLIP_SECONDS, 1, state, number)

    def place(at, *files):
        return place_in_clips(Event(id=1, camera="front", kind="motion", begin=NOON, end=NOON,
                                    files=files), at)
    both = clip(0), clip(1)
    assert place(NOON + 2, *both) == (1, 2.01)
    assert place(NOON + 8, *both) == (2, 2.01)
    assert place(NOON - 1, *both) == place(NOON + 99, *both) == place(NOON) == (0, 0.0)
    for state in (OPEN, GONE, MISSING):
        assert place(NOON + 2, clip(0, state)) == (0, 0.0)


def test_viewer_sees_why_but_cannot_mark_a_false_alarm(tmp_path, explained):
    protected = ProtectedApp(tmp_path / "access")
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], archive=explained)
    client, viewer = protected.client(), protected.bearer(VIEWER)
    assert client.get("/api/events/1/explanation").status_code == 401
    assert client.get("/events/1/mask-begin.png").status_code == 401
    assert client.get("/api/events/1/explanation", headers=viewer).status_code == 200
    assert client.get("/events/1/mask-begin.png", headers=viewer).status_code == 200
    page = client.get("/events/1", headers=viewer).text
    assert "has travelled far enough" in page
    assert 'class="plain not-event"' not in page
    for ask in (lambda: client.patch("/api/events/1", json={"not_event": True},
                                     headers={**viewer, **OURS}),
                lambda: client.post("/api/events/not_event", json={"ids": [1]},
                                    headers={**viewer, **OURS})):
        assert ask().status_code == 403
    with explained.store.reading() as reader:
        assert not reader.event(1).not_event
    explained.store.mark_not_event([1], True)
    for path in ("/events", "/events/1"):
        page = client.get(path, headers=viewer).text
        assert re.search("<span[^>]*>not an event</span>", page), path
        assert "<button" not in page.partition("not-event")[2].partition("</p>")[0], path


def test_deleted_event_does_not_explain_itself(client, explained):
    client.post("/api/events/delete", json={"ids": [1]})
    for path in ("/api/events/1/explanation", "/events/1/mask-begin.png"):
        assert client.get(path).status_code == 404
    client.post("/api/events/restore", json={"ids": [1]})
    for path in ("/api/events/1/explanation", "/events/1/mask-begin.png"):
        assert client.get(path).status_code == 200


def test_server_without_archive_explains_nothing(broadcaster, cameras):
    client = client_of(cameras["front"])
    assert client.get("/api/events/1/explanation").status_code == 404
    assert client.get("/events/1/mask-begin.png").status_code == 404

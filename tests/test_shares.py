"""Links that show one event without a login, and end."""

from dataclasses import replace

import pytest

from protected import BROWSER
from pyimagesearch.access import Role
from sample_archive import MEDIA, NOON, BufferedClient


@pytest.fixture
def shared(sample, protected):
    """The protected server with two events, the first of which can be shared."""
    sample.add(sample.recorded(1, clips=2, note="a secret"), sample.recorded(2, NOON + 600))
    services = protected.app.extensions["services"]
    protected.app.extensions["services"] = replace(services, archive=sample)
    return protected


def share(server, role=Role.OWNER, id=1, **fields):
    return server.client(role).post(f"/api/events/{id}/share", json=fields,
                                    headers={"Origin": "http://localhost"})


def opened(server, answer):
    """Return the address of the shared page, and a browser without a login."""
    return answer.json["url"].removeprefix("http://localhost"), BufferedClient(server.app)


def test_shared_event_is_seen_without_a_login(shared):
    url, client = opened(shared, share(shared))
    page = client.get(url, headers=BROWSER)
    assert page.status_code == 200
    assert "/shared/1/clip-2.mp4?key=" in page.text
    assert "a secret" not in page.text
    clip = client.get(url.replace("?", "/clip-1.mp4?"))
    assert (clip.status_code, clip.data) == (200, MEDIA.mp4)
    assert client.get(url.replace("?", "/thumbnail.jpg?")).data == MEDIA.jpeg


def test_link_of_one_event_opens_no_other(shared):
    url, client = opened(shared, share(shared))
    for path in (url.replace("/1?", "/2?"), url.replace("/1?", "/2/clip-1.mp4?"), url + "x",
                 "/shared/1", "/shared/1?key=", "/shared/1/thumbnail.jpg?key=WzFd.x"):
        assert client.get(path, headers=BROWSER).status_code == 403, path
    key = url.partition("?")[2]
    for path in ("/events/1", "/events/1/clip.mp4", "/api/events/1", "/"):
        assert client.get(f"{path}?{key}").status_code == 401, path


def test_link_ends_after_the_hours_chosen(shared):
    url, client = opened(shared, share(shared, hours=1))
    shared.clock.now += 3590
    assert client.get(url).status_code == 200
    shared.clock.now += 20
    assert client.get(url).status_code == 403


@pytest.mark.parametrize("hours", [0, 2, 1e300, True, "x", None, [1]])
def test_link_of_other_hours_is_refused(shared, hours):
    answer = share(shared, hours=hours)
    assert (answer.status_code, "one of 24, 1, 168" in answer.json["error"]) == (400, True)


def test_only_owners_share_events(shared):
    assert share(shared, Role.VIEWER).status_code == 403
    assert share(shared, id=3).status_code == 404


def test_new_tokens_end_shared_links(shared):
    url, client = opened(shared, share(shared))
    shared.change(lambda found: found.renewed())
    assert client.get(url).status_code == 403

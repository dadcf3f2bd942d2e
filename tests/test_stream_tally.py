"""What single viewers are sent, and who may read it."""

import pytest

from protected import OWNER, VIEWER, ProtectedApp
from pyimagesearch.streaming.stream_tally import StreamTally

TOKEN = "a-page-of-the-viewer"


@pytest.fixture
def protected(tmp_path):
    return ProtectedApp(tmp_path / "access", ("front", "yard"))


def test_pictures_between_two_sent_ones_are_skipped():
    clock = [100.0]
    tally = StreamTally(lambda: clock[0])
    for number in (500, 501, 501, 504):     # a repeated one counts once
        tally.count(number)
    clock[0] += 2.5
    assert tally.as_json() == {"sent": 3, "skipped": 2, "bytes": 0, "seconds": 2.5}


@pytest.mark.parametrize("path", ["/video_feed", "/video_feed/yard", "/mosaic_feed"])
def test_stream_is_counted_while_it_is_open(protected, path):
    client, login = protected.client(), {"headers": protected.bearer(VIEWER)}
    assert client.get(f"/api/streams/{TOKEN}", **login).status_code == 404
    with client.get(f"{path}?viewer={TOKEN}", **login) as stream:
        assert stream.status_code == 200
        assert client.get(f"/api/streams/{TOKEN}", **login).json["skipped"] == 0
        assert client.get(f"/api/streams/{TOKEN}",      # another login's
                          headers=protected.bearer(OWNER)).status_code == 404
        assert client.get(f"/api/streams/{TOKEN}").status_code == 401
    assert client.get(f"/api/streams/{TOKEN}", **login).status_code == 404


def test_token_means_the_stream_that_was_opened_last(protected):
    client, login = protected.client(), {"headers": protected.bearer(VIEWER)}
    first = client.get(f"/video_feed?viewer={TOKEN}", **login)
    with client.get(f"/video_feed?viewer={TOKEN}", **login):
        first.close()
        assert client.get(f"/api/streams/{TOKEN}", **login).status_code == 200


@pytest.mark.parametrize("token", ["", "short", "x" * 65, "a-page-of-the-viewer!"])
def test_odd_token_is_refused_in_one_sentence(protected, token):
    answer = protected.client().get(f"/video_feed?viewer={token}",
                                    headers=protected.bearer(VIEWER))
    assert answer.status_code == 400
    assert answer.json["error"] == (
        f"viewer is {token!r}, but must be 16 to 64 letters, digits, hyphens and "
        "underscores.") or len(token) > 64

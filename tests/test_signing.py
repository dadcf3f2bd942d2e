"""Signed cookies and stream keys."""

from hypothesis import given
from hypothesis import strategies as st

from protected import OWNER, VIEWER
from pyimagesearch.access.roles import Client
from pyimagesearch.access.signing import sign, sign_stream_key, verify_stream_key

NOW = 1_800_000_000.0


def test_stream_key_opens_one_path_for_an_hour():
    key = sign_stream_key("secret", Client(OWNER, "stamp", "id"), "/video_feed", NOW)
    found = verify_stream_key("secret", key, "/video_feed", NOW)
    assert (found.may(VIEWER), found.may(OWNER), found.session) == (True, False, "id")
    assert verify_stream_key("secret", key, "/video_feed/front", NOW) is None
    assert verify_stream_key("other", key, "/video_feed", NOW) is None
    assert verify_stream_key("secret", key, "/video_feed", NOW + 3599)
    assert verify_stream_key("secret", key, "/video_feed", NOW + 3601) is None


@given(st.text(max_size=60))
def test_invented_stream_key_opens_nothing(text):
    assert verify_stream_key("secret", text, "/video_feed", NOW) is None


def test_signatures_of_other_purposes_are_refused():
    content = ["/video_feed", 2e9, "owner", "stamp", ""]
    for purpose in ("session", "device"):
        signed = sign("secret", purpose, content)
        assert verify_stream_key("secret", signed, "/video_feed", NOW) is None
    assert verify_stream_key("secret", sign("secret", "stream", "x"), "/", NOW) is None

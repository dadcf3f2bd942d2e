"""Signed cookies and stream keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ManualClock
from protected import OWNER, VIEWER
from pyimagesearch.access.roles import Client
from pyimagesearch.access.signing import Signer


@pytest.fixture
def signer(clock):
    return Signer(clock)


def test_stream_key_opens_one_path_for_an_hour(signer, clock):
    key = signer.stream_key("secret", Client(OWNER, "stamp", "id"), "/video_feed")
    found = signer.verify_stream_key("secret", key, "/video_feed")
    assert (found.may(VIEWER), found.may(OWNER), found.session) == (True, False, "id")
    assert signer.verify_stream_key("secret", key, "/video_feed/front") is None
    assert signer.verify_stream_key("other", key, "/video_feed") is None
    clock.now += 3601
    assert signer.verify_stream_key("secret", key, "/video_feed") is None


@given(st.text(max_size=60))
def test_invented_stream_key_opens_nothing(text):
    assert Signer(ManualClock()).verify_stream_key("secret", text, "/video_feed") is None


def test_signatures_of_other_purposes_are_refused(signer):
    content = ["/video_feed", 2e9, "owner", "stamp", ""]
    for purpose in ("session", "device"):
        signed = signer.sign("secret", purpose, content)
        assert signer.verify_stream_key("secret", signed, "/video_feed") is None
    assert signer.verify_stream_key("secret", signer.sign("secret", "stream", "x"), "/") is None

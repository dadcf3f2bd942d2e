"""Requests of other sites and other host names are recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.web.request_origin import is_own_host, is_same_origin, own_names

OWN = "http://cam.local:8000"


@pytest.mark.parametrize(("headers", "cookie", "accepted"), [
    ({"Origin": OWN}, True, True),
    ({"Origin": "http://evil.example"}, False, False),
    ({"Origin": "https://cam.local:8000"}, True, False),
    ({"Origin": "http://cam.local:8001"}, True, False),
    ({"Origin": "null"}, False, False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True, True),
    ({"Sec-Fetch-Site": "none"}, True, True),
    ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, True, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, True, False),
    ({"Sec-Fetch-Site": ""}, False, False),
    ({}, False, True),
    ({}, True, False)])
def test_changes_are_accepted_from_own_pages_and_programs(headers, cookie, accepted):
    assert is_same_origin(headers, OWN, has_cookie=cookie) is accepted


@pytest.mark.parametrize(("host", "accepted"), [
    ("192.168.1.7:8000", True), ("192.168.1.7", True), ("[::1]:8000", True),
    ("localhost:1", True), ("LOCALHOST.", True), ("cam.example.org", True), (None, True),
    ("pi.local:8000", True), ("pi", True), ("evil.example", False), ("", False),
    ("pi.evil.example", False), ("127.0.0.1.evil.example", False), ("[::1", False),
    ("evil.example@127.0.0.1", False), ("127.0.0.1/x", False), ("127.0.0.1\n", False),
    ("localhost:80:80", False), ("é", False)])
def test_host_must_be_an_address_or_an_own_name(monkeypatch, host, accepted):
    monkeypatch.setattr("socket.gethostname", lambda: "Pi")
    assert is_own_host(host, own_names(("Cam.Example.org",))) is accepted


@given(st.text(max_size=30))
def test_any_host_header_is_accepted_or_refused(host):
    assert is_own_host(host, frozenset()) in (True, False)

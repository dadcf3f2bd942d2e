"""Requests of other sites and other host names are recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyimagesearch.host_names import HostNames
from pyimagesearch.settings.settings import Settings
from pyimagesearch.web.request_origin import (
    explain_foreign_host,
    is_own_host,
    is_same_origin,
)

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
    ("pi.local:8000", True), ("pi", True), ("PI.Lan.:8000", True), ("evil.example", False),
    ("[2001:DB8::7]", True), ("", False), (".", False), ("pi.lan.evil.example", False),
    ("pi.evil.example", False), ("127.0.0.1.evil.example", False), ("[::1", False),
    ("evil.example@127.0.0.1", False), ("127.0.0.1/x", False), ("127.0.0.1\n", False),
    ("localhost:80:80", False), ("é", False)])
def test_host_must_be_an_address_or_an_own_name(monkeypatch, host, accepted):
    monkeypatch.setattr("socket.gethostname", lambda: "Pi")
    assert is_own_host(host, HostNames(["Cam.Example.org"])) is accepted


@pytest.mark.parametrize("name", [
    "pi.example.org", "my_pi.office", "xn--bcher-kva.example", "a" * 63 + ".example.org"])
def test_refused_name_can_be_given_as_it_is_explained(name):
    sentence = explain_foreign_host(f"{name.upper()}.:8000")
    assert sentence.endswith(f"start the server with --host {name}.")
    assert is_own_host(f"{name}:8000", HostNames(Settings(host=(name,)).host))


@pytest.mark.parametrize("host", ["", "a b", "<b>.example", "x;rm -rf", "_", "-", "a" * 999])
def test_name_that_cannot_be_given_is_not_repeated(host):
    assert explain_foreign_host(host).endswith("start the server with --host NAME.")


@given(st.text(max_size=30))
def test_any_host_header_is_accepted_or_refused(host):
    assert is_own_host(host, frozenset()) in (True, False)

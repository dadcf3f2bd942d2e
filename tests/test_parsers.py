"""Parsers of outside input return a value or raise their one documented error."""

import contextlib
import http.client
import io
import itertools
import json
import math
import re
from email.message import Message
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, HTTPException

from pyimagesearch.access.credentials import Credentials
from pyimagesearch.capture.cameras import Camera, find_camera, gives_packets
from pyimagesearch.capture.http_camera import boundary_of
from pyimagesearch.capture.imagezmq import ImageHubs
from pyimagesearch.capture.limits import MAX_PICTURE_BYTES
from pyimagesearch.capture.multipart import MultipartParser
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import AccessError, SettingsError
from pyimagesearch.recording.clip_metadata import (
    COMMENT_KEY,
    ClipMetadata,
    read_metadata,
)
from pyimagesearch.serving.http_syntax import (
    MAX_HEAD_BYTES,
    HeaderLines,
    RequestRefused,
    as_refused,
    check_framing,
    is_request_line,
)
from pyimagesearch.settings.loading import merge
from pyimagesearch.settings.option import parse_bytes
from pyimagesearch.settings.settings import ALL_OPTIONS, Settings
from pyimagesearch.web import params

MANY = settings(max_examples=60)
DEEP = "[" * 20_000
DIGITS = "1" * 5000         # more than int() takes
# not st.recursive(), which would take longer than the tests themselves
JSON = st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([
    None, True, False, 0, 1, 10**400, 1 << 63, [], [1], [1, 2, 3, 4], [1, 2, 3, 1e9], ["a"] * 4,
    [[[]]], {}, {"a": {"a": 1}}, {"owner": "x", "viewer": ""}, {"owner": [], "viewer": {}}, "\ud800"])
NUMBERS = st.integers().map(str) | st.floats().map(str) | st.sampled_from(
    ["1_0", "٣", "²", "1e400", "00", "-0", "+5", "1.", ".5", "0x1", "9" * 25, DIGITS])
APP = Flask("nothing")


def pieces(*texts):
    """Return a strategy of nearly valid text, made of *texts* and other characters."""
    return st.lists(st.sampled_from(texts) | st.characters(), max_size=8).map("".join)


# --- settings

@given(name=st.sampled_from(list(ALL_OPTIONS)), text=NUMBERS | pieces(
    "1", "0.5", "640x480", "10GB", " ", "k", "/cam", "true", "rtsp", "off", "-"))
@settings(max_examples=200)
def test_setting_from_text_is_a_value_or_one_error(name, text):
    with contextlib.suppress(SettingsError):
        Settings(**{name: ALL_OPTIONS[name].parse(text, name)})


@given(pieces("9", "10", ".5", " ", "k", "M", "G", "T", "B") | NUMBERS)
@example("9" * 400 + "TB")
@MANY
def test_size_is_bytes_or_one_error(text):
    with contextlib.suppress(SettingsError):
        size = parse_bytes(ALL_OPTIONS["reserve"].parse(text, "--reserve"))
        assert 0 <= size < 1e28


@pytest.fixture(scope="module")
def toml(tmp_path_factory):
    return tmp_path_factory.mktemp("settings") / "s.toml"


def read(toml, content):
    """Return the settings in a file, or the text of the error."""
    toml.write_bytes(content)
    try:
        return Settings(**merge({"config": str(toml)}, {}))
    except SettingsError as error:
        return str(error)


TOML = pieces("port", "source", "quality", "cameras", "[cameras.front]", "[[cameras]]", "fps",
              " = ", " = ", "\n", "\n", "1", "0.5", '"demo"', '["a", "b"]', "{a = 1}", "true",
              "1979-05-27", "nan", '"\\u0000"', "#", "'")


@given(content=TOML.map(lambda text: text.encode(errors="surrogatepass")) | st.binary(max_size=60))
@MANY
def test_settings_file_is_settings_or_one_error(toml, content):
    found = read(toml, content)
    assert isinstance(found, Settings) or str(toml) in found or found.startswith("--")


@pytest.mark.parametrize("content", [
    f"a = {DEEP}", f"port = {DIGITS}", 'data = "a\\u0000b"', "port = 1979-05-27",
    "cameras = [[1]]", "cameras = 3", "[cameras.front]\nsource = {a = 1}", "[tables.x]\na = 1",
    "[cameras.front]\nname = 'x'", "source = [['a']]", "[cameras.'../x']\nsource = 0",
    "ip = '''\n'''\nport = 99999", "quality = inf"])
def test_invalid_settings_file_is_one_error(toml, content):
    assert isinstance(read(toml, content.encode()), str)


@given(name=st.sampled_from([*ALL_OPTIONS, "other"]), value=JSON)
@MANY
def test_value_in_a_file_is_a_value_or_one_error(name, value):
    with contextlib.suppress(SettingsError, KeyError):
        Settings(**{name: ALL_OPTIONS[name].parse(value, name)})


# --- cameras

@given(pieces("demo", ":", "640x480", "@", "15", "rtsp://", "http://", "imagezmq://", "[::1]", "/",
              "user:pass@", "host", "0", "/dev/video", ".mp4", "*:5555", "picamera", "auto", "[")
       | st.text(max_size=20))
@example("²")
@example("http://[")
@example("rtsp://host:99999/")
@MANY
def test_source_is_a_camera_or_one_error(spec):
    with contextlib.suppress(SettingsError):
        (wanted,) = Settings(source=(f"front={spec}",)).cameras()
        assert isinstance(find_camera(wanted, SystemClock(), ImageHubs()), Camera)
        assert gives_packets(wanted) in (True, False)


@given(st.text(max_size=30), st.lists(st.binary(max_size=60) | st.sampled_from(
    [b"--", b"\r\n", b"\r\n\r\n", b"Content-Length: 3", b"content-length:9999999999999999999",
     b"--b", b"abc"]), max_size=20))
@MANY
def test_multipart_parts_are_no_longer_than_the_input(boundary, data):
    headers = Message()
    with contextlib.suppress(ValueError):       # a line end, where http.client would stop
        headers["Content-Type"] = f"multipart/x-mixed-replace; boundary={boundary}"
    parser = MultipartParser(boundary_of(headers))
    parts = list(itertools.chain.from_iterable(map(parser.feed, data)))
    assert sum(map(len, parts)) <= sum(map(len, data))
    assert len(parser._data) <= MAX_PICTURE_BYTES + sum(map(len, data))


# --- clips

STORIES = st.fixed_dictionaries({COMMENT_KEY: st.just(1) | JSON, "event": st.integers(0, 9) | JSON,
                                 "camera": st.text() | JSON, "kind": st.text() | JSON,
                                 "begin": st.floats(0, 2e9) | JSON},
                                optional=dict.fromkeys((
                                    "end", "peak_area", "peak_box", "first", "last", "other"), JSON))


@given(STORIES.map(json.dumps) | JSON.map(json.dumps) | st.text(max_size=50))
@example(DEEP)
@example(f'{{"{COMMENT_KEY}": {DIGITS}}}')
@example(json.dumps({COMMENT_KEY: 1, "event": 1, "camera": "a", "kind": "b", "begin": 0, "peak_box": 5}))
@example(json.dumps({COMMENT_KEY: 1, "event": "x", "camera": "a", "kind": "b", "begin": 0}))
@example(json.dumps({COMMENT_KEY: 1, "event": 1, "camera": "a", "kind": "b", "begin": math.nan}))
@example(json.dumps({COMMENT_KEY: 1, "event": 1, "camera": "a", "kind": "b", "begin": 10**400}))
@MANY
def test_comment_is_valid_metadata_or_ignored(comment):
    metadata = read_metadata(comment)
    if metadata is not None:
        assert math.isfinite(metadata.begin + metadata.first + metadata.last + metadata.peak_area)
        assert 0 <= metadata.event < 1 << 53
        assert metadata.end is None or math.isfinite(metadata.end)
        assert metadata.peak_box is None or len(metadata.peak_box) == 4
        assert read_metadata(metadata.as_comment()) == metadata


@given(st.builds(
    ClipMetadata, event=st.integers(0, 2**53 - 1), camera=st.text(), kind=st.text(),
    begin=st.floats(0, 4e9), end=st.none() | st.floats(0, 4e9), peak_area=st.floats(0, 1000),
    peak_box=st.none() | st.tuples(*[st.integers(0, 9000)] * 4)))
@MANY
def test_metadata_survives_the_round_trip(metadata):
    assert read_metadata(metadata.as_comment()) == metadata


# --- requests

def with_query(parse_query, query):
    """Return the result of *parse_query* for *query*, or the text of the error."""
    with APP.test_request_context("/?" + query):
        try:
            return parse_query()
        except BadRequest as refused:
            return refused.description


QUERIES = st.lists(st.tuples(
    st.sampled_from(["limit", "before", "camera", "kind", "day", "starred", "other"]),
    pieces("2026-11-20", "1", "_", ".5", "true", "9999-12-31", "-", "%", "0") | NUMBERS
    ).map(lambda pair: "=".join(pair)), max_size=5).map("&".join)


@given(QUERIES)
@example("limit=000000001" + "9" * 9)
@example("limit=000000001" + "0" * 5000)
@example(f"before=1_{DIGITS}")
@example(f"before={DIGITS}_1")
@example("before=1e400_1")
@example("day=0001-01-01")
@MANY
def test_query_is_a_page_or_one_error(query):
    found = with_query(lambda: params.page_query(50), query)
    if isinstance(found, str):
        assert re.match(r"(limit|before|day|starred) is ", found)
        assert len(found) < 200
    else:
        assert 1 <= found.limit <= params.MAX_PAGE_EVENTS
        assert found.before is None or 0 <= found.before < 1 << 63


@given(pieces("1", "_", ".", "e-5", "-", "0", "nan", "inf") | NUMBERS.map("1_{}".format)
       | st.integers(0, 10**19).map(str))
@MANY
def test_cursor_from_text_fits_sqlite_or_is_one_error(text):
    found = with_query(lambda: params.page_query(50).before, urlencode({"before": text}))
    assert found is None or isinstance(found, str) or (
        0 <= found < 1 << 63 and found == int(text))


@pytest.mark.parametrize("text", ["_", "-1", "nan", "1_5", "1.5", "x", "\u0663", str(1 << 63),
                                  "0" * 5000])
def test_malformed_cursor_is_refused(text):
    query = urlencode({"before": text})
    assert isinstance(with_query(lambda: params.page_query(50), query), str)


@given(JSON | st.lists(st.integers() | NUMBERS, max_size=5))
@example(["0" * 20 + "5"])
@example([DIGITS])
@example([-1])
@MANY
def test_ids_are_numbers_in_range_or_one_error(given_ids):
    found = with_query(lambda: params.ids(given_ids), "")
    assert isinstance(found, str) or all(
        0 <= id <= params.MAX_ID and int(text) == id for id, text in zip(found, given_ids, strict=True))


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()),
       st.sampled_from(["application/json", "application/x-www-form-urlencoded", "text/plain",
                        "multipart/form-data; boundary=b", 'a/b; c="', "application/json; charset=x"]))
@example(DEEP.encode(), "application/json")
@example(DIGITS.encode(), "application/json")
@example(b"\xff\xfe[", "application/json")
@MANY
def test_request_body_is_fields_or_refused(data, kind):
    with (APP.test_request_context("/", method="POST", data=data, content_type=kind),
          contextlib.suppress(HTTPException)):
        assert isinstance(params.body(), dict)


HEADS = st.lists(st.binary(max_size=20) | st.sampled_from(
    [b"Host: a", b"Content-Length: 5", b"Content-Length: 6", b"Content-Length: -1",
     b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"a: b", b"a" * 70_000 + b": b",
     b" folded", b"A: \x00", b": x", b"x"]), max_size=8)


@given(HEADS, st.sampled_from([b"\r\n", b"\n", b"\r"]), st.booleans())
@example([b"a: b"] * 200, b"\r\n", True)
@MANY
def test_request_head_has_one_length_or_is_refused(lines, end, whole):
    data = b"".join(line + end for line in lines) + (end if whole else b"")
    file = io.BufferedReader(io.BytesIO(data))
    try:
        headers = http.client.parse_headers(HeaderLines(file, MAX_HEAD_BYTES, RequestRefused("431", "long")))
        check_framing(headers, "HTTP/1.1")
    except (RequestRefused, http.client.HTTPException) as error:
        refused = error if isinstance(error, RequestRefused) else as_refused(error)
        assert re.match(rb"HTTP/1\.1 (400|431|501)", refused.response())
    else:
        lengths = headers.get_all("content-length", [])
        codings = headers.get_all("transfer-encoding", [])
        assert len(lengths) + len(codings) <= 1
        assert all(re.fullmatch("[0-9]+", length) for length in lengths)
        assert all(coding.lower() == "chunked" for coding in codings)


@given(pieces("GET", " ", "/", "HTTP/1.1", "\r\n", "\n", "%", "é", "Ã©", "\x00", "\t", "\x7f"))
@MANY
def test_accepted_request_line_is_three_words(line):
    if is_request_line(line):
        assert line.encode("latin-1").decode()
        method, path, version = line.rstrip("\r\n").split(" ")
        assert method.isupper()
        assert path.startswith("/")
        assert version in ("HTTP/1.0", "HTTP/1.1")


# --- credentials

@given(st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode())
       | st.fixed_dictionaries({name: JSON | st.fixed_dictionaries(
           {"owner": JSON, "viewer": JSON}) for name in ("tokens", "stamps", "passwords")}
           | dict.fromkeys(("name", "key", "url"), JSON)).map(
               lambda value: json.dumps(value).encode()))
@example(DEEP.encode())
@MANY
def test_credentials_file_is_valid_or_one_error(content):
    try:
        found = Credentials.from_bytes(content)
    except AccessError:
        return
    assert found.role_of("some token") is None or "some token" in found.tokens.values()


def test_credentials_survive_the_round_trip():
    made = Credentials.new()
    assert Credentials.from_bytes(made.as_bytes()) == made



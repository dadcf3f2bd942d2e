"""The log as text and as JSON, without secrets in either."""

import contextlib
import json
import logging
import sys

import pytest

from pyimagesearch.access.log_redaction import Redaction
from pyimagesearch.errors import CameraLost
from pyimagesearch.system.log_format import JsonFormatter, LineHandler, TextFormatter

FORMATTERS = [TextFormatter("%(message)s", Redaction(["h4cker"])), JsonFormatter(Redaction(["h4cker"]))]


def record(message, *args, exc_info=None):
    made = logging.LogRecord("pyimagesearch.web", logging.WARNING, "f", 1, message, args, exc_info)
    made.created = 1_800_000_000.25
    return made


def test_json_line_has_time_level_logger_and_message():
    line = JsonFormatter(Redaction()).format(record("%s\nis lost", "café"))
    assert "\n" not in line
    assert json.loads(line) == {"time": "2027-01-15T08:00:00.250+00:00", "level": "warning",
                                "logger": "pyimagesearch.web", "message": "café\nis lost"}


def test_json_line_holds_the_traceback():
    try:
        raise ValueError('no "?token=abc" here')
    except ValueError:
        line = JsonFormatter(Redaction()).format(record("failed", exc_info=sys.exc_info()))
    (found,) = map(json.loads, line.splitlines())
    assert found["message"] == "failed"
    assert found["traceback"].startswith("Traceback (most recent call last):\n")
    assert found["traceback"].endswith('ValueError: no "?token=***" here')


def test_secret_that_is_set_later_is_kept_out_too():
    redaction = Redaction(["h4cker"])
    redaction.hide(["letmein"])
    assert redaction.redact("h4cker letmein") == "*** ***"


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_no_log_line_holds_a_secret(formatter):
    line = formatter.format(record(
        "%s %s", "GET /login?token=abc-DEF_1 HTTP/1.1",
        "Authorization: Bearer abc.DEF /v?a=1&key=Wy.J-d&b=2"))
    assert ("GET /login?token=*** HTTP/1.1 Authorization: Bearer *** "
            "/v?a=1&key=***&b=2") in line
    assert "abc" not in line
    line = formatter.format(record(
        "%s", "h4cker basic dHY6YWJj 'Basic dHY6YWJj' GET http://tv:abc@cam/video_feed?a=b@c"))
    assert "*** basic *** 'Basic ***' GET http://***@cam/video_feed?a=b@c" in line
    assert "abc" not in line
    assert "dHY6" not in line


HOSTILE = "a\nb\r\x1b[2J\x7f\x9b\u2028\u202eevil\u200b\ud800\0"


def test_text_line_is_one_line_without_control_characters():
    line = TextFormatter("%(levelname)s %(message)s", Redaction()).format(record("%s", HOSTILE))
    assert line == (r"WARNING a\nb\r\x1b[2J\x7f\x9b\u2028\u202eevil\u200b\ud800\x00")


@pytest.mark.parametrize("formatter", FORMATTERS)
def test_no_log_line_holds_control_characters(formatter):
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        lines = formatter.format(record("%s", HOSTILE, exc_info=sys.exc_info()))
    assert "evil" in lines
    assert all(character.isprintable() for character in lines.replace("\n", ""))
    if isinstance(formatter, JsonFormatter):
        assert "\x1b" not in json.loads(lines)["message"]


def test_what_a_camera_sends_is_quoted_printably_and_cut():
    assert str(CameraLost(HOSTILE)).isprintable()
    assert len(str(CameraLost("x" * 70_000))) == 400


def test_program_logs_json(start):
    product = start("--source", "demo:320x240", "--no-record", "--log-format", "json",
                    "--log-level", "debug")
    product.wait_for("learning")
    assert product.stop()[1] == 0
    assert product.log
    for line in product.log:
        assert json.loads(line).keys() >= {"time", "level", "logger", "message"}


def test_line_that_cannot_be_written_is_dropped(capsys):
    with open("/dev/full", "w") as full:
        handler = LineHandler(full)
        handler.handle(record("the disk is full"))
        handler.handle(record("%d", "no number"))       # a defect
        with contextlib.suppress(OSError):
            full.close()
    assert "the disk is full" not in (printed := capsys.readouterr().err)
    assert "TypeError: %d format" in printed

"""A log that does not fill up with what repeats itself."""

import logging

import pytest

from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.events.store import EventStore
from pyimagesearch.system.log_repeats import MAX_WINDOWS, RepeatFilter


class Log(logging.Handler):
    """Take what a log lets through."""

    def __init__(self, clock):
        super().__init__()
        self.lines = []
        self.repeats = RepeatFilter(clock)
        self.addFilter(self.repeats)
        self.log = logging.Logger("a test")
        self.log.addHandler(self)

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def log(clock):
    return Log(clock)


def test_errors_that_differ_in_numbers_are_one_line_a_minute(log, clock):
    for number in range(121):
        log.log.warning("%s: no signal: %s", "front", f"{number} bytes at {hex(number)}")
        clock.now += 1
    assert log.lines == ["front: no signal: 0 bytes at 0x0",
                         "front: no signal: 60 bytes at 0x3c (59 more in 60 s)",
                         "front: no signal: 120 bytes at 0x78 (59 more in 60 s)"]


def test_one_message_about_one_camera_is_logged_six_times(log, clock):
    for letter in "abcdefghijkl":
        for camera in ("front", "back"):
            log.log.warning("%s: no signal: %s", camera, letter)
    assert len(log.lines) == 12
    clock.now += 61
    log.log.warning("%s: no signal: %s", "back", "z")
    assert log.lines[-1] == "back: no signal: z (6 more in 61 s)"


def test_cameras_whose_names_differ_in_numbers_are_all_logged(log):
    for _ in range(3):
        for number in range(1, 9):
            log.log.warning("%s: no signal: %s", f"camera{number}", "refused")
    assert log.lines == [f"camera{n}: no signal: refused" for n in range(1, 9)]


def test_every_refused_login_is_logged(log, clock, caplog, tmp_path):
    logins = RefusedLogins(EventStore(tmp_path / "events.db", clock), clock)
    for number in range(9):
        logins.add(f"10.0.0.{number}", "wrong password")
        logins.add("10.0.0.9", "wrong password")
    assert sum(map(log.repeats.filter, caplog.records)) == 18


def test_traceback_of_another_error_is_logged_at_once(log):
    for broken in ("int('a')", "[][1]", "int('b')"):
        try:
            eval(broken)
        except Exception as error:
            log.log.error("%s: the camera loop failed", "front", exc_info=error)
    assert len(log.lines) == 2


def test_what_happens_is_logged_though_only_numbers_differ(log):
    for number in range(5):
        log.log.info("%s: motion event %d began", "front", number)
        log.log.info("going on")
        log.log.debug("a detail")
    assert [line[-7:] for line in log.lines if "front" in line] == [
        f"{number} began" for number in range(5)]
    assert log.lines.count("going on") == 1
    assert log.lines.count("a detail") == 5


def test_what_happens_to_one_camera_is_ten_lines_a_minute(log, clock):
    for number in range(6):
        for what in ("began", "ended", "was written"):
            log.log.info(f"%s: event %d {what}", "front", number)
        log.log.warning("%s: a warning %s", "front", "abcdef"[number])
    assert len(log.lines) == 10 + 6
    clock.now += 61
    log.log.info("%s: event %d began", "front", 7)
    assert log.lines[-1] == "front: event 7 began (8 more in 61 s)"


def test_line_that_cannot_be_formatted_does_not_fail_who_logs(log):
    made = logging.LogRecord("a test", logging.INFO, "f", 1, "%d", ("one",), None)
    assert log.repeats.filter(made)


def test_first_error_is_logged_with_its_traceback_again(log, clock):
    for _ in range(3):
        log.log.error("the loop failed", exc_info=ValueError("broken"))
        clock.now += 59
    assert log.lines == ["the loop failed", "the loop failed (1 more in 118 s)"]


def test_memory_of_the_log_is_bounded(log):
    for number in range(3 * MAX_WINDOWS):
        log.log.info("%s: %s", number, "is refused")
    assert len(log.lines) == 3 * MAX_WINDOWS
    assert len(log.repeats._windows) <= MAX_WINDOWS + 2

"""Failures of the camera loop are logged in full once, and then in a line."""

import logging

from pyimagesearch.errors import DetectorFailed
from pyimagesearch.surveillance.failures import Failures


def raised(text, kind=ValueError):
    try:
        try:
            raise kind(text)
        except kind as error:
            raise DetectorFailed(f"the detector failed: {error}") from error
    except DetectorFailed as error:
        return error


def test_traceback_is_logged_once_for_each_kind_of_error(caplog):
    failures = Failures()
    with caplog.at_level(logging.ERROR):
        for error in (raised("one"), raised("two"), raised("three", KeyError), raised("four")):
            failures.log("front", error)
    assert [bool(each.exc_info) for each in caplog.records] == [True, False, True, False]
    assert caplog.records[1].getMessage() == (
        "front: the camera loop failed again: DetectorFailed: the detector failed: two")

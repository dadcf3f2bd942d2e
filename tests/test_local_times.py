"""Dates and times on pages."""

import datetime

import pytest
from flask import Flask

from pyimagesearch.web import local_times

EVENING = datetime.datetime(2025, 3, 9, 20, 5, 7).timestamp()


def shown(accepted):
    """Return how a reader with this Accept-Language sees a time and a day."""
    with Flask(__name__).test_request_context(headers={"Accept-Language": accepted}):
        return (local_times.clock(EVENING).replace("\u202f", " "),
                local_times.day_name(datetime.date(2025, 3, 9)))


@pytest.mark.parametrize(("accepted", "clock", "day"), [
    ("", "8:05:07 PM", "Sunday, March 9, 2025"),
    ("en-GB,en;q=0.9", "20:05:07", "Sunday, 9 March 2025"),
    ("pl, en-GB;q=0.5", "20:05:07", "Sunday, 9 March 2025"),
    ("en-NOWHERE1", "8:05:07 PM", "Sunday, March 9, 2025"),
    ("en-\x00../../x", "8:05:07 PM", "Sunday, March 9, 2025")])
def test_times_follow_the_readers_language_and_country(accepted, clock, day):
    assert shown(accepted) == (clock, day)


def test_near_days_have_a_name():
    today = datetime.date.today()
    assert local_times.day_name(today) == "Today"
    assert local_times.day_name(today - datetime.timedelta(1)) == "Yesterday"

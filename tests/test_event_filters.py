"""Template filters of the event pages."""

import pytest

from pyimagesearch.web.events import filters


@pytest.mark.parametrize(("seconds", "text"), [
    (0.4, "0:00"), (59.6, "1:00"), (61, "1:01"), (3600, "1:00:00"), (3725, "1:02:05")])
def test_duration_is_shown_as_by_a_player(seconds, text):
    assert filters.duration(seconds) == text


@pytest.mark.parametrize(("per_mille", "text"), [
    (0.4, "0.04 %"), (21.7, "2.2 %"), (99.6, "10 %"), (104.0, "10 %"), (999.9, "100 %"), (1000.0, "100 %")])
def test_area_is_shown_in_percent(per_mille, text):
    assert filters.percent(per_mille) == text


@pytest.mark.parametrize(("days", "text"), [
    (None, ""), (0.5, "room for about 12 hours"), (31.4, "room for about 31 days"),
    (14_642, "room for more than a year")])
def test_room_is_shown_in_hours_or_days(days, text):
    assert filters.days_name(days) == text

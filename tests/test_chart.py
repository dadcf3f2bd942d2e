"""The chart of one day above the list of events."""

import datetime
import re
import time

import pytest

from sample_archive import NOON

BRITISH = {"Accept-Language": "en-GB"}


def test_chart_links_to_the_events_of_that_time(client, sample):
    sample.add(*(sample.recorded(hour, NOON + 3600 * hour + 60) for hour in range(1, 6)))
    sample.store.level("front", int(NOON // 60) + 61, 40.0)
    assert sample.store.flush(60)
    page = client.get("/events?day=2026-11-20", headers=BRITISH).text
    assert "<path d=\"M780 100V" in page        # 13:00
    (url,) = re.findall(r'<a href="([^"]*)#list" aria-label="14:00 to 14:30: 1 event"', page)
    shown = client.get(url.replace("&amp;", "&")).text
    assert re.findall(r'id="e(\d)"', shown) == ["2", "1"]
    assert "Back to the newest" in shown


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_chart_covers_23_or_25_hours_when_clocks_change(client, sample, day, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        last = datetime.datetime.fromisoformat(f"{day}T23:59:00").timestamp()
        sample.add(sample.recorded(1, last))
        page = client.get(f"/events?day={day}", headers=BRITISH).text
        width = {"2026-03-29": 23, "2026-10-25": 25}[day] * 60
        assert f'viewBox="0 0 {width}.0 112"' in page
        assert "23:30 to 00:00: 1 event" in page
    finally:
        monkeypatch.undo()
        time.tzset()

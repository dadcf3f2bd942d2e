"""The report on a replay: one HTML file that shows everything by itself."""

import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from pyimagesearch.errors import SettingsError
from pyimagesearch.replay.event_log import Level, Peak, ReplayedEvent
from pyimagesearch.replay.player import Replay
from pyimagesearch.replay.recordings import Recording
from pyimagesearch.replay.report import (
    MAX_BARS,
    MAX_PICTURES,
    check_writable,
    draw_chart,
    heat_map,
    render,
    write_report,
)
from pyimagesearch.replay.results import flags_of
from pyimagesearch.replay.trial import Contender, Outcome
from pyimagesearch.settings.camera_settings import CameraSettings
from videos import picture

ODD_NAME = "a\"'><script>alert(1)</script>&amp;.mp4"


def outcome(label="single", events=1, seconds=20.0, areas=(0.0, 4.0, 40.0, 0.0)):
    levels = [Level(seconds * number / (len(areas) - 1), area, number == 0)
              for number, area in enumerate(areas)]
    peak = Peak(7.0, 40.0, ((10, 10, 60, 40),), (400, 300), "has travelled", picture(4.5, ((4, 5),)))
    heat = np.zeros((300, 400), np.float32)
    heat[100:200, 100:300] = 2
    return Outcome(
        Contender(label, CameraSettings(name="front", source="demo")), levels,
        [ReplayedEvent(5.0 + number, 12.0 + number, peak) for number in range(events)],
        heat=heat, scene=picture(0.0))


def replay(name="yard.mp4", *outcomes, **more):
    return Replay(Recording((), name, 20.0), list(outcomes or [outcome()]), **more)


def test_settings_are_shown_as_flags_where_not_by_default():
    settings = CameraSettings(name="front", source="demo", min_area=2.5, scene_changes=False)
    assert flags_of(settings) == [
        "--detector adaptive", "--min-area 2.5", "--no-scene-changes"]
    assert flags_of(CameraSettings(name="x", source="demo", detector="single")) == [
        "--detector single"]


def test_names_and_labels_are_escaped():
    page = render([replay(ODD_NAME, outcome(ODD_NAME), notes=[ODD_NAME])], [ODD_NAME], 1.0)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_nothing_is_loaded_from_elsewhere():
    page = render([replay("a.mp4", outcome("single"), outcome("mog2"))], [], 1.0)
    HTMLParser().feed(page)
    assert re.findall(r'(?:src|href)="(?!data:image/jpeg;base64,)', page) == []
    assert not re.search(r"https?:|@import|url\(", page)
    assert "default-src 'none'; img-src data:" in page


def test_each_video_has_a_section_and_each_contender_a_chart():
    page = render([replay(name, outcome("single"), outcome("mog2", events=2))
                   for name in ("a.mp4", "b.mp4")], ["c.mp4 is no video"], 2.0)
    assert re.findall(r"<h2>(.*)</h2>", page) == ["a.mp4", "b.mp4"]
    assert re.findall(r"<h3>(.*)</h3>", page) == ["single: 1 event", "mog2: 2 events"] * 2
    assert page.count("<svg") == 4
    assert page.count("<table>") == 3
    assert "c.mp4 is no video" in page
    assert "has travelled" in page


def test_many_events_are_listed_but_not_all_pictured():
    page = render([replay("a.mp4", outcome(events=MAX_PICTURES + 5))], [], 1.0)
    assert page.count("<img") == MAX_PICTURES + 1      # and the heat map
    assert page.count("<figcaption>") == MAX_PICTURES + 6


def test_chart_has_a_bar_for_each_moment_and_its_threshold():
    chart = draw_chart(outcome())
    assert chart.path.count("M") == 2
    assert chart.learning == pytest.approx(1000 / 3, abs=0.1)
    assert [(band.x, band.width) for band in chart.events] == [(250.0, 350.0)]
    assert chart.least == pytest.approx(100 * (1 - 0.9 * (1 / 40) ** 0.5), abs=0.1)
    long = draw_chart(outcome(areas=[1.0] * 5000))
    assert long.path.count("M") == MAX_BARS


def test_chart_of_nothing_is_empty():
    empty = Outcome(Contender("x", CameraSettings(name="front", source="demo")))
    assert draw_chart(empty).path == ""
    assert heat_map(empty) == ""


def test_report_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(SettingsError, match=r"--report is .*, which cannot be written: Is a dir"):
        check_writable(str(tmp_path))
    with pytest.raises(SettingsError, match="No such file"):
        write_report(str(tmp_path / "none/x.html"), [replay()], [], 1.0)


def test_report_is_not_there_before_it_is_complete(tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    check_writable(str(path))
    assert list(tmp_path.iterdir()) == []
    write_report(str(path), [replay()], [], 1.0)
    usual = tmp_path / "usual"
    usual.touch()
    assert path.stat().st_mode == usual.stat().st_mode
    monkeypatch.setattr("os.fsync", interrupt)
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_report(str(path), [], [], 1.0)
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path, usual]


def interrupt(number):
    raise KeyboardInterrupt


@pytest.mark.parametrize("width", [390, 1280])
def test_report_fits_phones_and_laptops(browser, tmp_path, width):
    path = tmp_path / "report.html"
    write_report(str(path), [
        replay("a" * 200, outcome("single threshold=40 min-area=2"), outcome("mog2", events=9))],
        ["b" * 200], 1.0)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500})
    browser.get(path.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script(
        "return [...document.images].every(each => each.complete && each.naturalWidth > 100)")
    columns = browser.execute_script(
        "return new Set([...document.querySelectorAll('figure')].map(each => each.offsetLeft)).size")
    assert columns == (2 if width == 390 else 4)


def test_thumbnail_shows_the_boxes_of_the_peak():
    page = render([replay()], [], 1.0)
    import base64
    pictures = [cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)
                for data in re.findall(r'base64,([^"]+)"', page)]
    red = [int(((image[:, :, 2] > 180) & (image[:, :, 1] < 90)).sum()) for image in pictures]
    assert red[1] > 40      # the second picture is the event's; the first is the heat map

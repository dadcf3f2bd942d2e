"""The strip of the last events below the live pictures."""

import re
from dataclasses import replace

import pytest

from protected import BROWSER, VIEWER, ProtectedApp
from pyimagesearch.events.event import CLIP, OPEN, Event, KeptFile
from sample_archive import NOON, SampleArchive


@pytest.fixture
def archive(tmp_path):
    archive = SampleArchive(tmp_path)
    yield archive
    archive.close()


@pytest.fixture
def protected(tmp_path, archive):
    """The app with two cameras and ten recorded events, and one that lasts."""
    protected = ProtectedApp(tmp_path / "access", ("front", "yard"))
    protected.app.extensions["services"] = replace(
        protected.app.extensions["services"], archive=archive)
    archive.add(*(archive.recorded(number, NOON + 60 * number, camera=("front", "yard")[number % 2])
                  for number in range(1, 11)),
                archive.recorded(11, camera="sold"),
                Event(id=12, camera="yard", kind="lost", begin=NOON, end=NOON),
                Event(id=13, camera="front", kind="motion", begin=NOON, end=None, files=(
                    KeptFile("front/now.mp4", CLIP, NOON, NOON, 0, OPEN),)))
    return protected


def links(protected, path):
    page = protected.client().get(path, headers={**protected.bearer(VIEWER), **BROWSER}).text
    return re.findall(r'<li data-id="\d+"><a href="([^"]*)"', page)


def test_last_six_events_with_a_picture_are_shown(protected):
    assert links(protected, "/") == [
        "/camera/front", *(f"/events/{number}" for number in (10, 9, 8, 7, 6))]
    assert links(protected, "/recent") == links(protected, "/")


def test_page_of_a_camera_shows_its_own_events(protected):
    assert links(protected, "/camera/yard") == [f"/events/{number}" for number in (9, 7, 5, 3, 1)]
    assert links(protected, "/recent/front") == [
        f"/events/{number}" for number in (13, 10, 8, 6, 4, 2)]
    assert protected.client().get("/recent/attic", headers=protected.bearer(VIEWER)).status_code == 404


def test_unreadable_events_do_not_hide_the_live_picture(protected, archive):
    archive.store._path.write_bytes(b"no database" * 1000)
    assert links(protected, "/") == []

"""How the live page chooses what a connection carries, and reads video, in Chromium."""

import contextlib
import itertools

import pytest

from product import Product
from pyimagesearch.streaming.fragments import fragment

JUDGED = """
    const [rungs, first, samples, done] = arguments;
    import("/static/live_ladder.js").then(({ Ladder }) => {
      const ladder = new Ladder(rungs, first, 0);
      let now = 0;
      done(samples.map(([missed, speed, late]) => {
        now += 2000;
        ladder.judge({ received: 100 - missed, missed, bytes: 2 * speed, late }, 2, now);
        return ladder.rung;
      }));
    });"""
LINK = """
    const [seconds, speed, needs, done] = arguments;
    import("/static/live_ladder.js").then(({ Ladder }) => {
      const ladder = new Ladder(["stills", "low", "high", "sharp"], null, 0);
      const shown = [];
      for (let now = 2; now < seconds; now += 2) {
        const missed = ladder.rung === "stills" ? 0 : Math.max(0, 100 - 100 * speed / needs[ladder.rung]);
        ladder.judge({ received: 100 - missed, missed, bytes: 2 * speed, late: 0 }, 2, 1000 * now);
        shown.push(ladder.rung);
      }
      done(shown);
    });"""
READ = """
    const [bytes, sizes, done] = arguments;
    import("/static/live_fragments.js").then(({ FragmentReader }) => {
      const reader = new FragmentReader(), all = Uint8Array.from(bytes), parts = [];
      let at = 0;
      for (const size of [...sizes, all.length]) {
        parts.push(...reader.read(all.slice(at, at + size)));
        at += size;
      }
      done(parts.map(({ data, ...more }) => ({ ...more, data: [...data] })));
    }).catch((error) => done(error.message));"""
RUNGS = ["stills", "low", "high", "sharp"]
NEEDS = {"low": 62_500, "high": 187_500, "sharp": 1_500_000}    # bytes a second
GOOD, BAD, AWFUL = (0, 1_000_000, 0), (60, 300_000, 0), (90, 60_000, 0)


@pytest.fixture(scope="module")
def server():
    with contextlib.closing(Product("--source", "demo:320x240@1", "--no-record")) as product:
        yield product


@pytest.fixture
def page(server, browser):
    if not browser.current_url.startswith(server.url):
        browser.get(f"{server.url}/static/live_ladder.js")
    return browser


@pytest.fixture
def judged(page):
    """Return the rung after each sample, two seconds apart."""
    def judge(*samples, rungs=RUNGS, first="sharp"):
        return page.execute_async_script(JUDGED, rungs, first, samples)
    return judge


@pytest.fixture
def shown(page):
    """Return what is shown every two seconds over a connection of *speed* [bytes/s]."""
    def show(speed, seconds=3600):
        return page.execute_async_script(LINK, seconds, speed, NEEDS)
    return show


def test_one_moderate_trouble_changes_nothing(judged):
    assert set(judged(BAD, GOOD, BAD, GOOD)) == {"sharp"}


def test_lasting_trouble_leads_down(judged):
    assert judged(BAD, BAD) == ["sharp", "high"]


def test_connection_decides_how_far_down(judged):
    assert judged(AWFUL) == ["low"]
    assert judged((90, 300_000, 0)) == ["high"]


def test_late_pictures_are_trouble_too(judged):
    late = (0, 150_000, 0.8)
    assert judged(late, late, first="high") == ["high", "low"]


def test_stills_are_for_less_than_fifty_kilobytes_a_second(judged):
    assert set(judged(*5 * [(90, 55_000, 0)], first="low")) == {"low"}
    assert judged((90, 45_000, 0), first="low") == ["stills"]


def test_pictures_are_sharp_again_after_calm(judged):
    assert judged(*11 * [GOOD], first="high")[8:] == ["high", "sharp", "sharp"]


def test_without_video_only_a_very_slow_link_gets_stills(judged):
    without = {"rungs": ["stills", "sharp"]}
    assert judged(AWFUL, **without) == ["sharp"]
    assert judged((95, 40_000, 0), **without) == ["stills"]


def test_nothing_known_changes_nothing(judged):
    assert judged((100, 0, 0), rungs=["sharp"]) == ["sharp"]


@pytest.mark.parametrize(("speed", "rung"), [
    (5_000_000, "sharp"), (400_000, "high"), (100_000, "low"), (30_000, "stills")])
def test_ladder_finds_its_rung_and_stays(shown, speed, rung):
    hour = shown(speed)
    assert hour.count(rung) > 0.9 * len(hour)
    changes = sum(one != other for one, other in itertools.pairwise(hour))
    assert changes <= 24        # climbs that failed, and the ways back
    assert hour[:3].count(rung) or rung == "stills"


def mp4(*, junk=b""):
    """A header, then two pictures, as the server sends them."""
    avcc = b"\0\0\0\x0favcC\x01\x64\x00\x1e\xff\xe0\0"
    header = b"\0\0\0\x0cftypisom" + (8 + len(avcc)).to_bytes(4) + b"moov" + avcc
    return [header, *(junk + fragment(number, 3000 * number, 3000, b"\0\0\0\1x" * number,
                                      1_800_000_000.25, is_key=number == 7)
                      for number in (7, 9))]


@pytest.mark.parametrize("sizes", [[], [1, 2, 3, 50, 7], 400 * [1]], ids=str)
def test_video_is_cut_into_pictures(page, sizes):
    header, *pictures = mp4()
    found = page.execute_async_script(READ, list(b"".join((header, *pictures))), sizes)
    assert found == [
        {"codec": "avc1.64001e", "data": list(header)},
        *({"sequence": number, "captured": 1_800_000_000.25, "data": list(data)}
          for number, data in zip((7, 9), pictures, strict=True))]


def test_unknown_boxes_between_pictures_are_left_out(page):
    stream = b"".join(mp4(junk=b"\0\0\0\x08free"))
    found = page.execute_async_script(READ, list(stream), [])
    assert [bytes(part["data"]) for part in found] == mp4()


def test_what_is_no_video_is_refused(page):
    assert page.execute_async_script(READ, list(b"<!doctype html>"), []
                                     ) == "the server sent no MP4"

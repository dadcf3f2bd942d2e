"""The live picture in Chromium: as video, pictures or stills, as the connection allows."""

import contextlib
import itertools
import json

import pytest

from chromium import go
from harness import eventually
from product import Product
from pyimagesearch.streaming.fragments import fragment

JUDGED = """
    const [rungs, first, samples, done] = arguments;
    import("/static/live_ladder.js").then(({ Ladder }) => {
      const ladder = new Ladder(rungs, first, 0);
      let now = 0;
      done(samples.map(([missed, speed, late]) => {
        now += 2000;
        ladder.judge({ received: 100 - missed, missed, bytes: 2 * speed, late, seconds: 2 }, now);
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
        ladder.judge({ received: 100 - missed, missed, bytes: 2 * speed, late: 0, seconds: 2 },
                     1000 * now);
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


WATCH = """
    window.errors = [];
    for (const kind of ["error", "unhandledrejection", "securitypolicyviolation"]) {
      addEventListener(kind, (event) => errors.push(`${kind}: ${event.message ?? event.reason}`));
    }"""
BROKEN = 'MediaSource.prototype.addSourceBuffer = () => { throw new Error("it is broken"); };'
LACKING = "delete window.MediaSource;"
SHOWN = """
    const find = (id) => document.getElementById(id), [video, image, held] = ["video", "live", "held"].map(find);
    if (!held) return {};
    return { video: !video.hidden && held.hidden && video.currentTime,
             image: !image.hidden && held.hidden && image.naturalWidth,
             still: !held.hidden && sessionStorage.getItem("rung") === "stills" && held.width,
             url: image.getAttribute("src"), note: find("picture-note").textContent, errors: window.errors };"""


@pytest.fixture(scope="module")
def server():
    with contextlib.closing(Product("--source", "yard=demo:320x240@15", "--no-record",
                                    "--source", "door=demo:320x240@5")) as product:
        yield product


@pytest.fixture
def page(server, browser):
    """The browser on an address of the server that is no page, and keeps nothing."""
    if browser.current_url != f"{server.url}/static/icon.svg":
        browser.get(f"{server.url}/static/icon.svg")
    browser.execute_script("localStorage.clear(); sessionStorage.clear();")
    return browser


@pytest.fixture
def show(server, page):
    """Open a page with a choice of the picture; run *script* before its own."""
    scripts = []

    def begin(choice="auto", *, rung="", script="", path="/camera/yard", url=server.url):
        if url != server.url:
            page.get(f"{url}/static/icon.svg")
        page.execute_script("localStorage.picture = arguments[0];"
                            "sessionStorage.rung = arguments[1];", choice, rung)
        scripts.append(page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {
            "source": WATCH + script})["identifier"])
        go(page, url + path)
    yield begin
    for one in scripts:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": one})
    page.get(f"{server.url}/static/icon.svg")
    eventually(lambda: viewers(server) == (0, 0))


def viewers(server):
    """Return the viewers of pictures and of video, of the first camera."""
    return server.camera["viewers"], server.camera["video_viewers"]


def wait_for(page, kind):
    """Wait until the page shows *kind*, and return all about it."""
    return eventually(lambda: (shown := page.execute_script(SHOWN)).get(kind) and shown)


def wait_for_progress(page):
    """Wait until the video goes on."""
    before = wait_for(page, "video")["video"]
    eventually(lambda: (page.execute_script(SHOWN)["video"] or 0) != before)


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


def test_time_without_a_server_says_nothing_about_the_link(page):
    long = {"received": 0, "missed": 1, "bytes": 0, "late": 0, "seconds": 9}
    assert page.execute_async_script("""
        const [sample, done] = arguments;
        import("/static/live_ladder.js").then(({ Ladder }) => {
          const ladder = new Ladder(["stills", "low"], null, 0);
          ladder.judge(sample, 9000);
          done(ladder.rung);
        });""", long) == "low"


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


@pytest.mark.parametrize("sizes", [[], [1, 2, 3, 50, 7], 400 * [1]], ids=len)
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


def test_saving_data_plays_video_without_any_error(server, page, show):
    show("saving")
    wait_for_progress(page)
    assert viewers(server) == (0, 1)
    eventually(lambda: page.execute_script(
        "return document.getElementById('viewers').textContent") == "1")
    assert page.execute_script(SHOWN)["errors"] == []


def test_choice_is_kept_and_takes_effect_at_once(server, page, show):
    show("saving")
    wait_for(page, "video")
    page.execute_script("""
        const choice = document.getElementById("picture");
        choice.value = "sharp";
        choice.dispatchEvent(new Event("change"));""")
    wait_for(page, "image")
    eventually(lambda: viewers(server) == (1, 0))
    assert page.execute_script("return localStorage.picture") == "sharp"


def test_slow_connection_leads_from_pictures_to_video(server, page, show, link):
    line = link(server.port)
    line.rate = 40_000
    show(url=line.url.rstrip("/"))
    wait_for(page, "image")
    assert wait_for(page, "video")["note"] == "Slow connection: strongly compressed."
    assert page.execute_script("return sessionStorage.rung") == "low"


def test_very_slow_connection_shows_stills(server, page, show):
    show(rung="stills")
    assert wait_for(page, "still")["note"].startswith("Very slow connection")
    assert json.loads(server.get("/api/status"))["viewers"] == 0


def test_video_that_fails_twice_gives_way_to_pictures(server, page, show):
    show("saving", script=BROKEN)
    assert wait_for(page, "image")["note"] == (
        "Live video does not play here (it is broken): small pictures are shown instead.")


def test_browser_without_video_saves_data_by_small_pictures(page, show):
    show("saving", script=LACKING)
    shown = wait_for(page, "image")
    assert "width=320" in shown["url"]
    assert shown["note"] == ("Live video does not play here (this browser has no Media Source "
                             "Extensions): small pictures are shown instead.")


def test_hidden_page_fetches_no_video_until_it_is_shown(server, page, show):
    show("saving")
    wait_for(page, "video")
    window = page.execute_cdp_cmd("Browser.getWindowForTarget", {})["windowId"]
    for state, count in (("minimized", 0), ("normal", 1)):
        page.execute_cdp_cmd("Browser.setWindowBounds", {
            "windowId": window, "bounds": {"windowState": state}})
        eventually(lambda count=count: viewers(server) == (0, count))
    wait_for_progress(page)


def test_video_that_was_cut_goes_on_by_itself(server, page, show, link):
    line = link(server.port)
    show("saving", url=line.url.rstrip("/"))
    wait_for(page, "video")
    line.cut()
    wait_for_progress(page)
    assert page.execute_script(SHOWN)["errors"] == []

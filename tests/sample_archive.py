"""
A folder with clips and events, as a week of watching leaves it, and its server.

    python tests/sample_archive.py FOLDER      prints its address; "stop" on its input ends it
"""

import datetime
import random
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from harness import open_access  # noqa: E402
from pyimagesearch.clock import SystemClock  # noqa: E402
from pyimagesearch.events.event import (  # noqa: E402
    CLIP,
    COMPLETE,
    GONE,
    LOST,
    MANUAL,
    MOTION,
    OPEN,
    RETURNED,
    SNAPSHOT,
    STILL,
    THUMBNAIL,
    Event,
    KeptFile,
)
from pyimagesearch.events.store import EventStore  # noqa: E402
from pyimagesearch.status import LIVE, ArchiveStatus, CameraStatus  # noqa: E402
from pyimagesearch.web.services import Feed  # noqa: E402

FPS, SECONDS = 10, 6
PATIENT = 300.0     # seconds in which a browser on a busy machine can undo
STATUS = CameraStatus(
    name="front", source="demo", granted="", garbled=0, state=LIVE, since=0.0, reason="",
    learnt=40, frame_count=32, motion=False, width=640, height=480, fps=29.97, frames=40,
    skipped=0, losses=0, stuck_reads=0, encoded=4, viewers=1)


class SampleArchive:
    """Stands in for the archive: a real store and real files, no recorder."""

    def __init__(self, folder, **options):
        self.store = EventStore(folder / "events.db", SystemClock(), **options)
        self.clips = folder / "clips"
        self.clips.mkdir(exist_ok=True)
        self.armed = True
        self.store.open()

    def status(self):
        return ArchiveStatus(folder=str(self.clips.parent), used=4_210_000_000, cap=120 * 10**9,
                             free=300 * 10**9, days=31.4, trouble=self.store.trouble,
                             armed=self.armed)

    def arm(self, armed):
        self.armed = armed

    def star(self, ids, starred):
        return self.store.star(ids, starred)

    def close(self):
        self.store.stop()
        assert self.store.join(60)


class FakeCamera:
    """Stands in for one camera's recorder: remembers what it was told."""

    def __init__(self, name, archive, broadcaster):
        self.name, self.archive, self.since = name, archive, None
        self.feed = Feed(broadcaster, self.status, self.record, self.keep_still)

    def status(self):
        return replace(STATUS, name=self.name, recording=self.since is not None,
                       recording_since=self.since)

    def record(self, on):
        self.since = (self.since or time.time()) if on else None
        return "started" if on else "stopped"

    def keep_still(self, jpeg, captured):
        store = self.archive.store
        number = store.new_id()
        path = place(self.name, captured, "jpg")
        write(self.archive.clips / path, jpeg)
        store.begin(Event(id=number, camera=self.name, kind=SNAPSHOT, begin=captured,
                          end=captured, files=(KeptFile(
                              path, STILL, captured, captured, len(jpeg), COMPLETE),)))
        return number


def place(camera, when, ending):
    return f"{camera}/{datetime.datetime.fromtimestamp(when):%Y-%m-%d/%H-%M-%S}.{ending}"


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def film(path, first=48, seconds=SECONDS):
    """Write an H.264 clip of the demo scene; return a JPEG of its middle."""
    import av
    import cv2

    from pyimagesearch.capture.demo import DemoScene

    scene = DemoScene((320, 240), FPS, seed=first)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = FPS
        for number in range(seconds * FPS):
            picture = scene.picture(first + number)
            if number == seconds * FPS // 2:
                thumbnail = cv2.imencode(".jpg", picture)[1].tobytes()
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        container.mux(stream.encode())
    return thumbnail


def event(number, camera, begin, clips=1, *, film_of, **more):
    """Return an event whose clips are copies of a film and its thumbnail."""
    (content, thumbnail), folder = film_of, more.pop("folder")
    files = []
    for part in range(clips):
        at = begin + part * SECONDS
        path = place(camera, at, "mp4")
        write(folder / path, content)
        files.append(KeptFile(path, CLIP, at, at + SECONDS, len(content), COMPLETE))
    still = place(camera, begin, "jpg")
    write(folder / still, thumbnail)
    files.append(KeptFile(still, THUMBNAIL, begin, begin, len(thumbnail), COMPLETE))
    return Event(**{"id": number, "camera": camera, "kind": MOTION, "begin": begin,
                    "end": begin + clips * SECONDS, "peak_area": 21.7, "files": tuple(files),
                    **more})


def fill(archive, days=2, noon=None):
    """Put a plausible while into *archive*; return the ids of its events, the newest first."""
    dice = random.Random(4)
    noon = noon or datetime.datetime.combine(
        datetime.date.today(), datetime.time(12)).timestamp()
    films = []
    for number, first in enumerate((230, 250, 270)):
        clip = archive.clips.parent / f"film{number}.mp4"
        films.append((film(clip, first), clip))
    films = [(clip.read_bytes(), thumbnail) for thumbnail, clip in films]
    made = []
    for day in range(days):
        for hour in (-11.6, -5.1, -4.9, -4.2, -1.5, -1.3, -0.4):
            begin = noon - 86400 * day + 3600 * hour + dice.randrange(60)
            made.append(event(0, dice.choice(["front", "yard"]), begin, folder=archive.clips,
                              film_of=dice.choice(films)))
    newest = noon - 300.0
    made += [
        event(0, "front", newest, 3, film_of=films[0], folder=archive.clips, starred=True),
        event(0, "yard", newest - 1000, film_of=films[1], folder=archive.clips, kind=MANUAL),
        Event(id=0, camera="yard", kind=LOST, begin=newest - 3000, end=newest - 2700,
              note="no picture for 5 seconds"),
        Event(id=0, camera="yard", kind=RETURNED, begin=newest - 2700, end=newest - 2700),
        Event(id=0, camera="front", kind=MOTION, begin=newest - 4000, end=newest - 3980,
              files=(KeptFile("front/gone.mp4", CLIP, newest, newest, 5, GONE),)),
        Event(id=0, camera="front", kind=MOTION, begin=newest + 240, end=None,
              files=(KeptFile("front/now.mp4", CLIP, newest, newest, 5, OPEN),)),
    ]
    made.sort(key=lambda one: one.begin)
    made = [replace(one, id=archive.store.new_id()) for one in made]
    for one in made:
        archive.store.begin(one)
        for minute in range(int(one.begin // 60) - 1, int((one.end or one.begin) // 60) + 2):
            archive.store.level(one.camera, minute, dice.uniform(2, 60))
    for minute in range(int(noon // 60) - 1200, int(noon // 60), 2):
        archive.store.level("front", minute, dice.uniform(0, 2.5))
    assert archive.store.flush(60)
    return [one.id for one in reversed(made)]


def main(folder):
    from pyimagesearch.capture.demo import DemoScene
    from pyimagesearch.jpeg import encode
    from pyimagesearch.serving.server import LiveServer, in_thread
    from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.services import Services

    archive = SampleArchive(folder, undo_seconds=PATIENT)
    fill(archive)
    broadcaster = LatestFrameBroadcaster()
    broadcaster.publish(encode(DemoScene((640, 480), 10, seed=7).picture(240), 75), time.time())
    feeds = {name: FakeCamera(name, archive, broadcaster).feed for name in ("front", "yard")}
    server = LiveServer("127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.address[1]}", flush=True)

    import gevent
    watcher = gevent.get_hub().loop.async_()
    watcher.start(server.stop)
    threading.Thread(target=lambda: (sys.stdin.readline(), watcher.send()), daemon=True).start()
    server.run(create_app(Services(feeds, open_access(), in_thread, archive=archive)), on_stop=broadcaster.close)
    archive.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

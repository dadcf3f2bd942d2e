"""
An archive with two days of events, and a server that shows it.

    python tests/sample_archive.py FOLDER

prints the server's URL; a line on its input stops it.
"""

import datetime
import random
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import av  # noqa: E402
import cv2  # noqa: E402
from flask.testing import FlaskClient  # noqa: E402

from harness import open_access  # noqa: E402
from pyimagesearch.capture.demo import DemoScene  # noqa: E402
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
    Sighting,
)
from pyimagesearch.events.store import EventStore  # noqa: E402
from pyimagesearch.jpeg import encode  # noqa: E402
from pyimagesearch.overlay import RED  # noqa: E402
from pyimagesearch.recording.receipt import Receipt  # noqa: E402
from pyimagesearch.serving.server import LiveServer  # noqa: E402
from pyimagesearch.settings import CameraSettings  # noqa: E402
from pyimagesearch.status import LIVE, ArchiveStatus, CameraStatus  # noqa: E402
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster  # noqa: E402
from pyimagesearch.surveillance import Arming  # noqa: E402
from pyimagesearch.web import Feed, Services, create_app  # noqa: E402

FPS, CLIP_SECONDS = 10, 6
UNDO_SECONDS = 300.0    # enough for a browser on a busy machine
STATUS = CameraStatus(
    name="camera", source="demo", granted="", garbled=0, state=LIVE, since=0.0, reason="",
    learnt=40, frame_count=32, motion=False, width=640, height=480, fps=29.97, frames=40,
    skipped=0, losses=0, stuck_reads=0, encoded=4, viewers=1)


class Media(NamedTuple):
    """The content of a clip and of its thumbnail."""

    mp4: bytes
    jpeg: bytes


NOON = datetime.datetime(2026, 11, 20, 12).timestamp()
MEDIA = Media(mp4=bytes(range(256)) * 4000, jpeg=b"\xff\xd8\xff a thumbnail \xff\xd9")


class SampleArchive:
    """An archive with a real store and real files, but without recorders."""

    def __init__(self, folder, **options):
        self.store = EventStore(folder / "events.db", SystemClock(), **options)
        self.clips = folder / "clips"
        self.clips.mkdir(exist_ok=True)
        self.store.open()
        self.arming = Arming(self.store, SystemClock())

    def status(self):
        return ArchiveStatus(folder=str(self.clips.parent), used=4_210_000_000, cap=120 * 10**9,
                             free=300 * 10**9, days=31.4, trouble=self.store.trouble)

    def confirm(self):
        self.store.confirm()

    def star(self, ids, starred):
        return self.store.star(ids, starred)

    def add(self, *events):
        """Write *events* to the database; return them."""
        for event in events:
            self.store.begin(event)
        assert self.store.flush(60)
        return events

    def recorded(self, number=1, begin=NOON, camera="front", clips=1, **fields):
        """Return event *number*, whose files are there but cannot be played."""
        return recorded_event(self.clips, camera, begin, MEDIA, clips, id=number, **fields)

    def watch(self, *names):
        """Let each of these cameras be armed."""
        for name in names:
            self.arming.add(CameraSettings(name=name, source="demo"), lambda armed: None)

    def close(self):
        self.store.stop()
        assert self.store.join(60)


class FakeCamera:
    """A camera that only notes when a recording was started."""

    def __init__(self, name, archive, broadcaster):
        self.name, self.archive, self.recording_since = name, archive, None
        self.feed = Feed(broadcaster, self.status, self.record, self.keep_still)

    def status(self):
        return replace(STATUS, name=self.name, recording=self.recording_since is not None,
                       recording_since=self.recording_since)

    def record(self, on):
        self.recording_since = (self.recording_since or time.time()) if on else None
        return "started" if on else "stopped"

    def keep_still(self, frame):
        captured = frame.captured
        still = save(self.archive.clips, self.name, captured, captured, STILL, frame.jpeg)
        event = Event(id=self.archive.store.new_id(), camera=self.name, kind=SNAPSHOT,
                      begin=captured, end=captured, files=(still,))
        self.archive.store.begin(event)
        receipt = Receipt(event.id)
        receipt.settle()
        return receipt


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def save(folder, camera, begin, end, media, content):
    """Write a file of an event below *folder*, where the recorder would; return it."""
    suffix = "mp4" if media == CLIP else "jpg"
    path = f"{camera}/{datetime.datetime.fromtimestamp(begin):%Y-%m-%d/%H-%M-%S}.{suffix}"
    write(folder / path, content)
    return KeptFile(path, media, begin, end, len(content), COMPLETE)


def recorded_event(folder, camera, begin, media, clips=1, **fields):
    """Return a motion event with its files below *folder*: *clips* and a thumbnail."""
    begins = [begin + part * CLIP_SECONDS for part in range(clips)]
    files = [save(folder, camera, each, each + CLIP_SECONDS, CLIP, media.mp4) for each in begins]
    files.append(save(folder, camera, begin, begin, THUMBNAIL, media.jpeg))
    return Event(**{"id": 0, "camera": camera, "kind": MOTION, "begin": begin,
                    "end": begin + clips * CLIP_SECONDS, "peak_area": 21.7,
                    "files": tuple(files), **fields})


def sightings(begin, *labels):
    """Return what was recognised 3 s after *begin*, then 2 s later, the best first."""
    names = {"car": "vehicle", "dog": "animal"}
    return tuple(Sighting(names.get(label, label), label, 0.93 - 0.2 * number,
                          begin + 3.0 + 2 * number, (60, 40, 120, 200))
                 for number, label in enumerate(labels))


def film(path, first):
    """Film the demo scene from frame *first* on, with its middle as the thumbnail."""
    scene, count = DemoScene((320, 240), FPS, seed=first), CLIP_SECONDS * FPS
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = FPS
        for number in range(first, first + count):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), "bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    middle = first + count // 2
    thumbnail, (box,) = scene.picture(middle), scene.boxes(middle)
    cv2.rectangle(thumbnail, box[:2], box[2:], RED, 1)
    return Media(path.read_bytes(), encode(thumbnail, 90))


def fill(archive, noon):
    """Add two days of events to *archive*, the last ones just before *noon*."""
    dice, folder = random.Random(4), archive.clips
    shown = {240: ("person",), 130: ("car",), 395: ("car", "person"), 250: ()}
    films = [(film(folder.parent / f"film{first}.mp4", first), labels)
             for first, labels in shown.items()]

    def named_event(camera, begin, media, labels, *more, **fields):
        return recorded_event(folder, camera, begin, media, *more,
                              sightings=sightings(begin, *labels), **fields)
    write(folder / "front/now.mp4", films[0][0].mp4)
    events = [
        named_event(dice.choice(["front", "yard"]),
                    noon - 86400 * day + 3600 * hour + dice.randrange(60), *dice.choice(films))
        for day in range(2) for hour in (-11.6, -5.1, -4.9, -4.2, -1.5, -1.3, -0.4)]
    last = noon - 300.0
    events += [
        named_event("front", last, *films[0], 3, starred=True),
        recorded_event(folder, "yard", last - 1000, films[3][0], kind=MANUAL),
        Event(id=0, camera="yard", kind=LOST, begin=last - 3000, end=last - 2700,
              note="no picture for 5 seconds"),
        Event(id=0, camera="yard", kind=RETURNED, begin=last - 2700, end=last - 2700),
        Event(id=0, camera="front", kind=MOTION, begin=last - 4000, end=last - 3980,
              files=(KeptFile("front/gone.mp4", CLIP, last, last, 5, GONE),)),
        Event(id=0, camera="front", kind=MOTION, begin=last + 240, end=None,
              files=(KeptFile("front/now.mp4", CLIP, last + 240, last + 246,
                              len(films[0][0].mp4), OPEN),
                     save(folder, "front", last + 240, last + 240, THUMBNAIL, films[0][0].jpeg))),
    ]
    for event in sorted(events, key=lambda event: event.begin):
        archive.store.begin(replace(event, id=archive.store.new_id()))
        for minute in range(int(event.begin // 60) - 1,
                            int((event.end or event.begin) // 60) + 2):
            archive.store.level(event.camera, minute, dice.uniform(2, 60))
    for minute in range(int(noon // 60) - 1200, int(noon // 60), 2):
        archive.store.level("front", minute, dice.uniform(0, 2.5))
    assert archive.store.flush(60)


class BufferedClient(FlaskClient):
    """Read each response to its end and close it, as a server does."""

    def open(self, *request, **more):
        return super().open(*request, **{"buffered": True, **more})


def client_of(*cameras, archive=None, **more):
    """Return a client of an app that needs no login."""
    feeds = {camera.name: camera.feed for camera in cameras}
    arming = None
    if isinstance(archive, SampleArchive):
        archive.watch(*feeds)
        arming = archive.arming
    app = create_app(Services(feeds, open_access(), archive=archive, arming=arming, **more))
    app.test_client_class = BufferedClient
    return app.test_client()


def stop_on_input(server):
    """Stop *server*, which runs in this thread, when a line comes in."""
    import gevent
    line_came = gevent.get_hub().loop.async_()
    line_came.start(server.stop)
    threading.Thread(target=lambda: (sys.stdin.readline(), line_came.send()),
                     daemon=True).start()


def main(folder):
    archive = SampleArchive(folder, undo_seconds=UNDO_SECONDS)
    today = datetime.date.today()
    fill(archive, datetime.datetime.combine(today, datetime.time(12)).timestamp())
    broadcaster = LatestFrameBroadcaster()
    broadcaster.publish(encode(DemoScene((640, 480), 10, seed=7).picture(240), 75), time.time())
    feeds = {name: FakeCamera(name, archive, broadcaster).feed for name in ("front", "yard")}
    archive.watch(*feeds)
    server = LiveServer("127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.address[1]}", flush=True)
    stop_on_input(server)
    server.run(create_app(Services(feeds, open_access(), server.pools, archive=archive,
                                   arming=archive.arming,
                                   wait_for_frame=server.wait_for_frame)),
               on_stop=broadcaster.close)
    archive.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Film with a recorder whose thread a test runs by hand, and look at the clips."""

import json
import subprocess
import threading
from fractions import Fraction

import av
import cv2

from harness import needs
from pyimagesearch.capture.camera_packets import SYNTAXES, describe
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.ffmpeg import OwnInput
from pyimagesearch.capture.ffmpeg_source import FfmpegSource
from pyimagesearch.capture.url import CameraUrl
from pyimagesearch.jpeg import LazyJpeg, jpeg_size
from pyimagesearch.overlay import Annotation, ClockStyle
from pyimagesearch.recording.clip import Clip
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.paths import JOURNAL_SUFFIX, PART_SUFFIX
from pyimagesearch.recording.preroll import Preroll
from pyimagesearch.recording.preroll_journal import Journal

BEGAN = 1_800_000_000.0     # [s since the epoch]


def jpegs(count, size=(160, 120), fps=10):
    scene = DemoScene(size, fps)
    return [cv2.imencode(".jpg", scene.picture(number))[1].tobytes() for number in range(count)]


SMALL = jpegs(64)


def lazy(jpeg):
    return LazyJpeg(jpeg, jpeg_size(jpeg))


def film_source(path, clock, packets):
    """Return the source of a video file, whose packets *packets* receives."""
    return FfmpegSource(CameraUrl(path.name, "", ""), av.open(str(path)), OwnInput(),
                        threading.Event(), clock, packets=packets)


def film(kept, clock, seconds, fps=10.0, pictures=SMALL, run=True):
    """Put pictures into the pre-roll, as the camera loop does, and record them."""
    for _ in range(round(seconds * fps)):
        clock.now += 1 / fps
        film.number += 1
        kept.recorder.preroll.put(lazy(pictures[film.number % len(pictures)]),
                                  clock.time(), clock.monotonic())
        if run:
            kept.recorder.run_once()


film.number = 0


def metadata_of(begin, **more):
    return ClipMetadata(event=7, camera="front", kind="motion", begin=begin, **more)


def record(kept, clock, seconds, before=8.0, **more):
    """Film an event of *seconds* with its pre-roll of 5 s; return when it began."""
    film(kept, clock, before)
    begin = clock.time()
    kept.recorder.begin(metadata_of(begin), clock.monotonic() - 5.0)
    film(kept, clock, seconds, **more)
    kept.recorder.end(metadata_of(begin, end=clock.time(), peak_area=12.5, peak_box=(1, 2, 3, 4)),
                      clock.monotonic())
    film(kept, clock, 1.5)
    return begin


class Counted:
    """An overlay that counts how often it was drawn."""

    boxes, clock = (), ClockStyle()

    def __init__(self):
        self.drawings = 0

    def draw(self, image):
        self.drawings += 1


def put(kept, clock, jpeg, count=1):
    """Put *jpeg* into the pre-roll *count* times and record it."""
    for _ in range(count):
        clock.now += 0.1
        kept.recorder.preroll.put(jpeg, clock.time(), clock.monotonic())
        kept.recorder.run_once()


def packets_of(seconds, fps=25, group=25, size=(320, 240), **options):
    """Return a header and H.264 packets, as a camera sends them."""
    scene, packets = DemoScene(size, fps), []
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.options = {
            "preset": "ultrafast", "tune": "zerolatency", **options}
        stream.codec_context.gop_size = group
        stream.codec_context.flags |= 0x400000      # the header apart, as in RTSP
        container.start_encoding()
        for number in range(round(seconds * fps)):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            packets += [(bytes(packet), packet.is_keyframe) for packet in stream.encode(frame)]
        return describe(SYNTAXES["h264"], stream.codec_context.extradata, packets[0][0]), packets


def probe(path, *what):
    printed = subprocess.run(
        [needs("ffprobe", "ffmpeg"), "-v", "error", "-of", "json", *what, str(path)],
        check=True, capture_output=True, text=True)
    assert printed.stderr == ""
    return json.loads(printed.stdout)


def times(path):
    """Return when each frame of a clip is shown [s], and whether it is a key frame."""
    with av.open(str(path)) as container:
        return [(float(packet.pts * packet.time_base), packet.is_keyframe)
                for packet in container.demux(video=0) if packet.size]


def width(path):
    with av.open(str(path)) as container:
        return container.streams.video[0].width


def preroll_of(count, fps=10, boxes=None):
    """Return JPEGs; with *boxes*, those and the time are not drawn on them yet."""
    preroll = Preroll(60.0)
    for number in range(count):
        captured = BEGAN + number / fps
        overlay = None if boxes is None else Annotation(boxes, captured)
        jpeg = LazyJpeg(SMALL[number % len(SMALL)], (160, 120), overlay)
        preroll.put(jpeg, captured, number / fps)
    return preroll


def write_journal(folder, count, boxes=None, **options):
    """Leave a journal of *count* pictures as a crash does; return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"08-00-00{JOURNAL_SUFFIX}"
    journal = Journal(path, preroll_of(count, boxes=boxes), **options)
    journal.begin(metadata_of(BEGAN, first=BEGAN, last=BEGAN), 1)
    journal.leave()
    return path


def write_part(folder, count):
    """Leave a half-written clip of *count* pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    clip = Clip(folder / f"08-00-00{PART_SUFFIX}", metadata_of(BEGAN, first=BEGAN, last=BEGAN))
    for frame in preroll_of(count).after(1, count):
        clip.add(frame)
    clip.close()
    return clip.path

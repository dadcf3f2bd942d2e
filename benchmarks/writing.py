"""CPU of the recorder alone, called without its thread; see ``recording.py``."""

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.events.store import EventStore
from pyimagesearch.frames import VideoHeader
from pyimagesearch.jpeg import LazyJpeg, encode
from pyimagesearch.overlay import Annotation
from pyimagesearch.recording.clip_metadata import ClipMetadata
from pyimagesearch.recording.preroll import Packet, Preroll
from pyimagesearch.recording.recorder import BATCH_SECONDS, Recorder

BATCHES = 200


class ManualClock:
    """A clock that is set by the benchmark."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        """Return the time of day."""
        return self.now

    def monotonic(self) -> float:
        """Return a reading."""
        return self.now

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Return at once."""
        return event.is_set()


def cores(put: Callable[[Preroll, ManualClock, int], None], fps: float) -> float:
    """Return the cost [cores] of recording what *put* adds to its pre-roll."""
    clock, ready, preroll = ManualClock(), threading.Event(), Preroll(5.0)
    ready.set()
    spent: list[float] = []
    with tempfile.TemporaryDirectory() as data:
        folder = Path(data)
        store = EventStore(folder / "events.db", clock)
        recorder = Recorder("front", folder / "clips", preroll,
                            store, clock,
                            max_clip=300.0, ready=ready, obstacle=str)
        put(preroll, clock, 0)
        recorder.begin(ClipMetadata(event=1, camera="front", kind="motion",
                                    begin=clock.now),
                       clock.now)
        number, each = 1, BATCH_SECONDS * fps
        for batch in range(1, BATCHES + 1):
            before = time.process_time()
            while number < batch * each:
                clock.now += 1 / fps
                put(preroll, clock, number)
                number += 1
            recorder.run_once()
            spent.append((time.process_time() - before) / BATCH_SECONDS)
        recorder.stop()
        recorder.run()
        written = sum(path.stat().st_size for path in folder.rglob("*.mp4"))
    if not written:
        raise RuntimeError("nothing was recorded")
    return statistics.median(spent)


def pictures() -> float:
    """Return the cost [cores] of the demo's pictures, encoded for the recording."""
    scene = DemoScene((640, 480), 30)
    jpegs = [LazyJpeg(encode(scene.picture(number), 75), (640, 480))
             for number in range(300)]

    def put(preroll: Preroll, clock: ManualClock, number: int) -> None:
        preroll.put(jpegs[number % len(jpegs)], clock.now, clock.now)
    return cores(put, 30)


def unannotated() -> float:
    """Return the cost [cores] of a camera's own JPEGs, annotated by the recorder."""
    scene = DemoScene((640, 480), 30)
    jpegs = [encode(scene.picture(number), 75) for number in range(300)]

    def put(preroll: Preroll, clock: ManualClock, number: int) -> None:
        jpeg = LazyJpeg(jpegs[number % len(jpegs)], (640, 480),
                        Annotation((), clock.now))
        preroll.put(jpeg, clock.now, clock.now)
    return cores(put, 30)


def packets() -> float:
    """Return the cost [cores] of H.264 packets, copied."""
    header, made = camera_packets()

    def put(preroll: Preroll, clock: ManualClock, number: int) -> None:
        data, key = made[number % len(made)]
        packet = Packet(data, header, key, pts=number * 3600, dts=number * 3600)
        preroll.put(packet, clock.now, clock.now)
    return cores(put, 25)


def camera_packets() -> tuple[VideoHeader, list[tuple[bytes, bool]]]:
    """Return the header, and packets with whether each is a key frame."""
    import av

    from pyimagesearch.capture.camera_packets import SYNTAXES, describe
    scene = DemoScene((1280, 720), 25)
    with av.open("nowhere", "w", format="null") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        stream.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
        stream.codec_context.gop_size = 25
        stream.codec_context.flags |= 0x400000      # global header, as with RTSP
        container.start_encoding()
        made = []
        for number in range(100):
            frame = av.VideoFrame.from_ndarray(scene.picture(number), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            made += [(bytes(packet), packet.is_keyframe)
                     for packet in stream.encode(frame)]
        sets = stream.codec_context.extradata or b""
        return describe(SYNTAXES["h264"], sets, made[0][0]), made


def run(_number: float = 0) -> bool:
    """Print the costs; return whether they are met."""
    ok = True
    for name, cost, most in (("pictures 640x480 at 30 fps", pictures(), 0.15),
                             ("the same as the camera gave them", unannotated(), 0.15),
                             ("packets 1280x720 at 25 fps", packets(), 0.02)):
        print(f"the recorder alone, {name}: {cost:.4f} core of at most {most:g}")
        ok &= cost <= most
    print("  must:", "met" if ok else "MISSED")
    return ok

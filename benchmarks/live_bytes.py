"""
Bytes, likeness and CPU of live H.264 against MJPEG of quality 75, picture by picture.

    python -m benchmarks.live_bytes [FILM ...]

The first 150 pictures of each FILM, or else of the demo camera, at 640x480, as 30 a
second, played to and fro. Likeness is the mean SSIM (Wang et al., 2004) of the
brightness to that of the source. Met, for each film such as OpenCV's vtest.avi: of the
rates of which the likeness is at most .01 below MJPEG's, the lowest takes at most a
twelfth of the bytes; encoding at the default rate takes at most 2.2 times the CPU of
`cv2.imencode`. The demo camera is not judged by its bytes: its noise is not worth any.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np

from benchmarks.live_stream import Mp4Pictures
from benchmarks.marked_camera import scene_of
from benchmarks.processes import main_guard
from pyimagesearch.frames import Grey, Image
from pyimagesearch.jpeg import encode
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.streaming.live_video import LiveVideo

SIZE, FPS, MJPEG_QUALITY = (640, 480), 30, 75
RATES = (500, 750, 1000, 1500)      # kbit/s
EACH = 5                            # pictures, of which one is compared
LIKENESS_LOSS, BYTES_SHARE, CPU_RATIO = 0.01, 1 / 12, 2.2


class Cost(NamedTuple):
    """What a way to send pictures takes, and gives."""

    kB: float           # a second
    milliseconds: float     # of CPU, median picture
    likeness: float


def luma(image: Image) -> Grey:
    """Return the brightness as video has it, 16 to 235."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)[:image.shape[0]]


def ssim(one: Grey, other: Grey) -> float:
    """Return the structural similarity of two pictures, at most 1."""
    first, second = one.astype(np.float32), other.astype(np.float32)

    def blurred(values: Any) -> Any:
        return cv2.GaussianBlur(values, (11, 11), 1.5)

    mean1, mean2 = blurred(first), blurred(second)
    variance1 = blurred(first * first) - mean1 * mean1
    variance2 = blurred(second * second) - mean2 * mean2
    both = blurred(first * second) - mean1 * mean2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mean1 * mean2 + c1) * (2 * both + c2)
                         / ((mean1 ** 2 + mean2 ** 2 + c1)
                            * (variance1 + variance2 + c2))))


def mjpeg(scene: list[Image]) -> Cost:
    """Encode *scene* as viewers of MJPEG get it."""
    sizes, taken, likeness = [], [], []
    for number, image in enumerate(scene):
        begin = time.thread_time()
        jpeg = encode(image, MJPEG_QUALITY)
        taken.append(time.thread_time() - begin)
        sizes.append(len(jpeg))
        if number % EACH == 0:
            shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert shown is not None
            likeness.append(ssim(luma(image), luma(shown)))
    return cost_of(sizes, taken, likeness)


def h264(scene: list[Image], rate: int) -> Cost:
    """Encode *scene* as viewers of ``/live.mp4`` get it with *rate* [kbit/s]."""
    video, parser = LiveVideo(rate), Mp4Pictures()
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    sizes, taken, likeness = [], [], []
    with video.watching():
        for number, image in enumerate(scene):
            begin = time.thread_time()
            video.show(image, number / FPS, number / FPS)
            taken.append(time.thread_time() - begin)
            fragment = video.group[-1]
            if number == 0:
                decoder.extradata = configuration(fragment.header)
            sizes.append(len(fragment.data))
            picture = parser.feed(fragment.data)[0]
            shown = decoder.decode(av.Packet(picture.data)) or decoder.decode(None)
            if number % EACH == 0:
                plane = shown[0].planes[0]
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                likeness.append(ssim(luma(image), rows[:SIZE[1], :SIZE[0]]))
    return cost_of(sizes, taken, likeness)


def configuration(header: bytes) -> bytes:
    """Return the decoder's configuration (``avcC``) in an MP4's *header*."""
    at = header.index(b"avcC")
    return header[at + 4:at - 4 + int.from_bytes(header[at - 4:at], "big")]


def cost_of(sizes: list[int], taken: list[float], likeness: list[float]) -> Cost:
    """Return the figures of a scene."""
    return Cost(statistics.mean(sizes) * FPS / 1000, 1000 * statistics.median(taken),
                statistics.mean(likeness))


def compare(film: str) -> bool:
    """Print the table of *film*; return whether it is met."""
    pictures = scene_of(SIZE, FPS, film)
    scene = pictures + pictures[::-1]
    plain = mjpeg(scene)
    print(f"\n{Path(film).name or 'demo camera'}\n"
          f"MJPEG              {plain.kB:5.0f} kB/s   {plain.milliseconds:.2f} ms"
          f"              SSIM {plain.likeness:.3f}")
    videos = {rate: h264(scene, rate) for rate in RATES}
    for rate, each in videos.items():
        print(f"H.264 {rate:4} kbit/s {each.kB:5.0f} kB/s   {each.milliseconds:.2f} ms"
              f" ({each.milliseconds / plain.milliseconds:.2f} x)   SSIM"
              f" {each.likeness:.3f}   1/{plain.kB / each.kB:.1f} of the bytes",
              flush=True)
    alike = [each for each in videos.values()
             if each.likeness >= plain.likeness - LIKENESS_LOSS]
    usual = videos[CameraSettings.live_rate]
    is_small = bool(alike) and alike[0].kB <= BYTES_SHARE * plain.kB
    return ((is_small or not film)
            and usual.milliseconds <= CPU_RATIO * plain.milliseconds)


def main(films: list[str]) -> None:
    """Compare all."""
    cv2.setNumThreads(1)
    results = [compare(film) for film in films or [""]]
    print("\nmust: <= 1/12 of the bytes at a likeness of MJPEG's - .01; <= 2.2 x the"
          " CPU of imencode:", "met" if all(results) else "MISSED")
    main_guard(all(results))


if __name__ == "__main__":
    main(sys.argv[1:])

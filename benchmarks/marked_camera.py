"""
An MJPEG camera over HTTP whose pictures carry the time at which they were made.

    python -m benchmarks.marked_camera [WIDTHxHEIGHT@FPS] [port=PORT] [jitter=SHARE]
        [other=WIDTHxHEIGHT] [film=FILE]

Prints its URL. The time is written as :mod:`benchmarks.marks` says. The intervals
differ from the usual one by up to SHARE of it; with ``other``, the size changes every
four seconds; the scene is that of the demo camera, or of FILE, played to and fro.
"""

import itertools
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence

import cv2

from benchmarks.marks import mark
from pyimagesearch.capture.cameras import parse_demo
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.frames import Image, Size
from pyimagesearch.jpeg import encode

SCENE_FRAMES = 150      # then they are played backwards
SIZE_SECONDS = 4.0      # between two changes of the size
CAMERA_QUALITY = 90


def scene_of(size: Size, fps: float, film: str) -> list[Image]:
    """Return the pictures that are played to and fro."""
    if film:
        return film_of(film, size)
    scene = DemoScene(size, fps)
    return [scene.picture(int(3 * fps) + number) for number in range(SCENE_FRAMES)]


def film_of(film: str, size: Size) -> list[Image]:
    """Return the first pictures of *film*, cropped to the proportions of *size*."""
    video = cv2.VideoCapture(film)
    pictures: list[Image] = []
    while len(pictures) < SCENE_FRAMES:
        is_there, image = video.read()
        if not is_there:
            break
        height, width = image.shape[:2]
        wide = min(width, height * size[0] // size[1])
        tall = min(height, width * size[1] // size[0])
        left, top = (width - wide) // 2, (height - tall) // 2
        pictures.append(cv2.resize(image[top:top + tall, left:left + wide], size,
                                   interpolation=cv2.INTER_AREA))
    if not pictures:
        sys.exit(f"{film} is no video")
    return pictures


def pictures_of(scenes: Sequence[list[Image]]) -> Iterator[Image]:
    """Yield the pictures, marked, of a scene after the other, *scenes* by time."""
    begin = time.monotonic()
    for number in itertools.count():
        turn = int((time.monotonic() - begin) / SIZE_SECONDS)
        scene = scenes[turn % len(scenes)]
        at = number % (2 * len(scene))
        image = scene[min(at, 2 * len(scene) - 1 - at)].copy()
        mark(image)
        yield image


def serve(client: socket.socket, scenes: Sequence[list[Image]], fps: float,
          jitter: float) -> None:
    """Send pictures until the client leaves."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: "
                       b"multipart/x-mixed-replace; boundary=camera\r\n\r\n")
        due = time.monotonic()
        pictures = pictures_of(scenes)
        while True:
            jpeg = encode(next(pictures), CAMERA_QUALITY)
            client.sendall(b"--camera\r\nContent-Type: image/jpeg\r\nContent-Length: "
                           b"%d\r\n\r\n%b\r\n" % (len(jpeg), jpeg))
            due = max(due + random.uniform(1 - jitter, 1 + jitter) / fps,
                      time.monotonic() - 1 / fps)
            time.sleep(max(0, due - time.monotonic()))
    except OSError:
        client.close()


def main(spec: str, *, port: int = 0, jitter: float = 0.0, other: str = "",
         film: str = "") -> None:
    """Draw, then serve for ever."""
    sizes = [parse_demo(f"demo:{each}", CaptureRequest())
             for each in (spec, f"{other}@1") if each != "@1"]
    fps = sizes[0][1]
    scenes = [scene_of(size, fps, film) for size, _ in sizes]
    listener = socket.create_server(("127.0.0.1", port))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    while True:
        threading.Thread(target=serve, daemon=True,
                         args=(listener.accept()[0], scenes, fps, jitter)).start()


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if "=" not in word]
    options = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    main(words[0] if words else "640x480@30", port=int(options.get("port", 0)),
         jitter=float(options.get("jitter", 0)), other=options.get("other", ""),
         film=options.get("film", ""))

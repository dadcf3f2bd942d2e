"""
An IP camera for benchmarks: a demo scene as MJPEG over HTTP, encoded beforehand.

    python -m benchmarks.http_camera [WIDTHxHEIGHT@FPS] [still]

Prints its URL; one thread per client, pictures from memory, so it uses little CPU
itself. With ``still``, nothing moves; the noise of its sensor remains.
"""

import socket
import sys
import threading
import time

from pyimagesearch.capture.cameras import parse_demo
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.jpeg import encode

SCENE_SECONDS = 10      # then it repeats
FLICKER_PICTURES = 997  # after which the lamp of the scene flickers as before
STILL_PICTURES = 15


def serve(client: socket.socket, parts: list[bytes], fps: float) -> None:
    """Send *parts* in turn, *fps* of them a second, until the client leaves."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        client.recv(4096)
        client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: "
                       b"multipart/x-mixed-replace; boundary=camera\r\n\r\n")
        due, number = time.monotonic(), 0
        while True:
            due += 1 / fps
            time.sleep(max(0, due - time.monotonic()))
            client.sendall(parts[number % len(parts)])
            number += 1
    except OSError:
        client.close()


def still_numbers(scene: DemoScene) -> list[int]:
    """Return pictures in which only the noise differs: no figures, the same light."""
    each = range(0, 200 * FLICKER_PICTURES, FLICKER_PICTURES)
    return [number for number in each if not scene.boxes(number)][:STILL_PICTURES]


def main(spec: str, still: bool) -> None:
    """Draw, encode, then serve for ever."""
    size, fps = parse_demo(f"demo:{spec}", CaptureRequest())
    scene = DemoScene(size, fps)
    numbers = (still_numbers(scene) if still
               else range(90, 90 + int(SCENE_SECONDS * fps)))
    jpegs = [encode(scene.picture(number), 75) for number in numbers]
    parts = [b"--camera\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n"
             % (len(jpeg), jpeg) for jpeg in jpegs]
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    while True:
        client = listener.accept()[0]
        threading.Thread(target=serve, args=(client, parts, fps), daemon=True).start()


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "still"]
    main(words[0] if words else "640x480@30", "still" in sys.argv)

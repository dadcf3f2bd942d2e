"""
The tutorial's own loop, for comparison.

    python -m benchmarks.tutorial SOURCE

With its global frame and lock, its loop without a pause and its encoding per viewer, on
Flask's threaded development server; after "OpenCV - Stream video to web
browser/HTML page", A. Rosebrock, PyImageSearch, 2019.
"""

import datetime
import logging
import socket
import sys
import threading
from collections.abc import Iterator

import cv2
import imutils
from flask import Flask, Response
from imutils.video import VideoStream

from pyimagesearch.motion_detection import SingleMotionDetector

output_frame = None
lock = threading.Lock()
app = Flask(__name__)


@app.route("/video_feed")
def video_feed() -> Response:
    """Stream to one browser."""
    return Response(generate(), mimetype="multipart/x-mixed-replace; boundary=frame")


def detect_motion(stream: VideoStream, frameCount: int) -> None:
    """Process the camera's frame, as often as the machine can."""
    global output_frame
    detector, total = SingleMotionDetector(accumWeight=0.1), 0
    while True:
        frame = imutils.resize(stream.read(), width=400)
        grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (7, 7), 0)
        cv2.putText(frame, datetime.datetime.now().strftime("%A %d %B %Y %I:%M:%S%p"),
                    (10, frame.shape[0] - 10), cv2.FONT_HERSHEY_SIMPLEX, 0.35,
                    (0, 0, 255), 1)
        if total > frameCount and (motion := detector.detect(grey)) is not None:
            cv2.rectangle(frame, motion[1][:2], motion[1][2:], (0, 0, 255), 2)
        detector.update(grey)
        total += 1
        with lock:
            output_frame = frame.copy()


def generate() -> Iterator[bytes]:
    """Encode the newest frame, again and again, for one viewer."""
    while True:
        with lock:
            if output_frame is None:
                continue
            done, jpeg = cv2.imencode(".jpg", output_frame)
        if done:
            yield (b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"
                   + bytearray(jpeg) + b"\r\n")


def main(source: str) -> None:
    """Start the loop and the server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    stream = VideoStream(src=source).start()
    threading.Thread(target=detect_motion, args=(stream, 32), daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    print(f"http://127.0.0.1:{port}/", flush=True)
    app.run("127.0.0.1", port, threaded=True)


if __name__ == "__main__":
    main(sys.argv[1])

"""What viewers of live H.264 really receive when the owner hides something."""

import threading
import time
import urllib.request

from harness import eventually
from video_viewers import capture_times, decoded_mp4

RIGHT_HALF = ["500,0 1000,0 1000,800 500,800"]      # but for the time, below it
DARK = 60       # brightness below which there is nothing of the camera


class Download:
    """Receive a live stream in a thread, as far as it comes."""

    def __init__(self, product, path):
        self.mp4 = b""
        self._answer = urllib.request.urlopen(product.url + path, timeout=30)
        threading.Thread(target=self._receive, daemon=True).start()
        self.wait_for_pictures(time.time())

    def _receive(self):
        with self._answer:
            while data := self._answer.read1(65536):
                self.mp4 += data

    def wait_for_pictures(self, after, count=5):
        """Wait until so many were captured *after* [s since the epoch]."""
        eventually(lambda: sum(each > after for each in capture_times(self.mp4)) >= count)

    def pictures(self, after):
        """Return those that were captured *after* [s since the epoch]."""
        mp4 = self.mp4
        return [picture for captured, picture in zip(
            capture_times(mp4), decoded_mp4(mp4), strict=False) if captured > after]


def middle_of_right_half(picture):
    """Return that of a camera, 320x240 or in the first of two tiles, 640x480."""
    scale = picture.shape[0] // 240
    return picture[60 * scale:180 * scale, 170 * scale:310 * scale]


def is_card(picture):
    """Return whether it is one, which the mosaic may show a little longer."""
    return picture[60:180, 10:150].mean() < DARK


def test_what_the_owner_hides_is_in_no_live_video(start):
    """Camera and mosaic are watched all the time, and their pictures decoded."""
    product = start("--source", "front=demo:320x240@15", "--source", "yard=demo:320x240@15",
                    "--no-record")
    product.wait_for("learning")
    begin = time.time()
    streams = [Download(product, "/live/front.mp4"), Download(product, "/live/mosaic.mp4")]
    for stream in streams:
        assert middle_of_right_half(stream.pictures(begin)[-1]).mean() > DARK

    product.send("PUT", "/api/cameras/front/mask", drawn=RIGHT_HALF)
    masked = time.time()
    for stream in streams:
        stream.wait_for_pictures(masked)
        seen = stream.pictures(masked)
        assert max(middle_of_right_half(picture).max() for picture in seen) < DARK
        assert seen[-1][60:180, 10:150].mean() > DARK      # the other half

    product.send("POST", "/api/power", on=False)
    off = time.time()
    for stream in streams:
        stream.wait_for_pictures(off, 1)    # a card, once a second
        assert max(picture.mean() for picture in stream.pictures(off)) < DARK

    product.send("POST", "/api/power", on=True)
    product.wait_for("learning")
    again = time.time()
    for stream in streams:
        stream.wait_for_pictures(again)
        seen = [each for each in stream.pictures(again) if not is_card(each)]
        assert seen
        assert max(middle_of_right_half(picture).max() for picture in seen) < DARK
    assert product.stop()[1] == 0
    assert "Traceback" not in "".join(product.log)

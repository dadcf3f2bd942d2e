"""Small videos, made for tests, in which something moves when it should."""

from fractions import Fraction

import av
import numpy as np

SIZE = (160, 120)
GROUND = np.random.default_rng(5).integers(60, 140, (12, 16, 1), np.uint8)


def picture(at, moving=(), size=SIZE):
    """Return the yard at time *at* [s]; a bright block crosses it while something is *moving*."""
    width, height = size
    image = np.repeat(GROUND.repeat(-(-height // 12), 0).repeat(-(-width // 16), 1)
                      [:height, :width], 3, 2)
    for begin, end in moving:
        if begin <= at < end:
            left = int((at - begin) / (end - begin) * width * 0.8)
            image[height // 3:height // 3 * 2, left:left + width // 8] = 250
    return image


def film(path, seconds=6.0, fps=10, moving=((4.0, 5.0),), size=SIZE, stamps=None, comment="",
         container="mp4"):
    """Write a video with frames at *stamps* [s], or at *fps* for *seconds*; return its path."""
    stamps = [number / fps for number in range(round(seconds * fps))] if stamps is None else stamps
    with av.open(str(path), "w", format=container) as container:
        container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=round(fps), options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        for stamp in stamps:
            frame = av.VideoFrame.from_ndarray(picture(stamp, moving, size), format="bgr24")
            frame.pts, frame.time_base = round(stamp * 90_000), Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path

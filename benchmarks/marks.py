"""
The time at which a picture was made, written into it as black and white squares.

Time in milliseconds modulo 2^24, and the number of its bits that are set, modulo 16,
as 28 squares in the upper left corner, each a fortieth of the picture's width. They
survive JPEG and H.264.
"""

import time

import numpy as np

from pyimagesearch.frames import Grey, Image

TIME_BITS, SUM_BITS, SQUARES_ACROSS = 24, 4, 40
BITS = TIME_BITS + SUM_BITS


def mark(image: Image) -> None:
    """Write the present time into *image*, BGR."""
    made = int(time.time() * 1000) % (1 << TIME_BITS)
    word = made << SUM_BITS | made.bit_count() % (1 << SUM_BITS)
    bits = np.array([word >> bit & 1 for bit in reversed(range(BITS))], np.uint8)
    square = image.shape[1] // SQUARES_ACROSS
    image[:square, :BITS * square] = np.repeat(bits * 255, square)[None, :, None]


def read_age(grey: Grey) -> float | None:
    """Return the age of the marked picture *grey* [s], ``None`` if not legible."""
    square = grey.shape[1] / SQUARES_ACROSS
    row = grey[int(square / 2)]
    word = 0
    for bit in range(BITS):
        word = word << 1 | int(row[int((bit + 0.5) * square)] > 128)
    made = word >> SUM_BITS
    if made.bit_count() % (1 << SUM_BITS) != word % (1 << SUM_BITS):
        return None
    return ((int(time.time() * 1000) - made) % (1 << TIME_BITS)) / 1000

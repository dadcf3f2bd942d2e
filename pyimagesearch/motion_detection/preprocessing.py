"""Prepare a camera's picture for the motion detector."""

import cv2

from pyimagesearch import frames
from pyimagesearch.errors import BadPicture

TALLEST = 20    # times its width; a column of pixels would fill the memory


def for_detection(grey: frames.Grey, *, sharp: bool = False) -> frames.Grey:
    """
    Return *grey* as detectors need it: 400 px wide, with a 7x7 Gaussian blur.

    It may be halved down to 320 px first: the blur removes what 320 px cannot show,
    and a JPEG decoded at half its size gives the same result as at full size.
    *sharp* leaves out the blur. Raises :exc:`BadPicture` if the picture is more than
    twenty times as tall as wide.
    """
    width, height = frames.size_of(grey)
    if height > TALLEST * width:
        raise BadPicture(f"the picture is {width}x{height} pixels, but may be at most "
                         f"{TALLEST} times as tall as wide")
    smaller = frames.halved(grey, frames.MIN_DETECTION_WIDTH)
    image = frames.resized(smaller, frames.DETECTION_WIDTH)
    return image if sharp else cv2.GaussianBlur(image, (7, 7), 0)


def read_only(image: frames.Image) -> frames.Image:
    """Return a view of *image* that raises an error when it is written to."""
    view = image.view()
    view.flags.writeable = False
    return view

"""Pictures as JPEG."""

import cv2

from pyimagesearch.frames import Image


def encode(image: Image, quality: int = 75) -> bytes:
    """
    Return *image*, ``uint8`` BGR, as a JPEG of *quality* 1 to 100.

    Raises :exc:`RuntimeError` if OpenCV refuses it.
    """
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise RuntimeError(f"OpenCV could not encode an image of shape {image.shape}")
    return jpeg.tobytes()

"""
Open a video file and read one frame; run by :mod:`.videofile` as a child process.

A broken file can abort the process from inside OpenCV. Exit status 0: a frame was read;
3: OpenCV cannot open the file; 4: it holds no frame.
"""

import sys


def main(path: str) -> int:
    """Return the exit status for the file at *path*."""
    import cv2
    capture = cv2.VideoCapture(path)
    if not capture.isOpened():
        return 3
    return 0 if capture.read()[0] else 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

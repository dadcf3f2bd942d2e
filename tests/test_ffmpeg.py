"""FFmpeg's ways to cameras: which protocols and formats it may use, and no other."""

import contextlib
import os
import subprocess
import sys

import pytest

from conftest import ROOT
from pyimagesearch.capture.ffmpeg import SCHEMES, open_url
from pyimagesearch.capture.url import parse_url
from socket_camera import HttpCamera

REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
OPEN_ALL = """if True:
    import contextlib, threading
    from pyimagesearch.capture.rtsp import open_rtsp
    from pyimagesearch.capture.source import CaptureRequest
    from pyimagesearch.capture.url import parse_url
    from pyimagesearch.clock import SystemClock
    from pyimagesearch.errors import CameraLost
    for scheme in ("rtsp", "rtsps", "rtmp"):
        with contextlib.suppress(CameraLost):
            open_rtsp(parse_url(f"{scheme}://127.0.0.1:9/x"), CaptureRequest(),
                      threading.Event(), SystemClock())
    """


def test_ffmpeg_uses_no_proxy_of_the_environment():
    with contextlib.closing(HttpCamera(lambda head, number: REFUSED)) as proxy:
        subprocess.run([sys.executable, "-c", OPEN_ALL], check=True, cwd=ROOT,
                       env={**os.environ, "http_proxy": proxy.url, "HTTP_PROXY": proxy.url})
        assert proxy.heads == []


def test_ffmpeg_opens_no_other_scheme_by_itself():
    assert set(SCHEMES) == {"rtmp", "srt", "udp", "rtp"}
    with pytest.raises(KeyError):
        open_url(parse_url("http://127.0.0.1:9/x.ts"))

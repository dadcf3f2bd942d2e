"""FFmpeg's way to cameras."""

import contextlib
import os
import subprocess
import sys

import av
import pytest

from conftest import ROOT
from pyimagesearch.capture.ffmpeg import open_container
from pyimagesearch.capture.source import CaptureRequest
from pyimagesearch.capture.url import parse_url
from socket_camera import Certificate, HttpCamera

REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
OPEN_ALL = """if True:
    import contextlib, sys
    from pyimagesearch.capture.ffmpeg import open_container
    from pyimagesearch.capture.source import CaptureRequest
    from pyimagesearch.capture.url import parse_url
    from pyimagesearch.errors import CameraLost
    for scheme in ("http", "https", "rtsp", "rtsps", "rtmpt"):
        with contextlib.suppress(OSError, CameraLost):
            open_container(parse_url(f"{scheme}://127.0.0.1:9/x"), CaptureRequest())
    """


@pytest.fixture
def proxy():
    with contextlib.closing(HttpCamera(lambda head, number: REFUSED)) as proxy:
        yield proxy


def test_ffmpeg_uses_no_proxy_of_the_environment(proxy):
    subprocess.run([sys.executable, "-c", OPEN_ALL], check=True, cwd=ROOT,
                   env={**os.environ, "http_proxy": proxy.url, "HTTP_PROXY": proxy.url})
    assert proxy.heads == []


def test_ffmpeg_uses_the_proxy_of_the_settings(proxy):
    wanted = CaptureRequest(proxy=parse_url(proxy.url.replace("://", "://eve:pr%40xy@")))
    with pytest.raises(av.FFmpegError, match="404"):
        open_container(parse_url("http://me:s3cret@cam.invalid/x.ts"), wanted)
    assert proxy.heads[0].startswith("GET http://cam.invalid:80/x.ts HTTP/1.1")


def test_ffmpeg_sends_nothing_to_an_unknown_https_camera(tmp_path, monkeypatch):
    certificate = Certificate(tmp_path)
    with contextlib.closing(HttpCamera(lambda head, number: REFUSED, certificate.context())) as camera:
        url = parse_url(f"https://me:s3cret@127.0.0.1:{camera.port}/x.ts")
        with pytest.raises(OSError, match="Input/output error"):
            open_container(url, CaptureRequest())
        assert camera.heads == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        with pytest.raises(av.FFmpegError, match="404"):
            open_container(url, CaptureRequest())
        assert len(camera.heads) == 1

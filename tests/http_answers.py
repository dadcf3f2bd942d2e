"""Whole answers of HTTP cameras, right and wrong ones, as Hypothesis makes them up."""

import gzip
import zlib

import cv2
import numpy as np
from hypothesis import strategies as st

IMAGE = np.full((48, 64, 3), 90, np.uint8)
JPEG, PNG, WEBP, BMP, GIF = (cv2.imencode(kind, IMAGE)[1].tobytes()
                             for kind in (".jpg", ".png", ".webp", ".bmp", ".gif"))
STATUS_LINES = [
    b"HTTP/1.1 200 OK\r\n"] * 4 + [
    b"HTTP/1.0 200\r\n", b"ICY 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", b"",
    b"HTTP/1.1 302 Found\r\n", b"HTTP/1.1 401 No\r\n", b"HTTP/1.1 403 No\r\n", b"HTTP/1.1 404 No\r\n",
    b"HTTP/1.1 503 Busy\r\n", b"HTTP/1.1 204 None\r\n", b"HTTP/1.1 999 \xff\r\n", b"HTTP/1.1 2000\r\n",
    b"HTTP/9.9\r\n", b"SSH-2.0\r\n", b"RTSP/1.0 200 OK\r\n", b"\r\n\r\n", b"HTTP/1.1 199\r\n"]
NAMES = [b"Content-Type", b"Content-Length", b"Transfer-Encoding", b"Content-Encoding", b"Location",
         b"WWW-Authenticate", b"Set-Cookie", b"Connection", b"X", b"", b" folded", b"\xff"]
VALUES = [
    b"", b"multipart/x-mixed-replace; boundary=b", b"multipart/x-mixed-replace", b"multipart/;boundary*=''%ff",
    b"multipart/x; boundary*" + b"1" * 5000 + b"=b", b'multipart/x; boundary="' + b";" * 3000,
    b"image/jpeg", b"image/png", b"text/html; charset=no", b"video/mp2t", b"application/octet-stream", b"/",
    b"0", b"3", b"-1", b"99999999999999999999", b"1e3", b"\xb2", b"chunked", b"gzip", b"deflate", b"br",
    b"identity", b"chunked, gzip", b"/x", b"//[", b"http://127.0.0.1:99999/", b"http://other/?pwd=a",
    b"rtsp://127.0.0.1/", b"http://\xff\xfe/", b"http:///", b"?", b"#", b"http://127.0.0.1:x/", b"\t\x00\x1b[31m",
    b'Digest realm="r", nonce="n", qop="auth", algorithm=MD5', b"Digest", b"Basic", b"Digest algorithm=\x1b[2J",
    b'Digest realm="\\", nonce=\xe9, algorithm=SHA-512-256-sess, userhash=true', b"Bearer x, ,,=", b"a=b; x=\x00",
    b"x" * 20_000]
PICTURES = [JPEG, PNG, WEBP, BMP, GIF, JPEG[:-2], JPEG[:300], JPEG[:300] + b"\xff\xd9", b"\xff\xd8\xff\xd9", PNG[:60],
            b"\xff\xd8\xff\xda", b"<html>busy</html>", b"", b"GIF89a", b"BM" + bytes(60), b"RIFF1234WEBPVP8X"]
OTHER_BODIES = [b"#EXTM3U\n", b"v=0\r\n", b"<?xml?><MPD", b"G" + bytes(187), b"FLV\x01\x05", b"\x1aE\xdf\xa3",
                b"RIFF\x00\x00\x00\x00AVI ", b"\x00\x00\x01\xba", b"\x00\x00\x00\x18ftypmp42", b"ffconcat version 1.0\n"]


def lengths(size):
    """Return a strategy of Content-Length values for a part of *size* bytes."""
    return st.sampled_from([size, size, 0, 1, size + 50, 99_999_999, 10**15])


@st.composite
def parts(draw):
    """Make up one part of a multipart body."""
    picture = draw(st.sampled_from(PICTURES))
    head = draw(st.sampled_from([b"--b\r\n", b"--b\r\n", b"--c\r\n", b"--b", b"\r\n--b--\r\n", b""]))
    if draw(st.booleans()):
        head += b"Content-Type: image/jpeg\r\n"
    if draw(st.booleans()):
        head += b"Content-Length: %d\r\n" % draw(lengths(len(picture)))
    return head + b"\r\n" + picture + draw(st.sampled_from([b"\r\n", b"\n", b""]))


BODIES = (st.lists(parts(), min_size=1, max_size=4).map(b"".join) | st.sampled_from(PICTURES + OTHER_BODIES)
          | st.lists(st.sampled_from(PICTURES), min_size=2, max_size=3).map(b"".join) | st.binary(max_size=200))


def chunked(body):
    """Return *body* in chunks of 100 bytes."""
    pieces = [body[at:at + 100] for at in range(0, len(body), 100)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


CODINGS = [(b"", bytes)] * 4 + [
    (b"Transfer-Encoding: chunked\r\n", chunked), (b"Transfer-Encoding: chunked\r\n", bytes),
    (b"Content-Encoding: gzip\r\n", gzip.compress), (b"Content-Encoding: gzip\r\n", bytes),
    (b"Content-Encoding: deflate\r\n", zlib.compress),
    (b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", lambda body: chunked(gzip.compress(body)))]


@st.composite
def whole_answers(draw):
    """Make up all that a camera sends on one connection, before it hangs up."""
    headers = [name + b": " + value + b"\r\n" for name, value in draw(st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | st.binary(max_size=20)), max_size=4))]
    coding, encode = draw(st.sampled_from(CODINGS))
    answer = (draw(st.sampled_from(STATUS_LINES)) + b"".join(headers) + coding + b"\r\n"
              + encode(draw(BODIES)))
    cut = draw(st.none() | st.integers(0, len(answer)))
    return answer[:cut] + (draw(st.binary(max_size=20)) if cut is not None else b"")

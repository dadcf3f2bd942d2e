"""Responses as cameras write them: odd heads, and compressed bodies."""

import contextlib
import gzip
import http.client
import socket
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import DEADLINE
from pyimagesearch.capture.cancellation import Cancellation
from pyimagesearch.capture.http_coding import UnknownCoding
from pyimagesearch.capture.http_response import CameraResponse

TYPE = b"Content-Type: multipart/x-mixed-replace; boundary=b\r\n"
BODY = b"--b\r\n\r\n" + bytes(range(256)) * 40


def received(data):
    """Return the response that a camera sends as *data*, then closing the connection."""
    near, far = socket.socketpair()
    with near, contextlib.closing(far):
        near.settimeout(DEADLINE)

        def send():
            with contextlib.suppress(OSError):
                far.sendall(data)
                far.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            response = CameraResponse(near, method="GET")
            response.begin()
            response.whole = b"".join(iter(lambda: response.read1(1000), b""))
            return response
        finally:
            near.shutdown(socket.SHUT_RDWR)
            sender.join()


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\n%b\r\n" % TYPE,
    b"HTTP/1.0 200\r\n%b\r\n" % TYPE,
    b"ICY 200 OK\r\n%b\r\n" % TYPE,
    b"icy 200 ok\r\n%b\r\n" % TYPE,
    b"HTTP/2 200\r\n%b\r\n" % TYPE,
    b"http/1.1 200 ok\r\n%b\r\n" % TYPE,
    b"RTSP/1.0 200 OK\r\n%b\r\n" % TYPE,
    b"HTTP 200 OK\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 OK\r\n%b\r\n" % TYPE,
    TYPE + b"\r\n",
    b"HTTP/1.1  200\tOK\r\n%b\r\n" % TYPE,
    b"\r\n\r\nHTTP/1.1 200 OK\r\n%b\r\n" % TYPE,
    (b"HTTP/1.1 200 OK\r\n%b\r\n" % TYPE).replace(b"\r\n", b"\n"),
    (b"HTTP/1.1 200 OK\r\n%b\r\n" % TYPE).replace(b"\r\n", b"\r\r\n"),
    b"HTTP/1.1 200 \xe9\xff\r\nServer: \xff\x01\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\nno header at all\r\n: x\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\ncontent-type : multipart/x-mixed-replace;\r\n\t boundary=b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n Server: x\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\n%b%b\r\n" % (b"X: y\r\n" * 300, TYPE),
    b"HTTP/1.1 200 OK\r\nX: %b\r\n%b\r\n" % (b"y" * 100_000, TYPE),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%b\r\n" % TYPE,
    b"HTTP/1.1 200 OK\r\nContent-Length: x\r\nContent-Encoding: identity\r\n%b\r\n" % TYPE,
], ids=repr)
def test_head_is_read_as_cameras_write_it(head):
    response = received(head + BODY)
    assert response.status == 200
    assert response.headers.get_content_type() == "multipart/x-mixed-replace"
    assert response.headers.get_param("boundary") == "b"
    assert response.whole == BODY
    assert response.is_raw


@pytest.mark.parametrize("body", [BODY, b"\xff\xd8\xff\xe0 a picture"])
def test_body_without_a_head_is_read(body):
    response = received(body)
    assert (response.status, response.headers.items(), response.whole) == (200, [], body)


@pytest.mark.parametrize("data", [b"SSH-2.0-OpenSSH\r\n\r\n", b"\x00\x01\x02\x03", b"nonsense\r\n" * 9])
def test_what_is_no_response_is_refused(data):
    with pytest.raises(http.client.BadStatusLine):
        received(data)


def test_connection_without_a_response_is_refused():
    with pytest.raises(http.client.RemoteDisconnected):
        received(b"\r\n\r\n")


@pytest.mark.parametrize("endless", [b"\r\nHTTP/1.1 100 Continue\r\n", b"X: y\r\n", b"y", b" folded\r\n"], ids=repr)
def test_endless_head_is_refused(endless):
    with pytest.raises(http.client.LineTooLong):
        received(b"HTTP/1.1 100 Continue\r\n" + endless * 500_000)


@pytest.mark.parametrize("chunks", [
    b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"3\nabc\n2\nde\n0\n\n", b"3\r\nabc2\r\nde0\r\n",
    b"0003 \r\nabc\r\n 2; x=\"y\"\r\nde\r\n0\r\nTrailer: z\r\n\r\n3\r\nxyz", b"3\r\nabc\r\n2\r\nde"],
    ids=repr)
def test_chunks_are_read_as_cameras_write_them(chunks):
    assert received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks).whole == b"abcde"


@pytest.mark.parametrize("chunks", [b"x\r\nabc", b"-3\r\nabc", b"f" * 16 + b"\r\nabc", b"\n" * 3])
def test_length_of_a_chunk_that_is_none_ends_the_body(chunks):
    with pytest.raises(http.client.IncompleteRead):
        _ = received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)


def test_tiny_chunks_are_read_together():
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 500)
        response = CameraResponse(near, method="GET")
        response.begin()
        assert len(response.read1(1000)) > 100


@pytest.mark.parametrize("lines", [b" folded\r\n" * 20_000, b"X: y\r\n" * 20_000,
                                   b"Content-Type: a/b; " + b'";' * 60_000 + b"\r\n"])
def test_excessive_headers_cost_little(lines):
    response = received(b"HTTP/1.1 200 OK\r\nA: b\r\n" + lines + b"\r\n")
    assert len(response.headers.items()) <= 1000
    assert max(len(value) for _, value in response.headers.items()) <= 8192


def test_length_and_chunks_end_a_picture():
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
    assert received(head + b"Content-Length: 3 \r\n\r\nabcdef").whole == b"abc"
    chunked = received(head + b"Transfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert chunked.whole == b"abcde"
    assert not chunked.is_raw


# --- compression

def deflated(bits):
    packer = zlib.compressobj(wbits=bits)
    return packer.compress(BODY) + packer.flush()


@pytest.mark.parametrize(("coding", "body"), [
    (b"gzip", deflated(31)), (b"GZIP", deflated(31)), (b"x-gzip", deflated(31)),
    (b"deflate", deflated(15)), (b"deflate", deflated(-15)), (b"gzip", BODY),
    (b"deflate", deflated(31)), (b"gzip", gzip.compress(BODY[:50], mtime=0) + gzip.compress(BODY[50:], mtime=0))],
    ids=str)
def test_compressed_body_is_decompressed(coding, body):
    response = received(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n%b\r\n%b" % (coding, TYPE, body))
    assert response.whole == BODY
    assert not response.is_raw


def test_decompression_gives_no_more_than_requested():
    bomb = zlib.compress(bytes(50_000_000))
    near, far = socket.socketpair()
    with near, far:
        threading.Thread(target=far.sendall, daemon=True, args=(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + bomb,)).start()
        response = CameraResponse(near, method="GET")
        response.begin()
        assert len(response.read1(5000)) == 5000
        assert len(response.read(3_000_000)) == 3_000_000


@pytest.mark.parametrize(("coding", "body"), [(b"br", b""), (b"gzip", b"\x1f\x8b" + b"x" * 99)])
def test_compression_that_cannot_be_read_is_refused(coding, body):
    with pytest.raises(UnknownCoding):
        received(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n\r\n%b" % (coding, body))


@pytest.mark.parametrize("filler", [gzip.compress(b"", mtime=0), b"\0\0\0\xff\xff"], ids=["members", "blocks"])
def test_compressed_body_that_never_holds_anything_is_refused(filler):
    begin = gzip.compress(b"abc", mtime=0)[:10] if filler[:1] == b"\0" else b""
    with pytest.raises(UnknownCoding, match="holds nothing"):
        received(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + begin + filler * 200_000)


@given(st.binary(max_size=300), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"ICY 200\r\n",
                                                 b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"]))
def test_any_bytes_are_a_response_or_refused(data, head):
    with contextlib.suppress(http.client.HTTPException, OSError):
        assert received(head + data).status >= 0


# --- waiting

def test_body_is_waited_for_until_closing():
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(DEADLINE)
        far.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        response, closing = CameraResponse(near, method="GET"), Cancellation()
        closing.watch(near)
        response.begin()
        response.limit(None)
        threading.Timer(0.2, far.sendall, [b"3\r\nabc\r\n"]).start()
        assert response.read1(9) == b"abc"
        threading.Timer(0.2, closing.set).start()
        assert response.read1(9) == b""


@pytest.mark.parametrize("coded", [False, True])
def test_whole_body_is_limited_however_its_bytes_come(coded):
    near, far = socket.socketpair()
    with near, contextlib.closing(far):
        near.settimeout(DEADLINE)
        far.sendall(b"HTTP/1.1 200 OK\r\n" + b"Transfer-Encoding: chunked\r\n" * coded + b"\r\n")
        response = CameraResponse(near, method="GET")
        response.begin()
        response.limit(0.3)
        with drip(far), pytest.raises(TimeoutError):
            while response.read1(9):
                pass


@contextlib.contextmanager
def drip(connection):
    """Send a blank every 10 ms."""
    done = threading.Event()

    def send():
        with contextlib.suppress(OSError):
            while not done.wait(0.01):
                connection.sendall(b" ")

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        done.set()
        sender.join()


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX: y\r\n"])
def test_whole_head_is_limited_however_its_bytes_come(first):
    near, far = socket.socketpair()
    with near, contextlib.closing(far):
        near.settimeout(0.3)
        far.sendall(first)
        with drip(far), pytest.raises(TimeoutError):
            CameraResponse(near, method="GET").begin()

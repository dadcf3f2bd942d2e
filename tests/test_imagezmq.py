"""The ImageZMQ hub against the unchanged sender in a process of its own."""

import contextlib
import json
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from harness import ROOT, eventually
from network import free_port
from pages import blocks
from pyimagesearch.capture.demo import DemoScene
from pyimagesearch.capture.imagezmq import make_picture, parse_header
from pyimagesearch.capture.limits import Allowance
from pyimagesearch.errors import BadPicture
from pyimagesearch.jpeg import JpegDecoder

SENDER = """if True:
    import sys, time
    import cv2, imagezmq
    from pyimagesearch.capture.demo import DemoScene
    address, name, kind, pattern, size = sys.argv[1:]
    size = tuple(map(int, size.split("x")))
    sender = imagezmq.ImageSender(connect_to=address, REQ_REP=pattern == "rep")
    scene = DemoScene(size, 15)
    for number in range(100_000):
        image = scene.picture(number)
        if kind == "array":
            sender.send_image(name, image)
        else:
            sender.send_jpg(name, cv2.imencode(".jpg", image)[1])
        time.sleep(1 / 15)
"""


@pytest.fixture
def send():
    """Start a sender; each is ended with the test."""
    processes = []

    def begin(address, name="pi", kind="jpeg", pattern="rep", size="320x240"):
        processes.append(subprocess.Popen(
            [sys.executable, "-c", SENDER, address, name, kind, pattern, size]))
        return processes[-1]
    yield begin
    for process in processes:
        process.kill()
        process.wait()


def camera_called(product, name):
    return json.loads(product.get(f"/api/status/{name}"))


def is_live(product, name):
    return camera_called(product, name)["state"] in ("learning", "live")


def test_two_senders_share_one_address(start, send):
    port = free_port()
    product = start("--source", f"one=imagezmq://127.0.0.1:{port}/pi-1",
                    "--source", f"two=imagezmq://127.0.0.1:{port}/pi-2")
    send(f"tcp://127.0.0.1:{port}", "pi-1", "jpeg")
    send(f"tcp://127.0.0.1:{port}", "pi-2", "array", size="640x480")
    for name, width in (("one", 320), ("two", 640)):
        eventually(lambda name=name: is_live(product, name))
        assert camera_called(product, name)["width"] == width
    eventually(lambda: camera_called(product, "one")["frames"] > 20)


def test_hub_subscribes_to_a_publishing_sender(start, send):
    port = free_port()
    product = start("--source", f"imagezmq+sub://127.0.0.1:{port}/pi")
    send(f"tcp://127.0.0.1:{port}", pattern="pub")
    eventually(lambda: product.camera["frames"] > 10)


def test_vanished_sender_is_lost_and_comes_back(start, send):
    port = free_port()
    product = start("--source", f"imagezmq://127.0.0.1:{port}/pi")
    first = send(f"tcp://127.0.0.1:{port}")
    eventually(lambda: product.camera["frames"] > 3)
    first.kill()
    status = product.wait_for("no signal", 6)
    assert "gave no frame for 5 seconds" in status["reason"]
    assert not comes_back(product)     # nor does its last picture come again
    send(f"tcp://127.0.0.1:{port}")
    product.wait_for("learning")


def comes_back(product, seconds=1.5):
    """Return whether the camera comes back within *seconds*, some tries to open it."""
    frames, until = product.camera["frames"], time.monotonic() + seconds
    while time.monotonic() < until:
        if product.camera["frames"] > frames:
            return True
        time.sleep(0.1)
    return False


def test_sender_that_waits_for_a_hub_is_served(start, send):
    port = free_port()
    sender = send(f"tcp://127.0.0.1:{port}")
    time_to_send = time.monotonic() + 1
    eventually(lambda: time.monotonic() > time_to_send)
    product = start("--source", f"imagezmq://127.0.0.1:{port}/pi")
    eventually(lambda: product.camera["frames"] > 10)
    assert sender.poll() is None


def test_documented_sender_survives_a_killed_hub(start):
    """A plain ImageSender hangs for ever when its hub dies between send and answer."""
    port = free_port()
    (code,) = (block for block in blocks("python") if block.startswith("import imagezmq"))
    code = code.replace("tcp://192.168.1.7:5555", f"tcp://127.0.0.1:{port}").replace(
        "camera = VideoStream(src=0).start()",
        "from pyimagesearch.capture.demo import DemoScene\n"
        "camera = type('C', (), {'read': lambda self: DemoScene((320, 240), 9).picture(1)})()")
    sender = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        for _ in range(3):
            product = start("--source", f"imagezmq://127.0.0.1:{port}/front")
            eventually(lambda product=product: product.camera["frames"] > 5)
            product.process.kill()
            product.wait_for_end()
        assert sender.poll() is None
    finally:
        sender.kill()
        sender.wait()


def test_hostile_sender_does_not_disturb_others(start, send):
    port = free_port()
    product = start("--source", f"imagezmq://127.0.0.1:{port}/pi")
    send(f"tcp://127.0.0.1:{port}")
    product.wait_for("learning")
    with zmq.Context() as context, context.socket(zmq.REQ) as attacker:
        attacker.linger = 0
        attacker.rcvtimeo = 30_000
        attacker.connect(f"tcp://127.0.0.1:{port}")
        for message in ([b"x"], [b"{}", b""], [b"\xff", b"x", b"y"],
                        [json.dumps({"msg": "pi", "dtype": "float64",
                                     "shape": [9**9, 9**9, 3]}).encode(), b"x"],
                        [b'{"msg": "pi"}', b"\xff\xd8 no jpeg \xff\xd9"]):
            attacker.send_multipart(message)
            assert attacker.recv() == b"OK"
    product.wait_for("learning")
    assert "Traceback" not in "".join(product.log)


def test_address_in_use_is_reported(start):
    port = free_port()
    with zmq.Context() as context, context.socket(zmq.REP) as taken:
        taken.linger = 0
        taken.bind(f"tcp://127.0.0.1:{port}")
        product = start("--source", f"imagezmq://127.0.0.1:{port}/pi")
        assert "address already in use" in product.wait_for("no signal")["reason"]


def header(**about):
    return json.dumps({"msg": "pi", **about}).encode()


def unpack(message):
    """Return name and picture as the hub reads them."""
    first, second = [*message, b"", b""][:2]
    parsed, allowance = parse_header(first), Allowance()
    parsed.check(len(second), allowance)
    body = np.frombuffer(second, np.uint8)
    return parsed.name, make_picture(parsed, body, JpegDecoder(), allowance)


def test_jpeg_and_arrays_are_unpacked():
    image = DemoScene((32, 24), 5).picture(0)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    name, picture = unpack([header(dtype="uint8", shape=image.shape), image.tobytes()])
    assert name == "pi"
    np.testing.assert_array_equal(picture.colour(), image)
    assert unpack([header(), jpeg])[1].size == (32, 24)
    grey = image[:, :, 0].copy()
    assert unpack([header(dtype="uint8", shape=grey.shape), grey.tobytes()])[1].size == (32, 24)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["msg", "dtype", "shape", "x"]), inner, max_size=4), max_leaves=8)


@given(st.lists(st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()),
                max_size=3))
def test_no_message_is_fatal(message):
    with contextlib.suppress(BadPicture):
        assert unpack(message)[1].size


@given(st.lists(st.integers(-2, 9000), max_size=4), st.sampled_from(["uint8", "int64", 7]))
def test_only_arrays_that_fit_are_accepted(shape, dtype):
    with pytest.raises(BadPicture):
        unpack([header(dtype=dtype, shape=shape), b"12345"])

"""The whole program beside cameras that send anything at all."""

import contextlib
import json
import os
import re
from pathlib import Path

from fuzzing_camera import FuzzingCamera
from harness import eventually
from network import free_port

ENOUGH = {b"GET": 32, b"OPTIONS": 8, b"\xff": 3, "sender": 30}       # connections
GROWTH_MB = 60


def test_fuzzing_cameras_are_sentences_and_leave_nothing(start):
    port, hub = free_port(), free_port()
    fuzzing = [*(f"http-{number}=http://127.0.0.1:{port}/{number}" for number in range(16)),
               *(f"rtsp-{number}=rtsp://me:s3cret@127.0.0.1:{port}/{number}" for number in range(4)),
               f"sub=imagezmq+sub://127.0.0.1:{port}/fuzzing", f"rep=imagezmq://127.0.0.1:{hub}/fuzzing"]
    product = start("--no-record", "--source", "good=demo:320x240@15", *(
        word for source in fuzzing for word in ("--source", source)))
    eventually(lambda: all(each["state"] == "no signal" for each in bad_cameras(product)
                           if each["name"] != "rep"))
    # the list of events is open
    eventually(lambda: json.loads(product.get("/api/status"))["archive"]["cap"])
    before = Usage(product)
    with contextlib.closing(FuzzingCamera(port, hub)) as camera:
        seen = set()

        def is_tried_enough():
            seen.update(each["reason"] for each in bad_cameras(product))
            return all(camera.connections[kind] >= count for kind, count in ENOUGH.items())
        eventually(is_tried_enough)
    frames = good_camera(product)["frames"]
    eventually(lambda: good_camera(product)["frames"] > frames + 20)
    assert good_camera(product)["losses"] == 0
    # a camera that gave a picture is tried on, by one thread, for half a minute
    eventually(lambda: Usage(product).threads <= before.threads + len(fuzzing))
    eventually(lambda: Usage(product).descriptors <= before.descriptors)
    assert Usage(product).memory < before.memory + GROWTH_MB
    for reason in seen:
        assert reason.isprintable(), repr(reason)
        assert len(reason) < 400, reason
        assert not re.search(r"Traceback|Error\b|Exception|s3cret", reason), reason
    log = "".join(product.log)
    assert not re.search(r"Traceback|\[ERROR|s3cret", log)
    assert product.stop()[1] == 0


class Usage:
    """What a product takes at this moment."""

    def __init__(self, product):
        process = Path("/proc", str(product.process.pid))
        self.memory = int((process / "statm").read_text().split()[1]) * 4096 / 1e6
        self.threads = len(os.listdir(process / "task"))
        self.descriptors = len(os.listdir(process / "fd"))


def cameras(product):
    return json.loads(product.get("/api/status"))["cameras"]


def bad_cameras(product):
    return [each for each in cameras(product) if each["name"] != "good"]


def good_camera(product):
    return next(each for each in cameras(product) if each["name"] == "good")

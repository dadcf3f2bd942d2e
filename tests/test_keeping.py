"""The whole program and what it keeps: real cameras, crashes, full disks."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import cv2
import numpy as np
import pytest

from filming import probe
from harness import DEADLINE, ROOT, eventually, missing, needs
from product import Product, run_program
from pyimagesearch.access.credentials import CredentialsFile
from pyimagesearch.access.roles import Role
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.recording.clip import read_clip
from videos import film

WALK = ((1.0, 2.0),)        # when something moves in a film [s]


def archive(product):
    return json.loads(product.get("/api/status"))["archive"]


def clips(data):
    return sorted(path for path in Path(data).rglob("*.mp4")
                  if not path.name.endswith((".part.mp4", ".draft.mp4")))


def test_motion_is_recorded_with_the_seconds_before(start, tmp_path):
    product = start("--source", f"front={film(tmp_path / 'walk.mp4', 4.0, moving=WALK)}",
                    "--frame-count", "5", "--post-roll", "1", "--data", str(tmp_path))
    (clip,) = eventually(lambda: clips(tmp_path / "clips")[:1])
    metadata, seconds = read_clip(clip)
    assert (metadata.camera, metadata.kind) == ("front", "motion")
    assert seconds >= metadata.end - metadata.begin
    shown = json.loads(product.get("/api/events?kind=motion"))["events"][-1]
    assert shown["id"] == metadata.event
    clip_seen = product.get(f"/events/{metadata.event}/clip.mp4")
    assert clip_seen == clip.read_bytes()
    assert clip.relative_to(tmp_path).parts[:2] == ("clips", "front")
    status = eventually(lambda: (now := archive(product))["used"] >= clip.stat().st_size and now)
    assert status["cap"] > 0
    assert status["trouble"] == ""


def test_end_of_the_program_finishes_the_clip(start, tmp_path):
    product = start("--source", "demo:320x240@15", "--no-record", "--data", str(tmp_path))
    product.wait_for("learning")
    product.send("POST", "/record_status", status="true")
    eventually(lambda: list(tmp_path.rglob("*.part.mp4")))
    assert product.stop()[1] == 0
    (clip,) = clips(tmp_path)
    assert read_clip(clip)[0].kind == "manual"
    assert list(tmp_path.rglob("*.part.mp4")) == []
    database = sqlite3.connect(tmp_path / "events.db")
    assert database.execute('SELECT count(*) FROM events WHERE "end" IS NULL').fetchone() == (0,)
    database.close()


def test_killed_program_recovers_what_it_recorded(start, tmp_path):
    arguments = ("--source", "demo:320x240@15", "--no-record", "--data", str(tmp_path))
    product = start(*arguments)
    product.wait_for("learning")
    product.send("POST", "/record_status", status=True)
    (part,) = eventually(lambda: [path for path in tmp_path.rglob("*.part.mp4")
                                  if path.stat().st_size > 20_000])
    product.process.send_signal(signal.SIGKILL)
    product.wait_for_end()
    again = start(*arguments)
    (clip,) = eventually(lambda: clips(tmp_path))
    assert clip.name == part.name.replace(".part", "")
    assert read_clip(clip)[1] > 0.5
    eventually(lambda: json.loads(again.get("/api/events?kind=manual"))["events"][0]["end"])


def test_program_killed_as_a_clip_begins_has_its_seconds_before(start, tmp_path):
    # encoding them takes a while; what was not encoded yet was lost
    arguments = ("--source", "demo:1280x720@15", "--width", "1280", "--frame-count", "85",
                 "--data", str(tmp_path))
    product = start(*arguments)
    eventually(lambda: list(tmp_path.rglob("*.part.mp4")))
    product.process.send_signal(signal.SIGKILL)
    product.wait_for_end()
    start(*arguments)
    clip = eventually(lambda: clips(tmp_path))[0]
    metadata, seconds = read_clip(clip)
    assert metadata.begin - metadata.first > 4.5
    assert seconds > 4.5
    assert list(tmp_path.rglob("*.jpegs")) == []


def test_two_servers_do_not_share_a_folder(start, tmp_path):
    start("--source", "demo:320x240@5", "--data", str(tmp_path))
    second = run_program("--source", "demo", "--port", "0", "--data", tmp_path)
    assert second.returncode == 1
    assert "is in use by another webstreaming" in second.stderr
    assert "Traceback" not in second.stderr


def test_rtsp_camera_is_recorded_in_its_own_quality(start, tmp_path, rtsp):
    product = start("--source", f"gate={rtsp('480', '360', '8')}", "--width", "320",
                    "--rotate", "90", "--no-record", "--data", str(tmp_path))
    product.wait_for("learning")
    product.send("POST", "/record_status", status="true", camera="gate")
    eventually(lambda: list(tmp_path.rglob("*.part.mp4")))
    frames = product.camera["frames"]
    eventually(lambda: product.camera["frames"] > frames + 15)
    product.send("POST", "/record_status", status="false")
    (clip,) = eventually(lambda: clips(tmp_path))
    (stream,) = probe(clip, "-show_streams", "-count_frames")["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 480, 360)
    assert int(stream["nb_read_frames"]) > 10
    assert [each["rotation"] for each in stream["side_data_list"]] == [-90]     # players turn it
    assert product.camera["encoded"] < 10       # thumbnail and card: nothing else was encoded


SMALL_DISK = """
set -e
mount -t tmpfs -o size=3m none "$1"
exec "$2" webstreaming.py --port 0 --source demo:640x480@15 --no-record --data "$1/data" --reserve 0B --keep 1TB
"""


def test_full_disk_leaves_the_picture_and_what_was_complete(tmp_path):
    needs("unshare", "util-linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        missing("this kernel lets no user mount a small disk; run: sudo sysctl kernel.unprivileged_userns_clone=1")
    product = Product.__new__(Product)
    product.open([*inside, "sh", "-c", SMALL_DISK, "sh", str(disk), sys.executable])
    try:
        product.wait_for("learning")
        filler = Path(f"/proc/{product.process.pid}/root{disk}/filler")
        filler.write_bytes(b"x" * 2_600_000)
        product.send("POST", "/record_status", status="true")
        eventually(lambda: "cannot record: " in product.camera["recording_trouble"])
        frames = product.camera["frames"]
        eventually(lambda: product.camera["frames"] > frames + 10)
        filler.unlink()
        eventually(lambda: "cannot record: " not in product.camera["recording_trouble"])
        eventually(lambda: product.camera["recording"])
        assert product.stop()[1] == 0
        assert "Traceback" not in "".join(product.log)
    finally:
        product.close()


@pytest.fixture
def rtsp(tmp_path):
    started = []

    def begin(*shape):
        from network import free_port
        if not Path("/usr/bin/python3").exists() or subprocess.run(
                ["/usr/bin/python3", "-c", "import gi; gi.require_version('GstRtspServer', '1.0')"],
                capture_output=True).returncode:
            missing("GStreamer's RTSP server is not installed; run: sudo apt install "
                    "python3-gi gir1.2-gst-rtsp-server-1.0")
        port = free_port()
        started.append(subprocess.Popen(
            ["/usr/bin/python3", str(ROOT / "tests/rtsp_camera.py"), str(port), *shape],
            stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "ready\n"
        return f"rtsp://127.0.0.1:{port}/cam"
    yield begin
    for process in started:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_folder_pulled_away_leaves_the_picture(start, tmp_path):
    data = tmp_path / "stick" / "data"
    product = start("--source", "demo:320x240@10", "--no-record", "--data", str(data))
    eventually(lambda: json.loads(product.get("/api/status"))["archive"]["cap"])   # it is open
    product.wait_for("learning")
    (tmp_path / "stick").rename(tmp_path / "pulled")
    (tmp_path / "stick").write_text("nothing is mounted here")
    why = product.send("POST", "/record_status", status="true")["pending"]
    # the recorder or the list of events, whichever notices it first
    assert why == "Cannot record: Not a directory." or "cannot be " in why, why
    eventually(lambda: product.camera["recording_trouble"])
    frames = product.camera["frames"]
    eventually(lambda: product.camera["frames"] > frames + 10)
    (tmp_path / "stick").unlink()
    eventually(lambda: product.camera["recording"])
    product.send("POST", "/record_status", status="false")
    eventually(lambda: clips(tmp_path))
    assert product.stop()[1] == 0
    assert "Traceback" not in "".join(product.log)


def ask(product, path, token):
    request = urllib.request.Request(product.url + path,
                                     headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
        return answer.read()


def test_missing_disk_lifts_no_mask_and_no_password(start, tmp_path):
    data, config = tmp_path / "stick" / "data", tmp_path / "config"
    arguments = ("--source", f"front={film(tmp_path / 'walk.mp4', 4.0, moving=WALK)}",
                 "--frame-count", "5", "--post-roll", "1", "--data", str(data),
                 "--config-dir", str(config))
    older = ConfigFolder(str(data))     # where an older version kept everything
    token = CredentialsFile(older).change(
        lambda found: found.with_password(Role.OWNER, "hash")).tokens[Role.OWNER]
    older.keep_secret("privacy.json", json.dumps(
        {"masks": {"front": ["500,0 1000,0 1000,1000 500,1000"]}, "off_since": None}).encode())
    first = start(*arguments)
    eventually(lambda: clips(data))
    assert first.stop()[1] == 0
    moved = [line for line in first.log if " moved " in line]
    assert len(moved) == 1
    assert f"moved access.json, privacy.json from {data} to {config}" in moved[0]

    (tmp_path / "stick").rename(tmp_path / "pulled")
    (tmp_path / "stick").write_text("nothing is mounted here")
    without = start(*arguments)
    with pytest.raises(urllib.error.HTTPError, match="401"):
        without.get("/api/status")
    status = eventually(lambda: (now := json.loads(ask(without, "/api/status", token)))
                        ["cameras"][0]["motion"] and now)
    assert (status["archive"]["trouble"], status["cameras"][0]["recording"]) == (
        "Not a directory", False)
    picture = cv2.imdecode(np.frombuffer(ask(without, "/snapshot.jpg", token), np.uint8), 0)
    assert picture[:90, 90:].max() < 16
    assert picture[:, :75].mean() > 40
    assert without.stop()[1] == 0
    troubles = [line for line in without.log if "ERROR" in line]
    assert len(troubles) == 1, without.log
    assert f"cannot record to {data}: Not a directory" in troubles[0]
    assert len(list((tmp_path / "pulled").rglob("*.mp4"))) == len(clips(tmp_path / "pulled"))


def test_two_servers_share_a_config_folder(start, tmp_path):
    words = ("--source", "demo:320x240@5", "--config-dir", str(tmp_path / "config"))
    first, second = (start(*words, "--ip", "0.0.0.0", "--data", str(tmp_path / name))
                     for name in ("one", "two"))
    tokens = CredentialsFile(ConfigFolder(str(tmp_path / "config"))).current().tokens
    for product in (first, second):
        assert json.loads(ask(product, "/api/status", tokens[Role.OWNER]))["auth"] is True

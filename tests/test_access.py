"""Access control of the whole program: start, revocation, log."""

import json
import re
import socket
import stat
import subprocess
import time
import urllib.request

import pytest

from harness import DEADLINE, PATIENCE, ROOT, eventually, missing, needs
from product import Product, run_program
from protected import PASSWORD, SMALL, basic


def open_stream(server, credential):
    """Return a connection that receives the live stream."""
    viewer = socket.create_connection(("127.0.0.1", server.port), DEADLINE)
    viewer.sendall(f"GET /video_feed HTTP/1.1\r\nHost: localhost\r\n{credential}\r\n\r\n"
                   .encode())
    file = viewer.makefile("rb")
    assert b"200 OK" in file.readline()
    assert file.read(2000)
    return viewer, file


def seconds_until_end(viewer):
    """Return after how many seconds the stream of *viewer* ends."""
    start = time.monotonic()
    while viewer[1].read1(65536):
        assert time.monotonic() - start < PATIENCE
    for each in reversed(viewer):
        each.close()
    return time.monotonic() - start


def test_public_server_requires_a_login_and_prints_links(protected_server):
    assert stat.S_IMODE((protected_server.config / "access.json").stat().st_mode) == 0o600
    assert protected_server.request("/api/status")[0] == 401     # from this machine too, as a proxy might send it
    assert protected_server.request("/healthz")[0] == 200
    for link, role in ((protected_server.owner, "owner"), (protected_server.viewer, "viewer")):
        assert link.endswith(f":{protected_server.port}/login?token={protected_server.token(role)}")
    status, headers, _ = protected_server.request("/login" + protected_server.owner.partition("/login")[2])
    assert (status, headers["Location"]) == (303, "/")
    cookie = headers["Set-Cookie"].partition(";")[0]
    assert json.loads(protected_server.request("/api/status", Cookie=cookie)[2])["auth"] is True


def test_revoked_clients_lose_open_streams_at_once(protected_server):
    cookies = [protected_server.log_in(), protected_server.log_in()]
    first, second = (open_stream(protected_server, f"Cookie: {cookie}") for cookie in cookies)
    token = open_stream(protected_server, f"Authorization: Bearer {protected_server.token()}")
    page = protected_server.request("/sessions", Cookie=cookies[1])[2].decode()
    assert page.count("this browser") == 1
    assert protected_server.request("/sessions/end-others", "POST", Cookie=cookies[1],
                       Origin=protected_server.url)[0] == 303
    assert seconds_until_end(first) < 1
    assert protected_server.request("/api/status", Cookie=cookies[0])[0] == 401
    old = protected_server.token("viewer")
    made = run_program("token", "--new", env=protected_server.folders)
    assert seconds_until_end(second) < 2.5
    assert seconds_until_end(token) < 2.5
    assert f":{protected_server.port}/login?token={protected_server.token()}" in made.stdout
    assert protected_server.request("/api/status", Authorization=f"Bearer {old}")[0] == 401
    assert protected_server.request("/api/status", Authorization=f"Bearer {protected_server.token()}")[0] == 200


def test_device_key_of_the_command_line_counts_at_once(protected_server):
    made = run_program("device-key", "add", "tv", env=protected_server.folders).stdout
    (url,) = re.findall(r"http://tv:\S+/video_feed", made)
    key = url.partition("tv:")[2].partition("@")[0]
    login = basic("tv", key)["Authorization"]
    assert f":{protected_server.port}/" in url
    viewer = open_stream(protected_server, f"Authorization: {login}")
    listed = run_program("device-key", "list", env=protected_server.folders).stdout
    assert re.search(r"^tv: since .*, last used .* from 127\.0\.0\.1$", listed, re.M)
    run_program("device-key", "revoke", "tv", env=protected_server.folders)
    assert seconds_until_end(viewer) < 2.5
    assert protected_server.request("/snapshot.jpg", Authorization=login)[0] == 401
    assert key not in "".join(protected_server.log)


def test_log_contains_no_secrets(protected_server):
    cookie = protected_server.log_in()
    made = json.loads(protected_server.request(
        "/api/stream_key", "POST", b'{"path": "/snapshot.jpg"}', Cookie=cookie,
        Origin=protected_server.url, **{"Content-Type": "application/json"})[2])
    assert protected_server.request(made["url"])[2].startswith(b"\xff\xd8")
    with socket.create_connection(("127.0.0.1", protected_server.port)) as rude:
        rude.sendall(f"GET /login?token={protected_server.token()} HTTP/9.9\r\n\r\n".encode())
        rude.recv(100)
    protected_server.request("/snapshot.jpg", **basic("tv", protected_server.token("viewer")))
    with socket.create_connection(("127.0.0.1", protected_server.port)) as proxied:
        proxied.sendall(f"GET http://tv:{protected_server.token('viewer')}@localhost/video_feed "
                        f"HTTP/9.9\r\nReferer: http://tv:{protected_server.token()}@x/\r\n\r\n"
                        .encode())
        proxied.recv(100)
    protected_server.request("/last-request")
    eventually(lambda: any("GET '/last-request'" in line for line in protected_server.log))
    log = "".join(protected_server.log)
    assert "GET '/login'" in log
    login = basic("tv", protected_server.token("viewer"))["Authorization"].split()[1]
    for secret in (protected_server.token(), protected_server.token("viewer"), made["key"], PASSWORD,
                   login, cookie.partition("=")[2]):
        assert secret not in log


def watched_by(*command):
    """Return what the program *command* printed, once it has ended well."""
    ended = subprocess.run(command, capture_output=True, timeout=DEADLINE, cwd=ROOT)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_programs_watch_with_user_and_password(protected_server):
    login = f"tv:{protected_server.token('viewer')}"
    plain = f"http://127.0.0.1:{protected_server.port}"
    inside = plain.replace("//", f"//{login}@")
    for options in (("--user", login), ("--anyauth", "--user", login)):
        assert watched_by(needs("curl", "curl"), "-sSf", *options, f"{plain}/snapshot.jpg"
                          ).startswith(b"\xff\xd8")
    for path in ("/video_feed", "/?action=stream"):
        assert b"mjpeg,320" in watched_by(
            needs("ffprobe", "ffmpeg"), "-v", "error", "-f", "mpjpeg", "-show_entries",
            "stream=codec_name,width", "-of", "csv", inside + path)
    logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    logins.add_password(None, plain, *login.split(":"))
    asked = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(logins))
    assert asked.open(f"{plain}/snapshot.jpg", timeout=DEADLINE).status == 200


def test_gstreamer_watches_with_user_and_password(protected_server):
    found = subprocess.run(["/usr/bin/python3", "-c", "import gi; gi.require_version('Gst', '1.0')"],
                           capture_output=True)
    if found.returncode:
        missing("GStreamer is not installed; run: sudo apt install python3-gi "
                "gir1.2-gstreamer-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad")
    assert watched_by(
        "/usr/bin/python3", "tests/gstreamer_viewer.py", f"{protected_server.url}/video_feed",
        "tv", protected_server.token("viewer")) == b"5 pictures\n"


def test_motion_watches_with_its_netcam_userpass(protected_server, tmp_path):
    (tmp_path / "motion.conf").write_text(
        f"netcam_url {protected_server.url}/video_feed\n"
        f"netcam_userpass tv:{protected_server.token('viewer')}\n"
        "width 320\nheight 240\nframerate 15\nwebcontrol_port 0\nstream_port 0\n"
        "emulate_motion on\npicture_output first\nmovie_output off\nlog_level 6\n"
        f"target_dir {tmp_path}\n")
    motion = subprocess.Popen([needs("motion", "motion"), "-n", "-c", tmp_path / "motion.conf"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: next(tmp_path.glob("*.jpg"), None))
    finally:
        motion.kill()
        motion.wait()


def test_no_auth_is_warned_about():
    product = Product(*SMALL, "--no-auth", "--ip", "0.0.0.0")
    assert json.loads(product.get("/api/status"))["auth"] is False
    product.stop()
    assert any("--no-auth: all who reach the port can watch" in line
               for line in product.log)
    assert "token" not in product.process.stdout.read()
    product.close()


def test_open_watching_is_told_at_the_start():
    product = Product(*SMALL, "--auth", "changes", "--ip", "0.0.0.0", "--no-record")
    assert json.loads(product.get("/api/status"))["auth"] is False
    assert product.process.stdout.readline().startswith("log in as owner")
    product.stop()
    assert any("--auth changes: all who reach the port can watch; to change something, they "
               "must log in" in line for line in product.log)
    product.close()


@pytest.mark.parametrize(("ip", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_server_reachable_past_its_proxy_is_warned_about(ip, warned):
    product = Product(*SMALL, "--trusted-proxies", "1", "--ip", ip)
    product.stop()
    assert warned == any("--trusted-proxies: clients that reach the port directly" in line
                       for line in product.log)
    product.close()


def test_damaged_credentials_end_the_start(tmp_path):
    (tmp_path / "access.json").write_text("{")
    ended = run_program(*SMALL, "--port", "0", env={"SURVEILLANCE_CONFIG_DIR": str(tmp_path)})
    assert ended.returncode == 1
    assert "access.json cannot be read: it is damaged" in ended.stderr
    assert "Traceback" not in ended.stderr

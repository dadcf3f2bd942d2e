"""The flood of wrong passwords; see ``flood.py``."""

import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.processes import ROOT, Server, product, viewers
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.passwords import hash_password
from pyimagesearch.access.roles import Role
from pyimagesearch.folders import ConfigFolder

RATE, VIEWERS, ADDRESSES = 200, 10, 50
PASSWORD = "correct horse battery staple"
LOGIN_EVERY = 2.0       # seconds, of the owner
MIN_FPS, MAX_LOGIN_SECONDS = 28.0, 5.0


class Row(NamedTuple):
    """What was measured in one run."""

    slowest: float          # of the viewers [fps]
    login: float            # the median time of the owner's login [s]
    worst: float            # the longest [s]
    answered: float         # wrong passwords [1/s]


def try_passwords(url: str, seconds: float) -> None:
    """Try wrong passwords from many addresses; print the statuses that came back."""
    port = urlsplit(url).port or 80
    begin, answers = time.monotonic(), Counter[str]()
    print("started", flush=True)
    with ThreadPoolExecutor(32) as pool:
        def pace(number: int) -> str:
            time.sleep(max(0.0, begin + number / RATE - time.monotonic()))
            return attempt(port, number)
        for status in pool.map(pace, range(int(RATE * seconds))):
            answers[status] += 1
    answers["seconds"] = round(time.monotonic() - begin)
    print(json.dumps(answers), flush=True)


def attempt(port: int, number: int) -> str:
    """Try one wrong password; return the status of the answer."""
    body = f"account=owner&password=guess-{number}".encode()
    try:
        with socket.create_connection(("127.0.0.1", port), 10, (
                f"127.0.1.{1 + number % ADDRESSES}", 0)) as client:
            client.sendall(
                b"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            return client.recv(65536)[9:12].decode() or "closed"
    except OSError as error:
        return type(error).__name__


def log_in(server: Server) -> float:
    """Log in as the owner; return how long it took [s]."""
    form = urllib.parse.urlencode({"account": "owner", "password": PASSWORD}).encode()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    begin = time.monotonic()
    with browser.open(server.url + "login", form, timeout=30) as answer:
        answer.read()       # the live page, to which the login redirects
    return time.monotonic() - begin


def stream_key(server: Server, token: str) -> str:
    """Return the path of the stream with a stream key."""
    request = urllib.request.Request(
        server.url + "api/stream_key", json.dumps({"path": "/video_feed"}).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        url: str = json.load(answer)["url"]
        return url.lstrip("/")


def measure(seconds: float, *, flooded: bool) -> Row:
    """Return what viewers and the owner notice."""
    found = Credentials.new().with_password(Role.OWNER, hash_password(PASSWORD))
    with tempfile.TemporaryDirectory() as data:
        CredentialsFile(ConfigFolder(data)).save(found)
        with product("--source", "demo:640x480@30", "--log-level", "error",
                     "--data", data, "--config-dir", data) as server:
            return measure_server(server, found.tokens[Role.OWNER], seconds,
                                  flooded)


def measure_server(server: Server, token: str, seconds: float, flooded: bool) -> Row:
    """Measure with a running *server*."""
    log_in(server)      # now the owner is known at this address
    command = [sys.executable, "-m", "benchmarks.flood", "try", server.url,
               str(seconds)]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE
                               ) if flooded else None
    if process and process.stdout:
        process.stdout.readline()
    took, until = [], time.monotonic() + seconds
    with viewers(server.url + stream_key(server, token), VIEWERS, seconds) as output:
        while time.monotonic() < until:
            took.append(log_in(server))
            time.sleep(LOGIN_EVERY)
        report = json.loads(output.readline())
    answers = json.loads(process.communicate(timeout=120)[0]) if process else {}
    answered = sum(answers.get(status, 0) for status in ("401", "429"))
    return Row(min(viewer["fps"] for viewer in report), statistics.median(took),
               max(took), answered / (answers.get("seconds") or 1))


def flood_logins(seconds: float) -> bool:
    """Print the table of wrong passwords; return whether it is met."""
    print(f"{VIEWERS} viewers at 30 fps, {RATE} wrong passwords a second, "
          f"{seconds:g} s each\n")
    print("flooded     slowest viewer [fps]   login [s]   worst   answered [1/s]")
    rows = {}
    for name, flooded in (("no", False), ("yes", True)):
        rows[name] = row = measure(seconds, flooded=flooded)
        print(f"{name:8}    {row.slowest:20.1f}   {row.login:9.2f}   {row.worst:5.2f}"
              f"   {row.answered:14.0f}", flush=True)
    print(f"\na login takes {rows['yes'].login / rows['no'].login:.2f} x the time of "
          "one without flood")
    return rows["yes"].slowest >= MIN_FPS and rows["yes"].worst <= MAX_LOGIN_SECONDS

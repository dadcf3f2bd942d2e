"""
Response times of the event pages, with 10,000 events.

    python -m benchmarks.events_pages [REQUESTS]

Over HTTP from our server, one request after the other, beside /healthz, which does no
work. Met, as medians: /events at most 50 ms, a page of /api/events at most 20 ms. The
best is printed beside them: on a machine that pauses at times, it shows what the page
itself takes.
"""

import http.client
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pyimagesearch.clock import SystemClock
from pyimagesearch.events.event import (
    CLIP,
    COMPLETE,
    MOTION,
    THUMBNAIL,
    Event,
    KeptFile,
)
from pyimagesearch.events.store import EventStore
from pyimagesearch.status import ArchiveStatus

EVENTS, DAYS = 10_000, 60
BEGIN = 1_790_000_000.0


class SampleArchive:
    """An archive with a store and without files."""

    def __init__(self, folder: Path) -> None:
        self.store = EventStore(folder / "events.db", SystemClock())
        self.clips = folder
        self.store.open()

    def status(self) -> ArchiveStatus:
        return ArchiveStatus(folder="", used=0, cap=0, free=0, days=None, trouble="")

    def confirm(self) -> None:
        """Do nothing: no request changes anything."""

    def star(self, ids: Sequence[int], starred: bool) -> int:
        """Star events in the store."""
        return self.store.star(ids, starred)

    def fill(self) -> None:
        """Write the events: each with a clip and a thumbnail, one in ten starred."""
        dice = random.Random(5)
        for number in range(1, EVENTS + 1):
            begin = BEGIN + (number - dice.random()) * DAYS * 86400 / EVENTS
            camera = dice.choice(["front", "yard", "gate"])
            self.store.begin(Event(
                id=number, camera=camera, kind=MOTION, begin=begin, end=begin + 12,
                peak_area=9.5, peak_box=(10, 20, 300, 200), starred=number % 10 == 0,
                files=(KeptFile(f"{camera}/{number}.mp4", CLIP, begin, begin + 12,
                                900_000, COMPLETE),
                       KeptFile(f"{camera}/{number}.jpg", THUMBNAIL, begin, begin,
                                30_000, COMPLETE))))
            if number % 1000 == 0:
                self.store.flush(60)
        for minute in range(int(BEGIN // 60), int(BEGIN // 60) + DAYS * 1440, 20):
            self.store.level("front", minute, dice.uniform(0, 50))
            if minute % 1000 == 0:
                self.store.flush(60)
        if not self.store.flush(60):
            sys.exit("the events were not written")


def serve_archive(archive: SampleArchive) -> None:
    """Serve the events of *archive*."""
    from pyimagesearch.access.authenticator import Authenticator
    from pyimagesearch.access.refused_logins import RefusedLogins
    from pyimagesearch.access.roles import Role
    from pyimagesearch.folders import ConfigFolder
    from pyimagesearch.serving.server import LiveServer
    from pyimagesearch.web.app import create_app
    from pyimagesearch.web.services import Services

    server = LiveServer("127.0.0.1", 0)
    clock = SystemClock()
    authenticator = Authenticator(
        ConfigFolder(str(archive.clips)), clock, RefusedLogins(archive.store, clock),
        open_to=Role.OWNER, local_only=True,
        in_thread=server.pools.changes.run_admitted,
        check_in_thread=server.pools.passwords.run)
    app = create_app(Services({}, authenticator, server.pools, archive=archive))
    print(f"http://127.0.0.1:{server.address[1]}/", flush=True)
    server.run(app, on_stop=archive.store.stop)


def took(connection: http.client.HTTPConnection, path: str) -> tuple[float, bytes]:
    """Return how long a response took [ms], and its body."""
    begin = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        sys.exit(f"{path} answered {answer.status}")
    return 1000 * (time.perf_counter() - begin), content


def main(requests: int) -> None:
    """Request each page in turn, again and again, and print the table."""
    from benchmarks.processes import main_guard, running

    with tempfile.TemporaryDirectory() as folder, running(
            "-m", "benchmarks.events_pages", "serve", folder) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        page = json.loads(took(connection, "/api/events?limit=200")[1])
        middle = page["events"][0]["id"] - EVENTS // 2
        limits = {
            "/healthz": 0, "/events": 50, f"/events?before={middle}": 50,
            "/events?camera=yard&starred=true": 50, "/api/events": 20,
            f"/api/events?before={middle}": 20, "/api/events?starred=true": 20,
            f"/events/{page['events'][0]['id']}": 0}
        times: dict[str, list[float]] = {path: [] for path in limits}
        for _ in range(requests):
            for path in limits:
                times[path].append(took(connection, path)[0])
        connection.close()
    print(f"{EVENTS} events, {requests} requests of each\n")
    print(f"{'page':40} best [ms]   median   95 %   / healthz")
    ok, alive = True, statistics.median(times["/healthz"])
    for path, limit in limits.items():
        median = statistics.median(times[path])
        late = sorted(times[path])[int(0.95 * (requests - 1))]
        ok &= not limit or median <= limit
        print(f"{path:40} {min(times[path]):9.1f}   {median:6.1f}   {late:4.0f}"
              f"   {median / alive:9.1f}")
    print("\nmust: /events <= 50 ms, /api/events <= 20 ms:", "met" if ok else "MISSED")
    main_guard(ok)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        archive = SampleArchive(Path(sys.argv[2]))
        archive.fill()
        serve_archive(archive)
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 50)

"""
Cut the power again and again while a person works, and look for what is lost.

    python -m benchmarks.power_cut [CUTS]       20 by default, six minutes; as root

The program keeps its clips and settings on an ext4 file system in a file. A person
saves stills, stars, deletes and restores events, marks false alarms, starts and stops
recordings, draws masks and zones, changes settings, arms and disarms, switches the
cameras, sets passwords and makes device keys, as fast as the answers come. At a random
moment the power is cut: what was not synced is lost, every other time to the last byte.
Then the program starts on what is left; every fourth time, that start is cut off too.

Met: after each cut, everything that was answered with success more than a second
before is there, and nothing that was deleted is; every file that is listed as complete
is sent whole, and every clip that was complete is unchanged.
"""

import hashlib
import http.client
import json
import random
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from werkzeug.security import check_password_hash

from benchmarks.ext4_disk import STRICT, USUAL, Ext4Disk, require
from benchmarks.processes import Server, running
from benchmarks.promises import Promises
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.device_keys import DeviceKeys
from pyimagesearch.access.passwords import hash_password
from pyimagesearch.access.roles import Role
from pyimagesearch.clock import SystemClock
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.folders import ConfigFolder

WORK_SECONDS = 3.0, 14.0        # before the cut, at least and at most
START_SECONDS = 1.5     # in which a start may be cut off
RECOVERY_SECONDS = 60.0         # for clips that were cut off
LACKING_SECONDS = 0.7           # of a recording: its first frame and its last fragment
THERE, DELETED = "there", "deleted"
GONE_ERRORS = (OSError, http.client.HTTPException, SurveillanceError)


class Api:
    """The HTTP API of *server*, for an owner with *token*."""

    def __init__(self, server: Server, token: str) -> None:
        self._url = server.url
        self._token = token

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Return the answer, JSON or bytes; raises :exc:`HTTPError` for an error."""
        request = urllib.request.Request(
            self._url + path.lstrip("/"),
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json",
             "Authorization": f"Bearer {self._token}"}, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            content = answer.read()
            is_json = answer.headers["Content-Type"] == "application/json"
            return json.loads(content) if is_json else content

    def events(self) -> Iterator[Any]:
        """Yield all events that are listed."""
        before: str | None = ""
        while before is not None:
            page = self.ask(f"api/events?limit=200{before and f'&before={before}'}")
            yield from page["events"]
            before = page["next"]

    def digest(self, url: str) -> str:
        """Return the SHA-256 of a file of an event, or why there is none."""
        try:
            content = self.ask(url)
        except urllib.error.HTTPError as error:
            return f"status {error.code}"
        return hashlib.sha256(content).hexdigest() if content else "empty"


class Person:
    """Work with the server at random, noting the *promises* that it makes."""

    def __init__(self, api: Api, config: ConfigFolder, promises: Promises,
                 chance: random.Random) -> None:
        self._api = api
        self._config = config
        self._promises = promises
        self._chance = chance
        self._number = 0
        self.trouble = ""       # why it ended before the power was cut

    def work(self, stopping: threading.Event) -> None:
        """Do one thing after another until *stopping*, or until the power is cut."""
        todo: list[Callable[[], None]] = [
            self.still, self.still, self.still, self.star, self.star, self.delete,
            self.delete, self.restore, self.mark_not_event, self.record, self.mask,
            self.zones, self.settings, self.arm, self.switch, self.password,
            self.device_key, self.look_at_clips]
        try:
            self._change("cameras", True, "api/cameras", "POST", {"on": True})
            while not stopping.is_set():
                self._number += 1
                self._chance.choice(todo)()
        except GONE_ERRORS as error:
            if not stopping.is_set():
                self.trouble = f"the person could not go on: {error!r}"

    def still(self) -> None:
        """Save a still, and look at it."""
        made = self._api.ask("snapshot", "POST", {})
        if "pending" in made:
            return
        self._promises.hold(("event", made["event"]), THERE)
        self._promises.hold(("content", f"events/{made['event']}/still.jpg"),
                            self._api.digest(f"events/{made['event']}/still.jpg"))

    def star(self) -> None:
        """Star an event, or no longer."""
        if (event := self._event()) is not None:
            starred = not self._promises.current(("star", event))
            self._change(("star", event), starred, f"api/events/{event}", "PATCH",
                         {"starred": starred})

    def mark_not_event(self) -> None:
        """Mark an event as a false alarm, or no longer."""
        if (event := self._event()) is not None:
            marked = not self._promises.current(("not_event", event))
            self._change(("not_event", event), marked, "api/events/not_event", "POST",
                         {"ids": [event], "not_event": marked})

    def delete(self) -> None:
        """Delete an event that has no star."""
        event = self._event()
        if event is not None and not self._promises.current(("star", event)):
            self._change(("event", event), DELETED, f"api/events/{event}", "DELETE")

    def restore(self) -> None:
        """Restore the event that was deleted last, if it is still there."""
        deleted = [each for each in self._promises.keys("event")
                   if self._promises.current(("event", each)) == DELETED]
        if deleted:
            key = "event", deleted[-1]
            change = self._promises.ask(key, THERE)
            if self._api.ask("api/events/restore", "POST",
                   {"ids": [deleted[-1]]})["restored"]:
                self._promises.answer(change)
            else:
                self._promises.withdraw(key, change)

    def record(self) -> None:
        """Record for a moment."""
        if not self._api.ask("record_status")["recording"]:
            self._api.ask("record_status", "POST", {"status": True})
        began = time.monotonic()
        event = self._api.ask("api/events?kind=manual&limit=1")["events"][0]["id"]
        self._promises.hold(("recording", event), 0.0)
        time.sleep(self._chance.uniform(0.5, 4.0))
        change = self._promises.ask(("recording", event), time.monotonic() - began)
        self._api.ask("record_status", "POST", {"status": False})
        self._promises.answer(change)

    def look_at_clips(self) -> None:
        """Note the newest clips that are complete."""
        found = self._api.ask("api/events?limit=5")["events"]
        for clip in (clip for event in found for clip in event["clips"]):
            key = "content", clip["url"].lstrip("/")
            if clip["state"] == "complete" and not self._promises.current(key):
                self._promises.hold(key, self._api.digest(clip["url"]))

    def mask(self) -> None:
        """Hide a region."""
        drawn = [f"0,0 {self._number % 900},0 0,50"]
        self._change("mask", drawn, "api/cameras/camera/mask", "PUT", {"drawn": drawn})

    def zones(self) -> None:
        """Draw a zone."""
        name = f"zone {self._number}"
        self._change("zone", name, "api/cameras/camera/zones", "PUT", {
            "zones": [{"name": name, "polygon": "0,600 999,600 999,999"}]})

    def settings(self) -> None:
        """Change a setting of the camera."""
        seconds = 1.0 + self._number % 20
        self._change("post_roll", seconds, "api/cameras/camera/settings", "PATCH",
                     {"post_roll": seconds})

    def arm(self) -> None:
        """Put a mode of arming in force, which is off now and then."""
        mode = self._chance.choice(("away", "away", "home", "off"))
        self._change("mode", mode, "api/armed", "POST", {"mode": mode})

    def switch(self) -> None:
        """Switch the cameras off, and mostly on again."""
        self._change("cameras", False, "api/cameras", "POST", {"on": False})
        self._change("cameras", True, "api/cameras", "POST", {"on": True})
        wait_for_pictures(self._api)

    def password(self) -> None:
        """Set the password of a viewer, as the command does."""
        password = f"the password {self._number} {self._chance.random()}"
        change = self._promises.ask("password", password)
        hashed = hash_password(password)
        CredentialsFile(self._config).change(
            lambda found: found.with_password(Role.VIEWER, hashed))
        self._promises.answer(change)

    def device_key(self) -> None:
        """Make a device key, as the command does, and revoke an old one."""
        keys = device_keys(self._config)
        names = [each for each in self._promises.keys("key")
                 if self._promises.current(("key", each)) == THERE]
        if len(names) > 5:
            change = self._promises.ask(("key", names[0]), DELETED)
            keys.revoke(next(each for each in keys.all() if each.name == names[0]))
        else:
            name = f"key {self._number} {self._chance.random()}"
            change = self._promises.ask(("key", name), THERE)
            keys.add(name, None)
        self._promises.answer(change)

    def _event(self) -> int | None:
        """Return one of the last events, ``None`` if there is none."""
        known = [each for each in self._promises.keys("event")
                 if self._promises.current(("event", each)) == THERE]
        return self._chance.choice(known[-8:]) if known else None

    def _change(self, key: Any, value: Any, path: str, method: str,
                body: Any = None) -> None:
        change = self._promises.ask(key, value)
        answer = self._api.ask(path, method, body)
        if "pending" not in answer:
            self._promises.answer(change)


def device_keys(config: ConfigFolder) -> DeviceKeys:
    """Return the device keys in *config*."""
    return DeviceKeys(config, SystemClock(), lambda work: work())


# --- after the cut

def recovered_events(api: Api) -> dict[int, Any]:
    """Wait for the recovery of all clips; return the events by id."""
    until = time.monotonic() + RECOVERY_SECONDS
    before: dict[int, Any] = {}
    while time.monotonic() < until:
        found = {event["id"]: event for event in api.events()}
        newest = max(found, default=0)
        if before.keys() == found.keys() and all(
                clip["state"] not in ("open", "unfinished") or id == newest
                for id, event in found.items() for clip in event["clips"]):
            return found
        before = found
        time.sleep(1.0)
    raise RuntimeError(f"clips were not recovered within {RECOVERY_SECONDS:g} s")


def states(api: Api, config: ConfigFolder, found: dict[int, Any],
           promises: Promises) -> dict[Any, Any]:
    """Return what is left, by the keys of *promises*."""
    status = api.ask("api/status")
    zones = api.ask("api/cameras/camera/zones")["zones"]
    settings = api.ask("api/cameras/camera/settings")
    left: dict[Any, Any] = {
        "mask": api.ask("api/cameras/camera/mask")["drawn"],
        "zone": zones[0]["name"] if zones else None,
        "post_roll": settings["settings"]["post_roll"],
        "mode": status["arming"]["mode"],
        "cameras": status["cameras"][0]["state"] != "off"}
    names = {each.name for each in device_keys(config).all()}
    for name in promises.keys("key"):
        left["key", name] = THERE if name in names else DELETED
    for id in promises.keys("event"):
        event = found.get(id)
        left["event", id] = DELETED if event is None else THERE
        if event:
            left["star", id] = event["starred"]
            left["not_event", id] = event["not_event"]
    for id in promises.keys("recording"):
        event = found.get(id)
        left["recording", id] = sum(
            clip["end"] - clip["begin"] for clip in event["clips"]
            if clip["state"] == "complete") if event else None
    return left


def losses(api: Api, config: ConfigFolder, promises: Promises, cut: float
           ) -> list[str]:
    """Return what was lost at the *cut*, a sentence each; go on with what is left."""
    found = recovered_events(api)
    lost = []
    for key, value in states(api, config, found, promises).items():
        possible = promises.possible(key, cut)
        if key[0] == "recording":
            if possible and (value is None or value < min(possible) - LACKING_SECONDS):
                lost.append(f"{key} has {value} s, not {possible}")
            promises.forget(key)
        else:
            if possible and value not in possible:
                lost.append(f"{key} is {value}, not {possible}")
            promises.settle(key, value)
    return lost + wrong_password(config, promises, cut) + wrong_files(
        api, found, promises, cut)


def wrong_password(config: ConfigFolder, promises: Promises, cut: float) -> list[str]:
    """Return a sentence if another password than a promised one is in force."""
    possible = promises.possible("password", cut)
    found: Credentials | None = CredentialsFile(config).current()
    hashed = found.passwords.get(Role.VIEWER, "") if found else ""
    if not possible or any(check_password_hash(hashed, each) for each in possible):
        return []
    return [f"the password is none of {possible}"]


def wrong_files(api: Api, found: dict[int, Any], promises: Promises, cut: float
                ) -> list[str]:
    """Return a sentence for each file that is not whole, has changed, or is back."""
    listed = {file["url"].lstrip("/"): (id, file) for id, event in found.items()
              for file in (*event["clips"], *event["stills"])}
    contents: dict[bool, set[str]] = {True: set(), False: set()}    # by whether deleted
    for url in promises.keys("content"):
        is_deleted = promises.current(("event", int(url.split("/")[1]))) == DELETED
        contents[is_deleted].add(promises.current(("content", url)))
    deleted = contents[True] - contents[False]      # two stills may be of one frame
    wrong = []
    for url, (id, file) in listed.items():
        content = api.digest(url) if file["state"] == "complete" else file["state"]
        possible = promises.possible(("content", url), cut)
        if possible and content not in possible:
            wrong.append(f"{url} is {content}, not {possible}")
        elif file["state"] == "complete" and len(content) != 64:
            wrong.append(f"{url} is complete, but {content}")
        elif content in deleted:
            wrong.append(f"{url} was deleted, but is back in event {id}")
    return wrong


def cut_once(disk: Ext4Disk, promises: Promises, cut: float, chance: random.Random
             ) -> tuple[list[str], float]:
    """Start on what the last *cut* left; return what was lost, and the next cut."""
    config = ConfigFolder(str(disk.path / "config"))
    credentials = CredentialsFile(config).change(lambda found: found)
    stopping = threading.Event()
    with program_on(disk) as server:
        api = Api(server, credentials.tokens[Role.OWNER])
        wait_for_pictures(api)
        lost = losses(api, config, promises, cut)
        person = Person(api, config, promises, chance)
        work = threading.Thread(target=person.work, args=[stopping])
        work.start()
        work.join(chance.uniform(*WORK_SECONDS))
        stopping.set()
        cut = disk.cut()
        server.kill()
        work.join()
    return [*lost, *filter(None, [person.trouble])], cut


def cut_during_start(disk: Ext4Disk, chance: random.Random) -> None:
    """Cut the power while the program recovers what the last cut left."""
    with program_on(disk) as server:
        time.sleep(chance.uniform(0, START_SECONDS))
        disk.cut()
        server.kill()


def program_on(disk: Ext4Disk) -> AbstractContextManager[Server]:
    """Run the program with both folders on *disk*."""
    return running("webstreaming.py", "--port", "0", "--source", "demo:320x240@15",
                   "--log-level", "error", "--data", str(disk.path / "data"),
                   "--config-dir", str(disk.path / "config"), "--reserve", "1MB")


def wait_for_pictures(api: Api) -> None:
    """Wait until the camera is live, or switched off."""
    while api.ask("api/status")["cameras"][0]["state"] not in ("live", "off"):
        time.sleep(0.1)


def main(cuts: int) -> int:
    """Cut the power *cuts* times; return the exit status."""
    require()
    promises, chance, cut, whole = Promises(), random.Random(18), 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        disk = Ext4Disk(Path(folder))
        for number in range(cuts + 1):
            if number % 4 == 2:
                with disk.mounted(STRICT):
                    cut_during_start(disk, chance)
            with disk.mounted(STRICT if number % 2 else USUAL):
                lost, cut = cut_once(disk, promises, cut, chance)
            if number:
                whole += not lost
                print(f"cut {number}: {'; '.join(lost) or 'nothing is lost'}",
                      flush=True)
    print(f"{whole} of {cuts} with nothing lost that was answered more than a second "
          "before\n  must: all:", "met" if whole == cuts else "MISSED")
    return 0 if whole == cuts else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2] or ["20"])))

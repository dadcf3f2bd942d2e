"""The program as a process of its own, as a user starts it."""

import atexit
import functools
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from harness import DEADLINE, PATIENCE, ROOT, eventually
from prefork import Template


@functools.cache
def template():
    """The process that product is forked from; it ends with the tests."""
    made = Template()
    atexit.register(made.close)
    return made


def run_program(*arguments, env=None, cwd=ROOT):
    """Run the program to its end; return its status, and what it printed where."""
    process = template().start(arguments, {**os.environ, **(env or {})}, cwd)
    stdout, stderr = process.communicate(DEADLINE)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


class Product:
    """
    ``webstreaming.py`` as a process of its own, on a free port.

    It is forked from one that has done its imports already, or, given *program*,
    started by Python.
    """

    def __init__(self, *arguments, program=(), env=None, cwd=ROOT):
        arguments = ("--port", "0", *arguments)
        self.open([sys.executable, *program, *arguments] if program else [], env, cwd,
                  arguments)

    def open(self, command, env=None, cwd=ROOT, arguments=()):
        self.data = tempfile.TemporaryDirectory(prefix="surveillance-")
        self.config = Path(self.data.name, "config")
        self.folders = {"SURVEILLANCE_DATA": self.data.name,
                        "SURVEILLANCE_CONFIG_DIR": str(self.config)}
        if "--data" in arguments:       # one of the test's, and so is the config folder
            del self.folders["SURVEILLANCE_CONFIG_DIR"]
        env = {**os.environ, **self.folders, **(env or {})}
        self.process = subprocess.Popen(
            command, cwd=cwd, text=True, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) if command else template().start(arguments, env, cwd)
        self.log = []
        self.greeting = self.process.stdout.readline()
        self._drain = threading.Thread(target=self._read_log, daemon=True)
        self._drain.start()
        found = re.search(r"(https?)://\S+?:(\d+)/", self.greeting)
        assert found, f"printed {self.greeting!r} and {self.wait_for_end()}"
        self.port = int(found[2])
        self.url = f"{found[1]}://127.0.0.1:{self.port}"

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def wait_for_end(self):
        self.process.wait(DEADLINE)
        self._drain.join(DEADLINE)
        return self.process.returncode, "".join(self.log)

    def get(self, path, timeout=DEADLINE):
        anybody = ssl._create_unverified_context() if self.url[4] == "s" else None
        with urllib.request.urlopen(
                self.url + path, timeout=timeout, context=anybody) as answer:
            return answer.read()

    def send(self, method, path, **body):
        """Send *body* as JSON; return the answer's."""
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"},
            method=method)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            return json.load(answer)

    @property
    def camera(self):
        return json.loads(self.get("/api/status"))["cameras"][0]

    def wait_for(self, state, patience=PATIENCE):
        """Wait for *state*, or what "learning" soon becomes; return the status."""
        wanted = ("learning", "live") if state == "learning" else (state,)
        return eventually(lambda: (now := self.camera)["state"] in wanted and now, patience)

    def stop(self, by=signal.SIGTERM):
        """Return how long it took to end, and with which status."""
        start = time.monotonic()
        self.process.send_signal(by)
        code, _ = self.wait_for_end()
        return time.monotonic() - start, code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait_for_end()
        print("".join(self.log))        # shown if the test failed
        self.process.stdout.close()
        self.process.stderr.close()
        self.data.cleanup()

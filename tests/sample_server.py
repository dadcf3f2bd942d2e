"""The sample archive on a real server, in a process of its own."""

import http.client
import json
import subprocess
import sys
from pathlib import Path

from harness import DEADLINE, ROOT

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class SampleServer:
    """``sample_archive.py`` as a process that serves *folder*."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "tests/sample_archive.py", folder], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), self.process.communicate()
        self.address = self.url.removeprefix("http://")

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=DEADLINE)

    def request(self, method, path, body=None, headers=()):
        """Return status, headers and content of the response."""
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()

    def events(self):
        return json.loads(self.request("GET", "/api/events?limit=200")[2])["events"]

    def open_files(self):
        """Return the clips and stills that the server has open."""
        links = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return [path for path in map(Path.resolve, links) if path.suffix in (".mp4", ".jpg")]

    def close(self):
        """Stop the server, which must end cleanly."""
        try:
            _, log = self.process.communicate("stop\n", DEADLINE)
            assert (self.process.returncode, "Traceback" in log) == (0, False), log
        finally:
            self.process.kill()
            self.process.communicate()

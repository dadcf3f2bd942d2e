"""A push service for tests: web-push-testing, behind the TLS that browsers expect."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from harness import DEADLINE, missing, needs
from socket_camera import Certificate

MODULES = Path(sys.prefix, "node_modules")


class PushServer:
    """The push service; *environment* is that of programs which can reach it."""

    def __init__(self, folder):
        if not (MODULES / "web-push-testing").is_dir():
            missing("web-push-testing is not installed; run: make lint, with npm")
        certificate = Certificate(folder, "push.example.org")
        self._process = subprocess.Popen(
            [needs("node", "nodejs"), Path(__file__).with_suffix(".js"), certificate.file],
            env={"NODE_PATH": str(MODULES)}, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = self._process.stdout.readline()
        assert line.strip().isdigit(), line + self._process.communicate()[0]
        self.url = f"http://127.0.0.1:{line.strip()}"
        self.environment = {"https_proxy": self.url, "SSL_CERT_FILE": str(certificate.file)}

    def subscribe(self, key):
        """Return what a browser gets that subscribes with the *key* of a server."""
        return self._request("/subscribe", userVisibleOnly="true", applicationServerKey=key)["data"]

    def messages(self, subscription):
        """Return the messages to the browser with *subscription* so far, decrypted by it."""
        found = self._request("/get-notifications", clientHash=subscription["clientHash"])
        return [json.loads(each) for each in found["data"]["messages"]]

    def headers(self):
        """Return the headers of the last message."""
        return self._request("/headers", method="GET")

    def expire(self, subscription):
        """End *subscription*, as a browser does."""
        self._request(f"/expire-subscription/{subscription['clientHash']}")

    def _request(self, path, method="POST", **body):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"},
            method=method)
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            content = answer.read()
        return json.loads(content) if content[:1] == b"{" else None

    def close(self):
        self._process.communicate(timeout=DEADLINE)      # closes its input

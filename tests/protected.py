"""An app and a server that require a login, and clients that log in."""

import base64
import json
import re
import ssl
import urllib.error
import urllib.request
from dataclasses import replace

from werkzeug.security import generate_password_hash

from harness import DEADLINE, ManualClock, in_this_thread
from product import Product
from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.credentials import CredentialsFile
from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.access.roles import Role
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.streaming.broadcaster import LatestFrameBroadcaster
from pyimagesearch.streaming.mosaic import Mosaic
from pyimagesearch.web.app import create_app
from pyimagesearch.web.services import Feed, Services
from sample_archive import STATUS

OWNER, VIEWER = Role.OWNER, Role.VIEWER
PASSWORDS = {OWNER: "the owner's own", VIEWER: "for all viewers"}
BROWSER = {"Accept": "text/html,*/*;q=0.8", "User-Agent": "Mozilla/5.0 (X11; Linux) Chrome/1"}
OURS = {"Origin": "http://localhost"}
SMALL = ("--source", "demo:320x240@10")
PASSWORD = "correct horse battery"


class ProtectedApp:
    """An app that requires a login, and its credentials."""

    def __init__(self, path, names=("camera",), frame_origins=(), open_to=None, **more):
        self.clock = ManualClock()
        self.folder = ConfigFolder(str(path))
        self.authenticator = self.make_authenticator(open_to)
        self.feeds = {name: Feed(LatestFrameBroadcaster(), lambda name=name: replace(
            STATUS, name=name)) for name in names}
        mosaic = Mosaic(list(names), LatestFrameBroadcaster(), 70, self.clock)
        self.app = create_app(Services(self.feeds, self.authenticator, mosaic=(
            mosaic if len(names) > 1 else None), hosts=frozenset({"localhost"}),
            frame_origins=frame_origins), **more)
        for feed in self.feeds.values():
            feed.broadcaster.publish(b"picture", 1.5)

    def make_authenticator(self, open_to=None, local_only=False):
        store = EventStore(self.folder.path / "events.db", self.clock)
        return Authenticator(
            self.folder, self.clock, RefusedLogins(store, self.clock), open_to=open_to,
            local_only=local_only, in_thread=in_this_thread, check_in_thread=in_this_thread)

    @property
    def secrets(self):
        return self.authenticator.credentials()

    def change(self, change):
        """Change the credentials as another process does."""
        CredentialsFile(self.folder).save(change(self.secrets))

    def set_password(self, role):
        hashed = generate_password_hash(PASSWORDS[role], "scrypt:1024:8:1")
        self.change(lambda found: found.with_password(role, hashed))

    def client(self, role=None, **more):
        client = self.app.test_client(**more)
        if role:
            assert client.get(self.link(role), headers=BROWSER).status_code == 303
        return client

    def link(self, role):
        return f"/login?token={self.secrets.tokens[role]}"

    def bearer(self, role):
        return {"Authorization": f"Bearer {self.secrets.tokens[role]}"}

    def basic(self, role, user="tv"):
        return basic(user, self.secrets.tokens[role])

    def cookie(self, client):
        return client.get_cookie(self.authenticator.cookie_name("session"))


def basic(user, password):
    """Return the header with which programs send user name and password."""
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {login}"}


def routes(app):
    """Yield endpoint, method and path of each route."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", "1", rule.rule)
        for method in sorted(rule.methods):
            yield rule.endpoint, method, path


def status_of(client, method, path, **more):
    with client.open(path, method=method, buffered=False, **more) as answer:
        return answer.status_code


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect."""

    def redirect_request(self, *arguments):
        return None


def unverified_tls():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


OPENER = urllib.request.build_opener(
    NoRedirect, urllib.request.HTTPSHandler(context=unverified_tls()))


class ProtectedServer(Product):
    """The program where a login is required, and the two links that it printed."""

    def __init__(self, *arguments, source=SMALL, **more):
        super().__init__(*source, *arguments, **more)
        self.owner, self.viewer = (
            self.process.stdout.readline().split()[-1] for _ in range(2))
        assert "token=" in self.owner

    @property
    def secrets(self):
        return json.loads((self.config / "access.json").read_bytes())

    def token(self, role="owner"):
        return self.secrets["tokens"][role]

    def request(self, path, method="GET", data=None, **headers):
        """Return status, headers and body of one response, without following redirects."""
        sent = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with OPENER.open(sent, timeout=DEADLINE) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read()

    def log_in(self, role="owner", **more):
        status, headers, _ = self.request(f"/login?token={self.token(role)}", **more)
        assert status == 303
        return headers["Set-Cookie"].partition(";")[0]

"""Cameras in a Flask application of one's own, as a blueprint."""

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import cv2
from flask import Blueprint, Flask

from pyimagesearch.access import Authenticator
from pyimagesearch.clock import TimeZone
from pyimagesearch.errors import SettingsError
from pyimagesearch.folders import open_folders
from pyimagesearch.program import SERVER_LOOP, make_program
from pyimagesearch.program_alerts import make_alerts
from pyimagesearch.program_services import make_services, open_role
from pyimagesearch.settings import Settings
from pyimagesearch.settings.loading import merge
from pyimagesearch.settings.option import did_you_mean
from pyimagesearch.settings.settings import ALL_OPTIONS
from pyimagesearch.streaming.broadcaster import JpegFrame, LatestFrameBroadcaster
from pyimagesearch.system.watchdog import ServiceManager
from pyimagesearch.threads import Worker
from pyimagesearch.web import create_app
from pyimagesearch.web.event_stream import Announcer
from pyimagesearch.web.push_sessions import remove_push, revoked_push

TICK_SECONDS = 1.0
JOIN_SECONDS = 5.0
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
HERE = "http://127.0.0.1/"      # in messages, unless public_url says better

Environ = dict[str, Any]
Result = TypeVar("Result")


class Cameras:
    """
    Cameras that are watched until :meth:`close`, and a blueprint with their pages.

    *settings* are those of the command line and the settings file, by name, as in
    ``Cameras(source=["front=rtsp://192.168.1.20/live", "yard=0"], record=False)``; the
    environment and the settings file count too. Raises :exc:`SurveillanceError` if one
    is not allowed, or if the folders cannot be used; a second object needs folders of
    its own (``data``). Any WSGI server will do that has threads in one process.
    """

    def __init__(self, **settings: Any) -> None:
        chosen = settings_of(settings)
        cv2.setNumThreads(1)    # the pictures are small: more threads only cost more
        data, config = open_folders(chosen.data, chosen.config_dir)
        self._turn = Turn()
        self._program = program = make_program(chosen, data, config, ServiceManager())
        program.alerts = make_alerts(chosen, chosen.public_url or HERE, data, program)
        program.archive.claim()
        self.authenticator = Authenticator(
            config, program.clock, program.refused_logins, open_to=open_role(chosen),
            in_thread=self._turn.run, check_in_thread=self._turn.run, local_only=False)
        self._app = create_app(make_services(
            chosen, self.authenticator, program, pools=self._turn,
            wait_for_frame=self._turn.wait_for_frame))
        program.announcer = Announcer(self._app)
        self._ticker = Ticker(self._tick)
        self._is_open = True
        program.start()
        self._ticker.start()
        atexit.register(self.close)

    @property
    def blueprint(self) -> Blueprint:
        """All pages, streams and the API, to be registered under any ``url_prefix``."""
        return blueprint_of(self._app, self._turn)

    def login_lines(self, url: str) -> list[str]:
        """Return what to print for logging in, if the pages are at *url*."""
        return self.authenticator.login_lines(url)

    def close(self) -> None:
        """End all streams, finish what is being recorded, and stop all threads."""
        if self._is_open:
            self._is_open = False
            atexit.unregister(self.close)
            self._ticker.stop()
            self._ticker.join(JOIN_SECONDS)
            self._program.stop_cameras()
            self._program.finish()

    def __enter__(self) -> "Cameras":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _tick(self, zone: TimeZone) -> None:
        program = self._program
        with self._turn.lock:
            self.authenticator.end_revoked_streams()
            if revoked := revoked_push(program.push, self.authenticator):
                remove_push(lambda: program.push.remove(*revoked))
            program.refused_logins.write()
            program.watchdog.heartbeat(SERVER_LOOP)
            zone.follow()
            program.arming.tick()


class Ticker(Worker):
    """Do each second what the thread of a server of its own would do."""

    def __init__(self, tick: Callable[[TimeZone], None]) -> None:
        super().__init__("cameras")
        self._tick = tick

    def run(self) -> None:
        """Tick until :meth:`stop`."""
        zone = TimeZone()
        while not self.stopping.wait(TICK_SECONDS):
            self._tick(zone)


class Turn:
    """
    Let one request at a time use what belongs to the thread of a server.

    It is also the pools of that server: while a request waits for its blocking work,
    another one has its turn.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.database = self.files = self.changes = self.tests = self

    def run(self, work: Callable[[], Result]) -> Result:
        """Return what *work* returns, which has no turn; the caller must have one."""
        self.lock.release()
        try:
            return work()
        finally:
            self.lock.acquire()

    run_admitted = run

    def wait_for_frame(self, broadcaster: LatestFrameBroadcaster, timeout: float
                       ) -> JpegFrame | None:
        """Do what ``broadcaster.fresh`` does, without a turn."""
        return self.run(lambda: broadcaster.fresh(timeout))


def settings_of(given: dict[str, Any]) -> Settings:
    """Return the settings *given*, by name, above environment and settings file."""
    for name in given:
        if name not in ALL_OPTIONS:
            raise SettingsError(f"{name} is not a setting"
                                + did_you_mean(name, list(ALL_OPTIONS)))
    return Settings(**merge(given, os.environ))


def blueprint_of(app: Flask, turn: Turn) -> Blueprint:
    """Return a blueprint that passes all requests on to *app*."""
    blueprint = Blueprint("cameras", __name__)
    prefixes: list[str] = []
    blueprint.record(lambda state: prefixes.append(state.url_prefix or ""))

    def mounted(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        prefix = next(each for each in reversed(prefixes) if path.startswith(each))
        inner = {**environ, "SCRIPT_NAME": environ.get("SCRIPT_NAME", "") + prefix,
                 "PATH_INFO": path.removeprefix(prefix)}
        return respond(app, inner, start_response, turn)

    def passed_on(path: str = "") -> Any:
        return mounted      # Flask calls it as a WSGI application

    for rule in ("/", "/<path:path>"):
        blueprint.add_url_rule(rule, "pages", passed_on, methods=METHODS,
                               provide_automatic_options=False)
    return blueprint


def respond(app: Flask, environ: Environ, start_response: Any, turn: Turn
            ) -> Iterator[bytes]:
    """Yield the response of *app*, until its client may not see it any more."""
    is_ended = threading.Event()
    environ["webstreaming.disconnect"] = is_ended.set
    with turn.lock:
        body = app(environ, start_response)
    try:
        for piece in body:
            if is_ended.is_set():
                return
            yield piece
    finally:
        close = getattr(body, "close", None)
        if close:
            close()

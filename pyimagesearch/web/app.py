"""Create the Flask application."""

from functools import partial
from pathlib import Path

from flask import Flask

from . import (
    alerts,
    bundles,
    cameras_feed,
    controls,
    cookies,
    devices,
    errors,
    event_stream,
    guard,
    headers,
    hours,
    live,
    login,
    privacy,
    push,
    recent,
    sessions,
    settings,
    shell,
    status,
    streams,
    tune,
    words,
    zones,
)
from .api import discover, openapi, settings_api
from .events import api, explanations, export, files, pages, shares, timeline
from .proxies import behind_proxies
from .services import Services


def create_app(services: Services, *, base_path: str = "",
               trusted_proxies: int = 0) -> Flask:
    """
    Return the Flask application for *services*, served under *base_path*.

    The client's address is taken from *trusted_proxies* reverse proxies.
    """
    app = Flask(__name__, template_folder=str(folder("templates")),
                static_folder=str(folder("static")))
    app.url_map.merge_slashes = False   # its redirects would be kept in a cache
    app.config["APPLICATION_ROOT"] = base_path or "/"   # of addresses in messages
    app.extensions["services"] = services
    app.extensions["own_cookies"] = partial(cookies.own_cookies, services.authenticator)
    for module in (bundles, live, recent, streams, cameras_feed, event_stream, status,
                   controls, privacy, zones, tune, hours, alerts, login, sessions,
                   push, devices, openapi, settings_api, discover, settings, pages,
                   files, export, explanations, shares, timeline, api):
        app.register_blueprint(module.bp)
    words.register(app)
    shell.register(app)
    errors.register(app)
    guard.register(app)
    app.after_request(headers.add_headers)
    app.wsgi_app = behind_proxies(      # type: ignore[method-assign, assignment]
        app.wsgi_app, base_path, trusted_proxies)
    return app


def folder(name: str) -> Path:
    """Return folder *name*: beside this file if installed, else in the checkout."""
    here = Path(__file__).parent
    return here / name if (here / name).is_dir() else here.parent.parent / name

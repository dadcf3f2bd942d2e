"""Put the web side together."""

from pathlib import Path

from flask import Flask

from . import (
    controls as recording,
)
from . import (
    errors as failures,
)
from . import (
    guard as door,
)
from . import (
    headers,
    live,
    login,
    privacy,
    status,
)
from .api import openapi
from .events import api as eventapi
from .events import files as eventfiles
from .events import pages as eventpages
from .proxies import behind_proxies
from .services import Services


def create_app(services: Services, *, base_path: str = "",
               trusted_proxies: int = 0) -> Flask:
    """
    Return the Flask application that shows *services*, under *base_path*.

    So many *trusted_proxies* are believed about the client's address.
    """
    app = Flask(__name__, template_folder=str(folder("templates")),
                static_folder=str(folder("static")))
    app.extensions["services"] = services
    app.register_blueprint(live.bp)
    app.register_blueprint(status.bp)
    for part in (recording, privacy, eventpages, eventfiles, eventapi, login, openapi):
        app.register_blueprint(part.bp)
    failures.register(app)
    door.register(app)
    headers.register(app)
    app.wsgi_app = behind_proxies(      # type: ignore[method-assign, assignment]
        app.wsgi_app, base_path, trusted_proxies)
    return app


def folder(name: str) -> Path:
    """Return folder *name*: in an installed package beside us, else in the checkout."""
    here = Path(__file__).parent
    return here / name if (here / name).is_dir() else here.parent.parent / name

"""Put the web side together."""

from pathlib import Path

from flask import Flask

from . import eventapi, eventfiles, eventpages, failures, live, recording, status
from .site import Site


def create_app(site: Site) -> Flask:
    """Return the Flask application that shows *site*."""
    app = Flask(__name__, template_folder=str(folder("templates")),
                static_folder=str(folder("static")))
    app.extensions["site"] = site
    app.register_blueprint(live.bp)
    app.register_blueprint(status.bp)
    for part in (recording, eventpages, eventfiles, eventapi):
        app.register_blueprint(part.bp)
    failures.register(app)
    return app


def folder(name: str) -> Path:
    """Return folder *name*: in an installed package beside us, else in the checkout."""
    here = Path(__file__).parent
    return here / name if (here / name).is_dir() else here.parent.parent / name

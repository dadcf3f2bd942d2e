"""What all pages share: the program's name, and the places to go to."""

from typing import Any, NamedTuple

from flask import Flask, g, request, url_for

from pyimagesearch.access.roles import Role

from .services import get_services
from .words import gettext as _

APP_NAME = "Pi Video Surveillance"
PLACES = {      # the endpoints of the pages that belong to each place, by its icon
    "live": ("live.",),
    "events": ("pages.", "events."),
    "alerts": ("alerts.",),
    "settings": ("settings.", "hours.", "tune.", "zones."),
    "account": ("sessions.", "login.", "devices."),
}


class Place(NamedTuple):
    """One of the places that every page leads to."""

    icon: str
    words: str
    url: str
    current: bool       # whether the page that is shown belongs to it


def register(app: Flask) -> None:
    """Let the templates of *app* show the places to go to."""
    app.context_processor(describe_shell)


def describe_shell() -> dict[str, Any]:
    """Return what all templates know of the shell."""
    return {"app_name": APP_NAME, "places": places}


def places() -> list[Place]:
    """Return the places that this client may go to; none before a login."""
    services, client = get_services(), g.get("client")
    if client is None:
        return []
    found = [("live", _("Live"), url_for("live.index"))]
    if services.archive:
        found.append(("events", _("Events"), url_for("events.index")))
    if services.alerts:
        found.append(("alerts", _("Alerts"), url_for("alerts.index")))
    if services.owner_settings and client.may(Role.OWNER):
        found.append(("settings", _("Settings"), url_for("settings.index")))
    if client.session:
        found.append(("account", _("Account"), url_for("sessions.index")))
    elif client.is_anonymous and not client.may(Role.OWNER) and (
            request.endpoint != "login.form"):
        found.append(("account", _("Log in"), url_for("login.form", next=request.path)))
    endpoint = request.endpoint or ""
    return [Place(icon, words, url, endpoint.startswith(PLACES[icon]))
            for icon, words, url in found]

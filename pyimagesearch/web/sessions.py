"""The page that lists sessions and device keys, and ends sessions."""

import logging

from flask import Blueprint, Response, abort, g, render_template, request, url_for

from pyimagesearch.access.device_keys import DAYS, MAX_NAME_LENGTH
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.access.sessions import Session
from pyimagesearch.errors import printable

from .guard import ask_for_login, see_other
from .push_sessions import end_push, pushed_sessions
from .services import get_services

log = logging.getLogger(__name__)
bp = Blueprint("sessions", __name__)

SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
BROWSERS = {"Firefox/": "Firefox", "Edg/": "Edge", "Chrome/": "Chrome",
            "Safari/": "Safari", "curl/": "curl"}


@bp.get("/sessions")
def index() -> Response:
    """List the sessions, to an owner all of them, and the device keys."""
    if g.client.is_anonymous and not g.client.may(Role.OWNER):
        return ask_for_login()
    owner, keys = g.client.may(Role.OWNER), get_services().authenticator.device_keys
    return Response(render_template(
        "sessions.html", sessions=visible_to(g.client), device_name=device_name,
        printable=printable, owner=owner,
        device_keys=keys.all() if owner else [], has_expired=keys.has_expired,
        pushed=pushed_sessions(), name_length=MAX_NAME_LENGTH, days=DAYS))


@bp.post("/sessions/end-others")
def end_others() -> Response:
    """Log out all browsers but this one."""
    ids = {each.id for each in visible_to(g.client)}
    if g.client.may(Role.OWNER):    # also of sessions that have expired
        ids |= pushed_sessions()
    end_sessions(*ids - {g.client.session})
    return see_other(url_for("sessions.index"))


@bp.post("/sessions/<id>/end")
def end(id: str) -> Response:
    """Log out one browser."""
    if id not in [each.id for each in visible_to(g.client)]:
        abort(404, "There is no such session.")
    end_sessions(id)
    return see_other(url_for("sessions.index"))


def end_sessions(*ids: str) -> None:
    """End these sessions and log how many."""
    get_services().authenticator.log_out(*ids)
    end_push(*ids)
    log.info("sessions ended by %s from %s: %d", g.client.role, request.remote_addr,
             len(ids))


def visible_to(client: Client) -> list[Session]:
    """Return the sessions that *client* may see, its own first."""
    found = [each for each in get_services().authenticator.valid_sessions()
             if client.may(Role.OWNER) or each.id == client.session]
    return sorted(found, key=lambda each: each.id != client.session)


def device_name(agent: str) -> str:
    """Return browser and system that the header User-Agent names, in a few words."""
    system = next((word for word in SYSTEMS if word in agent), "")
    browser = next((word for mark, word in BROWSERS.items() if mark in agent),
                   "browser")
    return f"{browser} on {system}" if system else browser

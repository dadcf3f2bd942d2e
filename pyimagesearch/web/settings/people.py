"""Invite people by a link and its QR code."""

import logging
from urllib.parse import urlsplit

from flask import Response, abort, request, url_for

from pyimagesearch.access.invitations import MAX_NAME_LENGTH, qr_svg
from pyimagesearch.access.passwords import MAX_LENGTH, MIN_LENGTH
from pyimagesearch.access.roles import Role
from pyimagesearch.addresses import is_loopback

from ..guard import see_other
from ..live import page
from ..params import requester
from ..services import get_services
from ..words import gettext as _
from .overview import bp

log = logging.getLogger(__name__)

LINK_HOURS = (1, 24, 168)
SESSION_DAYS = (1, 7, 30)


@bp.get("/settings/people")
def people() -> str:
    """Show the form to invite, and where sessions and keys are."""
    return people_page()


@bp.post("/settings/people")
def invite() -> Response:
    """Make a link for one person, and show it this once."""
    form = request.form
    name, role = form.get("name", "").strip(), form.get("role", "")
    hours, days = form.get("hours", ""), form.get("days", "")
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        return Response(people_page(error=_(
            "The name must have 1 to %(most)s characters.", most=MAX_NAME_LENGTH)),
            status=400)
    if role not in list(Role) or hours not in map(str, LINK_HOURS) or (
            days not in map(str, SESSION_DAYS)):
        abort(400, f"The role must be owner or viewer, hours one of {LINK_HOURS} and "
                   f"days one of {SESSION_DAYS}.")
    token = get_services().authenticator.invite(Role(role), name, int(hours), int(days))
    log.info("%s invited as %s by %s", name, role, requester())
    return Response(people_page(
        name=name, link=login_link(token), token=token))


@bp.post("/settings/password")
def save_password() -> Response:
    """Set the password of a role, with which it can log in without a link."""
    role, password = request.form.get("role", ""), request.form.get("password", "")
    if role not in list(Role):
        abort(400, f"The role is {role!r}, but must be owner or viewer.")
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return Response(people_page(error=_(
            "The password must have %(least)s to %(most)s characters.",
            least=MIN_LENGTH, most=MAX_LENGTH)), status=400)
    get_services().authenticator.set_password(Role(role), password)
    log.info("password of the %s set by %s", role, requester())
    return see_other(url_for("settings.people", saved=1))


@bp.get("/settings/people/<token>.svg")
def invitation_code(token: str) -> Response:
    """Return the QR code of the link of an invitation."""
    if get_services().authenticator.by_invitation(token) is None:
        abort(404, "There is no such invitation, or it has ended.")
    return Response(qr_svg(login_link(token)), mimetype="image/svg+xml")


def login_link(token: str) -> str:
    """
    Return the link with which the invited person logs in.

    An owner at the server itself may have opened an address that no phone reaches; then
    the link names the one that alerts name.
    """
    alerts = get_services().alerts
    host = urlsplit(request.host_url).hostname or ""
    if alerts and (host == "localhost" or is_loopback(host)):
        return f"{alerts.sources.url}{path_of_login(token)}"
    return url_for("login.form", token=token, _external=True)


def path_of_login(token: str) -> str:
    """Return the path and query of the login by *token*, below the program's prefix."""
    return url_for("login.form", token=token).removeprefix(request.root_path)[1:]


def people_page(name: str = "", link: str = "", token: str = "", error: str = ""
                ) -> str:
    """Return the page, with the *link* that was made for *name*."""
    return page("settings/people.html", saved="saved" in request.args, name=name,
                link=link, token=token, error=error, hours=LINK_HOURS,
                days=SESSION_DAYS, name_length=MAX_NAME_LENGTH)

"""Log in and out, and hand out keys for single streams."""

import logging
import re
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException, TooManyRequests, Unauthorized
from werkzeug.urls import iri_to_uri

from pyimagesearch.access.authenticator import KNOWN_DEVICE_SECONDS
from pyimagesearch.access.invitations import Invitation
from pyimagesearch.access.passwords import TooManyAttempts
from pyimagesearch.access.roles import Role
from pyimagesearch.access.sessions import SESSION_SECONDS

from .cookies import delete_cookie, sent_cookies, set_cookie
from .errors import wants_page
from .guard import MAX_NEXT_LENGTH, see_other
from .params import body
from .push_sessions import end_push, move_push
from .services import get_services
from .sessions import device_name

log = logging.getLogger(__name__)
bp = Blueprint("login", __name__)

SAFE_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
MAX_FORM_BYTES = 4096   # a password of a thousand characters, each as %41


@bp.get("/login")
def form() -> Response:
    """Show the login page; with a token in the address, log in."""
    if g.client and g.client.is_anonymous and g.client.may(Role.OWNER):
        return redirect_to_next()
    token = request.args.get("token")
    if token is None:
        return login_page()
    return log_in_by_link(token) if request.method == "GET" else redirect_to_next()


def log_in_by_link(token: str) -> Response:
    """Log in by a login link, and remove the token from the address bar."""
    authenticator = get_services().authenticator
    invitation = authenticator.by_invitation(token)
    found = invitation or authenticator.by_token(token, request.remote_addr or "")
    if found is None:
        response = see_other(url_for("login.form", wrong="link"))
    elif g.client and g.client.session and g.client.may(found.role):
        response = redirect_to_next()   # a viewer's link must not downgrade an owner
    else:
        response = begin_session(found.role, invitation)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/login")
def log_in() -> Response:
    """Log in by password."""
    if (request.content_length or 0) > MAX_FORM_BYTES:  # parsing more takes its time
        abort(413, f"The form has more than {MAX_FORM_BYTES} bytes.")
    account = request.form.get("account", "")
    role = Role(account) if account in list(Role) else Role.OWNER
    authenticator = get_services().authenticator
    try:
        right = authenticator.check_password(
            role, request.form.get("password", ""), request.remote_addr or "",
            sent_cookies(f"device-{role}"))
    except TooManyAttempts as error:
        seconds = int(error.seconds) + 1
        return refuse(TooManyRequests(
            f"{error} Try again in {seconds} second{'s' if seconds > 1 else ''}.",
            retry_after=seconds))
    return begin_session(role) if right else refuse(
        Unauthorized(f"This is not the password of the {role}."))


@bp.post("/logout")
def log_out() -> Response:
    """End the session of this browser; all of them, if other servers added some."""
    authenticator = get_services().authenticator
    response = see_other(url_for("login.form"))
    if g.client.session:
        found = authenticator.holders(sent_cookies("session"))
        authenticator.log_out(*(each.session for each in found))
        end_push(*(each.session for each in found))
        log.info("logout: %s from %s", g.client.role, request.remote_addr)
        delete_cookie(response, "session")
    return response


@bp.post("/api/stream_key")
def stream_key() -> dict[str, Any]:
    """Return an address that opens one stream for an hour, without a login."""
    path = body().get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        abort(400, 'The body must be JSON such as {"path": "/video_feed"}.')
    if path.startswith(request.root_path + "/"):
        path = path.removeprefix(request.root_path)
    try:
        path.encode()       # JSON can hold half a surrogate pair, an address cannot
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, UnicodeEncodeError):
        abort(404, f"There is nothing to watch at {path!r}.")
    key = get_services().authenticator.stream_key(g.client, path)
    return {"key": key, "url": f"{iri_to_uri(request.root_path + path)}?key={key}"}


def begin_session(role: Role, invitation: Invitation | None = None) -> Response:
    """Begin a new session in this browser, and end its last one."""
    authenticator, address = get_services().authenticator, request.remote_addr or ""
    agent = request.headers.get("User-Agent", "")
    if g.client and g.client.session:
        authenticator.log_out(g.client.session)
    cookie = authenticator.log_in(role, address, agent, invitation)
    for client in authenticator.holders([cookie] if g.client else []):
        move_push(g.client.session, client)
    log.info("login: %s from %s, %s", role, address, device_name(agent))
    response = redirect_to_next()
    set_cookie(response, "session", cookie, SESSION_SECONDS)
    set_cookie(response, f"device-{role}", authenticator.device_cookie(role),
               KNOWN_DEVICE_SECONDS)
    return response


def redirect_to_next() -> Response:
    """Redirect to the page that was asked for before the login, if it is ours."""
    target = request.values.get("next", "")
    safe = len(target) <= MAX_NEXT_LENGTH and SAFE_PATH.fullmatch(target)
    home = url_for("live.index")
    return see_other(home.rstrip("/") + target if safe else home)


def login_page(message: str = "") -> Response:
    """Return the login page."""
    if request.args.get("wrong") == "link":
        message = "This link is not valid, or no longer valid."
    passwords = get_services().authenticator.credentials().passwords
    accounts = [role for role in (Role.OWNER, Role.VIEWER) if role in passwords]
    return Response(render_template(
        "login.html", message=message, accounts=accounts, chosen=likely_account(),
        next=request.values.get("next", "")))


def likely_account() -> str:
    """Return the account just tried, or the only one that this browser used before."""
    used = [role for role in (Role.OWNER, Role.VIEWER)
            if sent_cookies(f"device-{role}")]
    return request.form.get("account") or (used[0] if len(used) == 1 else "")


def refuse(error: HTTPException) -> Response:
    """Return the login page with *error* for a person; raise it for a program."""
    if not wants_page():
        raise error
    response = login_page(error.description or "")
    response.status_code = error.code or 401
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response

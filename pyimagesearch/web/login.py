"""In and out: the login, the sessions, and keys for single streams."""

import datetime
import re
from typing import Any, NamedTuple

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
from werkzeug.exceptions import HTTPException, TooManyRequests
from werkzeug.urls import iri_to_uri

from pyimagesearch.access.authenticator import (
    ANONYMOUS,
    DEVICE_LASTS,
    Authenticator,
    Wait,
)
from pyimagesearch.access.passwords import Busy
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.access.sessions import LASTS, Session

from .errors import wants_page
from .guard import cookie_name, go_to, viewer_may
from .params import body
from .services import get_services

bp = Blueprint("login", __name__)

MOST_FORM = 4096    # bytes: a password of a thousand letters, each as %41
SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Macintosh", "Linux")
BROWSERS = {"Firefox/": "Firefox", "Edg/": "Edge", "Chrome/": "Chrome",
            "Safari/": "Safari", "curl/": "curl"}


class Row(NamedTuple):
    """One line of the page of sessions."""

    id: str
    device: str
    agent: str
    address: str
    role: str
    since: datetime.datetime
    seen: datetime.datetime
    own: bool


@bp.get("/login")
def form() -> Response:
    """The login page; with a token in the address, the login itself."""
    authenticator = get_services().authenticator
    if authenticator is None or g.client == ANONYMOUS:
        return onward()
    token = request.args.get("token")
    if token is None:
        return page(authenticator)
    return by_link(authenticator, token) if request.method == "GET" else onward()


def by_link(authenticator: Authenticator, token: str) -> Response:
    """Log in who opened a link, and take the token out of the address bar."""
    found = authenticator.by_token(token, request.remote_addr or "")
    if found is None:
        response = go_to(url_for("login.form", wrong="link"))
    elif g.client and g.client.may(found.role):
        response = onward()     # a viewer's link must not make less of an owner
    else:
        response = log_browser_in(authenticator, found.role)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/login")
def log_in() -> Response:
    """Log in by password."""
    authenticator = get_services().authenticator
    if authenticator is None:
        return onward()
    if (request.content_length or 0) > MOST_FORM:   # parsing more takes its time
        abort(413, f"The form has more than {MOST_FORM} bytes.")
    given = request.form.get("account", "")
    role = Role(given) if given in list(Role) else Role.OWNER
    address = request.remote_addr or ""
    try:
        fits = authenticator.try_password(
            role, request.form.get("password", ""), address,
            request.cookies.get(device_name(authenticator, role), ""))
    except Wait as wait:
        return refused(
            authenticator, 429, "There were too many wrong tries.", wait.seconds)
    except Busy:
        return refused(authenticator, 429, "Too many passwords are being checked.", 1)
    if not fits:
        return refused(authenticator, 401, "This is not the password.")
    return log_browser_in(authenticator, role)


@bp.post("/logout")
@viewer_may
def log_out() -> Response:
    """End the session of this browser."""
    authenticator = get_services().authenticator
    response = go_to(url_for("login.form"))
    if authenticator and g.client.session:
        authenticator.log_out(g.client.session)
        response.delete_cookie(cookie_name(authenticator), path=cookie_path())
    return response


@bp.get("/sessions")
def sessions() -> Response:
    """Which browsers are logged in; a viewer sees its own."""
    return Response(render_template("sessions.html", rows=[
        row(each) for each in seen_by(g.client)], owner=g.client.may(Role.OWNER)))


@bp.post("/sessions/end-others")
def end_others() -> Response:
    """Log out all browsers but this one."""
    others = [each.id for each in seen_by(g.client) if each.id != g.client.session]
    if authenticator := get_services().authenticator:
        authenticator.log_out(*others)
    return go_to(url_for("login.sessions"))


@bp.post("/sessions/<id>/end")
def end(id: str) -> Response:
    """Log one browser out."""
    if id not in [each.id for each in seen_by(g.client)]:
        abort(404, "There is no such session.")
    if authenticator := get_services().authenticator:
        authenticator.log_out(id)
    return go_to(url_for("login.sessions"))


@bp.post("/api/stream_key")
@viewer_may
def stream_key() -> dict[str, Any]:
    """Return an address that opens one stream for an hour, without a login."""
    authenticator, path = get_services().authenticator, body().get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        abort(400, 'The body must be JSON such as {"path": "/video_feed"}.')
    if path.startswith(request.root_path + "/"):
        path = path.removeprefix(request.root_path)
    if not can_be_looked_at(path):
        abort(404, f"There is nothing to look at under {path!r}.")
    if authenticator is None:
        abort(404, "Nobody is asked for a key here.")
    key = authenticator.stream_key(g.client, path)
    return {"key": key, "url": f"{iri_to_uri(request.root_path + path)}?key={key}"}


def can_be_looked_at(path: str) -> bool:
    """Return whether a view answers to GET under *path*."""
    try:
        path.encode()       # JSON can spell half a character, which no address has
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, UnicodeEncodeError):
        return False
    return True


def seen_by(client: Client) -> list[Session]:
    """Return the sessions that *client* may know of."""
    authenticator = get_services().authenticator
    found = authenticator.current_sessions() if authenticator else []
    return [each for each in found
            if client.may(Role.OWNER) or each.id == client.session]


def row(session: Session) -> Row:
    """Return *session* as people read it."""
    since, seen = map(datetime.datetime.fromtimestamp, (session.since, session.seen))
    return Row(session.id, device(session.agent), session.agent, session.address,
               session.role, since, seen, session.id == g.client.session)


def device(agent: str) -> str:
    """Return what *agent*, the header of a browser, seems to be, in a few words."""
    system = next((word for word in SYSTEMS if word in agent), "")
    browser = next((word for mark, word in BROWSERS.items() if mark in agent),
                   "browser")
    return f"{browser} on {system}" if system else browser


def log_browser_in(authenticator: Authenticator, role: Role) -> Response:
    """Begin a new session in this browser, which ends its last one."""
    if g.client and g.client.session:
        authenticator.log_out(g.client.session)
    cookie = authenticator.log_in(role, request.remote_addr or "",
                         request.headers.get("User-Agent", ""))
    response = onward()
    set_cookie(response, cookie_name(authenticator), cookie, int(LASTS))
    set_cookie(response, device_name(authenticator, role),
               authenticator.device_cookie(role), int(DEVICE_LASTS))
    return response


def device_name(authenticator: Authenticator, role: Role) -> str:
    """Return the name of the cookie that tells a browser which was *role* before."""
    return cookie_name(authenticator, f"device-{role}")


def set_cookie(response: Response, name: str, value: str, lasts: int) -> None:
    """Have the browser keep *value*, out of reach of scripts and other sites."""
    response.set_cookie(name, value, max_age=lasts, path=cookie_path(), httponly=True,
                        samesite="Lax", secure=request.is_secure)


def cookie_path() -> str:
    """Return the path of our cookies: that of a reverse proxy, if there is one."""
    return request.root_path or "/"


def onward() -> Response:
    """Send the browser to where it wanted to go, if that is a path of ours."""
    wanted = request.values.get("next", "")
    safe = re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", wanted)
    home = url_for("live.index")
    return go_to(home.rstrip("/") + wanted if safe else home)


def page(authenticator: Authenticator, sentence: str = "") -> Response:
    """Return the login page."""
    if request.args.get("wrong") == "link":
        sentence = "This link is not valid, or no longer."
    passwords = [role for role in (Role.OWNER, Role.VIEWER)
                 if role in authenticator.credentials().passwords]
    return Response(render_template(
        "login.html", sentence=sentence, accounts=passwords,
        next=request.values.get("next", "")))


def refused(authenticator: Authenticator, status: int, sentence: str,
            wait: float = 0) -> Response:
    """Refuse a password with *status*, in the way that the client understands."""
    seconds = int(wait) + 1
    if wait:
        sentence += f" Try again in {seconds} second{'s' if seconds > 1 else ''}."
    if not wants_page():
        if status == 429:
            raise TooManyRequests(sentence, retry_after=seconds)
        abort(status, sentence)
    response = page(authenticator, sentence)
    response.status_code = status
    if wait:
        response.headers["Retry-After"] = str(seconds)
    return response

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

from pyimagesearch.access.authenticator import ANYBODY, DEVICE_LASTS, Gate, Wait
from pyimagesearch.access.passwords import Busy
from pyimagesearch.access.roles import Role, Visitor
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
    gate = get_services().gate
    if gate is None or g.visitor == ANYBODY:
        return onward()
    token = request.args.get("token")
    if token is None:
        return page(gate)
    return by_link(gate, token) if request.method == "GET" else onward()


def by_link(gate: Gate, token: str) -> Response:
    """Log in who opened a link, and take the token out of the address bar."""
    found = gate.by_token(token, request.remote_addr or "")
    if found is None:
        response = go_to(url_for("login.form", wrong="link"))
    elif g.visitor and g.visitor.may(found.role):
        response = onward()     # a viewer's link must not make less of an owner
    else:
        response = log_browser_in(gate, found.role)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@bp.post("/login")
def log_in() -> Response:
    """Log in by password."""
    gate = get_services().gate
    if gate is None:
        return onward()
    if (request.content_length or 0) > MOST_FORM:   # parsing more takes its time
        abort(413, f"The form has more than {MOST_FORM} bytes.")
    given = request.form.get("account", "")
    role = Role(given) if given in list(Role) else Role.OWNER
    address = request.remote_addr or ""
    try:
        fits = gate.try_password(role, request.form.get("password", ""), address,
                                 request.cookies.get(device_name(gate, role), ""))
    except Wait as wait:
        return refused(gate, 429, "There were too many wrong tries.", wait.seconds)
    except Busy:
        return refused(gate, 429, "Too many passwords are being checked.", 1)
    if not fits:
        return refused(gate, 401, "This is not the password.")
    return log_browser_in(gate, role)


@bp.post("/logout")
@viewer_may
def log_out() -> Response:
    """End the session of this browser."""
    gate = get_services().gate
    response = go_to(url_for("login.form"))
    if gate and g.visitor.session:
        gate.log_out(g.visitor.session)
        response.delete_cookie(cookie_name(gate), path=cookie_path())
    return response


@bp.get("/sessions")
def sessions() -> Response:
    """Which browsers are logged in; a viewer sees its own."""
    return Response(render_template("sessions.html", rows=[
        row(each) for each in seen_by(g.visitor)], owner=g.visitor.may(Role.OWNER)))


@bp.post("/sessions/end-others")
def end_others() -> Response:
    """Log out all browsers but this one."""
    others = [each.id for each in seen_by(g.visitor) if each.id != g.visitor.session]
    if gate := get_services().gate:
        gate.log_out(*others)
    return go_to(url_for("login.sessions"))


@bp.post("/sessions/<id>/end")
def end(id: str) -> Response:
    """Log one browser out."""
    if id not in [each.id for each in seen_by(g.visitor)]:
        abort(404, "There is no such session.")
    if gate := get_services().gate:
        gate.log_out(id)
    return go_to(url_for("login.sessions"))


@bp.post("/api/stream_key")
@viewer_may
def stream_key() -> dict[str, Any]:
    """Return an address that opens one stream for an hour, without a login."""
    gate, path = get_services().gate, body().get("path")
    if not isinstance(path, str) or not path.startswith("/"):
        abort(400, 'The body must be JSON such as {"path": "/video_feed"}.')
    if path.startswith(request.root_path + "/"):
        path = path.removeprefix(request.root_path)
    if not can_be_looked_at(path):
        abort(404, f"There is nothing to look at under {path!r}.")
    if gate is None:
        abort(404, "Nobody is asked for a key here.")
    key = gate.stream_key(g.visitor, path)
    return {"key": key, "url": f"{iri_to_uri(request.root_path + path)}?key={key}"}


def can_be_looked_at(path: str) -> bool:
    """Return whether a view answers to GET under *path*."""
    try:
        path.encode()       # JSON can spell half a character, which no address has
        current_app.url_map.bind("").match(path, method="GET")
    except (HTTPException, UnicodeEncodeError):
        return False
    return True


def seen_by(visitor: Visitor) -> list[Session]:
    """Return the sessions that *visitor* may know of."""
    gate = get_services().gate
    found = gate.current_sessions() if gate else []
    return [each for each in found
            if visitor.may(Role.OWNER) or each.id == visitor.session]


def row(session: Session) -> Row:
    """Return *session* as people read it."""
    since, seen = map(datetime.datetime.fromtimestamp, (session.since, session.seen))
    return Row(session.id, device(session.agent), session.agent, session.address,
               session.role, since, seen, session.id == g.visitor.session)


def device(agent: str) -> str:
    """Return what *agent*, the header of a browser, seems to be, in a few words."""
    system = next((word for word in SYSTEMS if word in agent), "")
    browser = next((word for mark, word in BROWSERS.items() if mark in agent),
                   "browser")
    return f"{browser} on {system}" if system else browser


def log_browser_in(gate: Gate, role: Role) -> Response:
    """Begin a new session in this browser, which ends its last one."""
    if g.visitor and g.visitor.session:
        gate.log_out(g.visitor.session)
    cookie = gate.log_in(role, request.remote_addr or "",
                         request.headers.get("User-Agent", ""))
    response = onward()
    set_cookie(response, cookie_name(gate), cookie, int(LASTS))
    set_cookie(response, device_name(gate, role), gate.device_cookie(role),
               int(DEVICE_LASTS))
    return response


def device_name(gate: Gate, role: Role) -> str:
    """Return the name of the cookie that tells a browser which was *role* before."""
    return cookie_name(gate, f"device-{role}")


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


def page(gate: Gate, sentence: str = "") -> Response:
    """Return the login page."""
    if request.args.get("wrong") == "link":
        sentence = "This link is not valid, or no longer."
    passwords = [role for role in (Role.OWNER, Role.VIEWER)
                 if role in gate.credentials().passwords]
    return Response(render_template(
        "login.html", sentence=sentence, accounts=passwords,
        next=request.values.get("next", "")))


def refused(gate: Gate, status: int, sentence: str, wait: float = 0) -> Response:
    """Refuse a password with *status*, in the way that the visitor understands."""
    seconds = int(wait) + 1
    if wait:
        sentence += f" Try again in {seconds} second{'s' if seconds > 1 else ''}."
    if not wants_page():
        if status == 429:
            raise TooManyRequests(sentence, retry_after=seconds)
        abort(status, sentence)
    response = page(gate, sentence)
    response.status_code = status
    if wait:
        response.headers["Retry-After"] = str(seconds)
    return response

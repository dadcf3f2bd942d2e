"""The door in front of every view: closed, unless the authenticator opens it."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Flask, Response, abort, current_app, g, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import MisdirectedRequest, Unauthorized

from pyimagesearch.access.authenticator import ANONYMOUS, Authenticator
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.streaming.mjpeg import LiveStream

from .errors import wants_page
from .request_origin import from_our_pages, is_forwarded, is_ours
from .services import get_services

PUBLIC = frozenset({"static", "status.healthz", "status.readyz", "login.form",
                    "login.log_in"})
LOOKING = ("GET", "HEAD", "OPTIONS")

View = TypeVar("View", bound=Callable[..., Any])


def register(app: Flask) -> None:
    """Put the door in front of all views of *app*, those included that come later."""
    app.before_request(let_in)
    app.after_request(remember_stream)
    app.context_processor(lambda: {"client": g.get("client")})


def viewer_may(view: View) -> View:
    """Mark *view*: a viewer may use it though it changes something."""
    view.viewer_may = True      # type: ignore[attr-defined]
    return view


def let_in() -> Response | None:
    """
    Refuse this request, or return ``None`` to let it through.

    Looking takes a viewer, changing an owner and a page of ours as the sender;
    what is not in :data:`PUBLIC`, addresses that do not exist included, takes
    either.
    """
    services = get_services()
    if not is_ours(request.headers.get("Host"), services.hosts):
        raise MisdirectedRequest("This is not a name of this server; if it should be, "
                                 "start it with --host NAME.")
    g.client = client = (ANONYMOUS if services.authenticator is None
                         else identify(services.authenticator))
    own = request.host_url.rstrip("/")
    if request.method not in LOOKING and not from_our_pages(
            request.headers, own, has_cookie=bool(request.cookies)):
        abort(403, "This request was sent by a page of another site, or with a cookie "
                   "and no Origin; programs send Authorization: Bearer TOKEN.")
    if request.endpoint in PUBLIC:
        return None
    if client is None:
        return refuse()
    if not client.may(needed()):
        abort(403, "Only an owner may do this.")
    return None


def identify(authenticator: Authenticator) -> Client | None:
    """Return who sent this request, by the first of what it shows."""
    looks = request.method in ("GET", "HEAD")
    key = request.args.get("key") if looks else None
    if not authenticator.asks(is_forwarded(request.headers)):
        # a key counts here too: what it opens may be shown by another site's page
        return (authenticator.by_key(key, request.path) if key else None) or ANONYMOUS
    address = request.remote_addr or ""
    # not by request.authorization, which fails for a "Basic" that is not ASCII
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind:
        is_bearer = kind.lower() == "bearer"
        return authenticator.by_token(token.strip(), address) if is_bearer else None
    if key is not None:
        return authenticator.by_key(key, request.path)
    cookie = request.cookies.get(cookie_name(authenticator), "")
    return authenticator.by_cookie(cookie, address)


def cookie_name(authenticator: Authenticator, sort: str = "session") -> str:
    """Return the name of our cookies; ports do not keep those of two servers apart."""
    return f"{sort}-{authenticator.name}"


def needed() -> Role:
    """Return the role that this request takes."""
    view = current_app.view_functions.get(request.endpoint or "")
    looks = request.method in LOOKING or getattr(view, "viewer_may", False)
    return Role.VIEWER if looks else Role.OWNER


def refuse() -> Response:
    """Show a person the login page; tell a program what it lacks."""
    if request.method == "GET" and wants_page():
        wanted = quote(request.path)
        if request.query_string and "key" not in request.args:
            wanted += "?" + request.query_string.decode("ascii", "replace")
        return go_to(url_for("login.form", next=None if wanted == "/" else wanted))
    raise Unauthorized(
        "This needs a login, a token (Authorization: Bearer TOKEN), or a key.",
        www_authenticate=WWWAuthenticate("bearer"))


def go_to(url: str) -> Response:
    """Have the browser ask for *url* next."""
    return Response(status=303, headers={"Location": url})


class Download:
    """A response that takes a while to send; *disconnect* ends its connection."""

    def __init__(self, disconnect: Callable[[], object]) -> None:
        self._disconnect = disconnect

    def end(self) -> None:
        """Cut it off; in the server's thread, and any number of times."""
        self._disconnect()


def remember_stream(response: Response) -> Response:
    """Have a stream or a download end when its client is revoked later."""
    authenticator, client = get_services().authenticator, g.get("client")
    if not (authenticator and client):
        return response
    disconnect = request.environ.get("webstreaming.disconnect")
    if isinstance(response.response, LiveStream):
        authenticator.watches(client, response.response)
    elif response.is_streamed and disconnect:
        # remembered for as long as this is the last request of its connection
        download = request.environ["webstreaming.download"] = Download(disconnect)
        authenticator.watches(client, download)
    return response

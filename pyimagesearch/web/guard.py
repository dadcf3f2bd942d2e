"""Check every request before its view: origin, login and role."""

from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, abort, g, request, url_for
from werkzeug.exceptions import MisdirectedRequest, TooManyRequests, Unauthorized

from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.passwords import TooManyAttempts
from pyimagesearch.access.roles import Client, Role

from .cookies import sent_cookies
from .errors import error_response, wants_page
from .request_origin import (
    explain_foreign_host,
    is_browser,
    is_forwarded,
    is_own_host,
    is_same_origin,
)
from .services import get_services, tunable_cameras

PUBLIC = frozenset({"static", "bundles.script", "status.healthz", "status.readyz",
                    "login.form", "login.log_in", "push.service_worker",
                    "push.manifest", "push.favicon",
                    # these check the key of a share
                    "shares.show", "shares.clip", "shares.still", "shares.thumbnail"})
VIEWERS_MAY_CHANGE = frozenset({"login.log_out", "login.stream_key", "push.subscribe",
                                "push.unsubscribe", "cameras_feed.select"})
OWNERS_ONLY = frozenset({       # although they only read
    "zones.show", "zones.zones", "tune.index", "tune.settings", "tune.levels",
    "alerts.settings", "hours.settings", "settings_api.settings",
    "settings_api.cameras", "settings_api.camera", "settings_api.backup",
    "discover.cameras", "discover.picture"})
OWNERS_PAGES = "settings."      # the beginning of the endpoints of all settings
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# of the address to go to after the login [characters]; Python keeps the last 128 URLs
MAX_NEXT_LENGTH = 500
BEARER = 'Bearer realm="Pi Video Surveillance"'     # at Basic, browsers open a box
# one header, and Basic first: many programs read one header only, or its beginning
BASIC_OR_BEARER = f'Basic realm="Pi Video Surveillance", {BEARER}'


def register(app: Flask) -> None:
    """Guard all views of *app*, including those that are added later."""
    app.before_request(check_request)
    app.after_request(track_stream)
    app.context_processor(describe_client)


def describe_client() -> dict[str, Any]:
    """Return what all templates know of the client."""
    client = g.get("client")
    is_owner = bool(client and client.may(Role.OWNER))
    return {"client": client, "is_owner": is_owner,
            "tunable": tunable_cameras() if is_owner else []}


def check_request() -> Response | None:
    """
    Refuse this request, or return ``None`` to let its view answer.

    Only the endpoints in :data:`PUBLIC` never need a login; addresses that do not exist
    may need one. Changes take an owner, and must not be sent by a page of another site.
    """
    services = get_services()
    host = request.headers.get("Host")
    if not is_own_host(host, services.hosts):
        raise MisdirectedRequest(explain_foreign_host(host or ""))
    g.client = client = identify(services.authenticator)
    note_login = request.environ.get("webstreaming.note_login")
    if note_login and client and not client.is_anonymous:
        note_login()
    changes = request.method not in SAFE_METHODS
    # not by request.host_url, which decodes the punycode that browsers send
    origin = f"{request.scheme}://{request.host}".lower()
    if changes and not is_same_origin(request.headers, origin,
                                      has_cookie=bool(request.cookies)):
        abort(403, "This request was sent by a page of another site, or with a cookie "
                   "and no Origin; programs send Authorization: Bearer TOKEN.")
    if request.endpoint in PUBLIC:
        return None
    if client is None:
        return ask_for_login()
    if changes and client.only_watches:
        abort(403, "User name and password of a program, and device keys, are for "
                   "watching; to change something, send Authorization: Bearer TOKEN.")
    if not client.may(Role.OWNER) and (
            is_for_owners(request.endpoint or "")
            or (changes and request.endpoint not in VIEWERS_MAY_CHANGE)):
        return refuse_viewer(client)
    return None


def is_for_owners(endpoint: str) -> bool:
    """Return whether only owners may read what is at *endpoint*."""
    return endpoint in OWNERS_ONLY or endpoint.startswith(OWNERS_PAGES)


def require_owner() -> Response | None:
    """Refuse this request, or return ``None`` if it is an owner's."""
    return None if g.client.may(Role.OWNER) else refuse_viewer(g.client)


def refuse_viewer(client: Client) -> Response:
    """Refuse what only an owner may do or see; *client* is not one, or not yet."""
    if client.is_anonymous:
        return ask_for_login()
    abort(403, "Only an owner may do this.")


def identify(authenticator: Authenticator) -> Client | None:
    """Return the client that sent this request: by a credential, or anonymous."""
    anonymous = authenticator.anonymous(is_forwarded(request.headers))
    key = request.args.get("key") if request.method in ("GET", "HEAD") else None
    if anonymous and anonymous.may(Role.OWNER):
        # a stream key counts here too: pages of other sites may show what it opens
        keyed = authenticator.by_stream_key(key, request.path) if key else None
        return keyed or anonymous
    is_open = anonymous is not None or request.endpoint in PUBLIC
    return authenticate(authenticator, key, is_open) or anonymous


def authenticate(authenticator: Authenticator, key: str | None, is_open: bool
                 ) -> Client | None:
    """
    Return the client that sent this request, by the first credential found.

    Aborts for too many wrong ones of programs (429), unless the address *is_open*.
    """
    address = request.remote_addr or ""
    # not by request.authorization, which fails for a "Basic" that is not ASCII
    scheme, _, sent = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return authenticator.by_bearer(sent.strip(), address)
    if key is not None:
        return authenticator.by_stream_key(key, request.path)
    client = authenticator.by_cookies(sent_cookies("session"), address)
    if client is None and scheme.lower() == "basic":    # else it may be for a proxy
        return authenticate_by_basic(authenticator, sent, address, is_open)
    return client


def authenticate_by_basic(authenticator: Authenticator, sent: str, address: str,
                          is_open: bool) -> Client | None:
    """Return the program that *sent* user name and password."""
    try:
        return authenticator.by_basic(sent, address)
    except TooManyAttempts as error:
        if is_open:
            return None
        raise TooManyRequests(
            f"{error} Programs send any user name, and a device key as the password.",
            retry_after=int(error.seconds) + 1) from None


def ask_for_login() -> Response:
    """Redirect a person to the login page; return 401 for a program."""
    if request.method == "GET" and wants_page():
        target = quote(request.path)
        if request.query_string and "key" not in request.args:
            target += "?" + request.query_string.decode("ascii", "replace")
        is_home = target == "/" or len(target) > MAX_NEXT_LENGTH
        return see_other(url_for("login.form", next=None if is_home else target))
    response = error_response(Unauthorized(
        "This needs a login, a stream key, Authorization: Bearer TOKEN, or a user name "
        "with a device key as its password."))
    response.headers["WWW-Authenticate"] = (
        BEARER if is_browser(request.headers) else BASIC_OR_BEARER)
    return response


def see_other(url: str) -> Response:
    """Return a redirect to *url*, which the browser gets with GET."""
    return Response(status=303, headers={"Location": url})


def track_stream(response: Response) -> Response:
    """End a live stream or download when its client is revoked."""
    client, disconnect = g.get("client"), request.environ.get("webstreaming.disconnect")
    if client is not None and disconnect and response.is_streamed:
        # referenced for as long as this is the last request of its connection
        end = request.environ["webstreaming.end"] = partial(disconnect)
        get_services().authenticator.add_stream(client, end)
    return response

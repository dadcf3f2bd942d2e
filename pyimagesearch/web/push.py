"""Alerts to the browser itself: the service worker, and subscriptions to web push."""

import logging
from dataclasses import replace
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    request,
    url_for,
)

from pyimagesearch.access.roles import Client, Role
from pyimagesearch.notifications.delivery.push_subscription import parse_subscription
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions

from .guard import ask_for_login
from .params import body, requester
from .services import get_services, or_404
from .sessions import device_name
from .shell import APP_NAME

log = logging.getLogger(__name__)
bp = Blueprint("push", __name__)

ICONS = (("icon-192.png", "192x192", "image/png", "any"),
         ("icon-512.png", "512x512", "image/png", "any"),
         ("icon-maskable.png", "512x512", "image/png", "maskable"),
         ("icon.svg", "any", "image/svg+xml", "any"))


@bp.app_context_processor
def describe_push() -> dict[str, Any]:
    """Return what all templates know of web push: whether it is there."""
    return {"push": get_services().push is not None}


@bp.get("/service-worker.js")
def service_worker() -> Response:
    """Return the script that shows alerts while no page is open; public."""
    # not from /static/, as it serves only pages below its own path
    return current_app.send_static_file("service-worker.js")


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """Return what a phone needs to add the pages to its home screen; public."""
    home = url_for("live.index")
    icons = [{"src": url_for("static", filename=name), "sizes": sizes, "type": type,
              "purpose": purpose} for name, sizes, type, purpose in ICONS]
    response = jsonify(id=home, name=APP_NAME, short_name="Surveillance",
                       start_url=home, scope=home, display="standalone",
                       background_color="#0e1116", theme_color="#0e1116", icons=icons)
    response.mimetype = "application/manifest+json"
    return response


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon for programs that look for it only here; public."""
    return current_app.send_static_file("favicon.ico")


@bp.get("/api/push")
def key() -> dict[str, Any]:
    """Return the key with which a browser subscribes."""
    from pyimagesearch.notifications.delivery.push_encryption import public_key  # 7 MB

    push = push_or_404()
    return {"key": get_services().pools.changes.run(lambda: public_key(push.key()))}


@bp.post("/api/push")
def subscribe() -> dict[str, Any]:
    """Send alerts to this browser; with *renew*, only if it is sent alerts already."""
    client, push, fields = subscriber(), push_or_404(), body()
    made = replace(parse_subscription(fields), session=client.session,
                   role=client.role.value, stamp=client.stamp,
                   device=device_name(request.headers.get("User-Agent", "")))
    run = get_services().pools.changes.run
    if fields.get("renew") is True:
        return {"subscribed": run(lambda: push.renew(made))}
    replaced = fields.get("replaces")
    run(lambda: push.add(made, replaces=replaced if isinstance(replaced, str) else ""))
    log.info("web push to %s: subscribed by %s", made.device, requester())
    return {"subscribed": True}


@bp.delete("/api/push")
def unsubscribe() -> dict[str, Any]:
    """Send no more alerts to the browser with this endpoint."""
    subscriber()
    push, endpoint = push_or_404(), body().get("endpoint")
    if not isinstance(endpoint, str):
        abort(400, 'The body must be JSON such as {"endpoint": "https://..."}.')
    if get_services().pools.changes.run(lambda: push.remove(endpoint)):
        log.info("web push: unsubscribed by %s", requester())
    return {"subscribed": False}


def push_or_404() -> PushSubscriptions:
    """Return the subscriptions, or abort if this server sends no alerts."""
    return or_404(get_services().push, "This server sends no alerts to browsers.")


def subscriber() -> Client:
    """Return the client; abort for a viewer that has not logged in (401)."""
    client: Client = g.client
    if client.is_anonymous and not client.may(Role.OWNER):
        abort(ask_for_login())
    return client

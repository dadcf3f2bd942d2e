"""Make and revoke device keys."""

import logging

from flask import Blueprint, Response, abort, render_template, url_for

from pyimagesearch.access.device_keys import DAYS, DeviceKeys, with_login
from pyimagesearch.errors import SettingsError

from .guard import see_other
from .params import body, requester
from .services import get_services

log = logging.getLogger(__name__)
bp = Blueprint("devices", __name__)


@bp.post("/device-keys")
def make() -> Response:
    """Make a device key, and show it this once."""
    fields, keys = body(), device_keys()
    name, days = str(fields.get("name", "")).strip(), fields.get("days")
    try:
        days = DAYS.parse(None if days == "" else days, "days")
        key = keys.add(name, days)
    except SettingsError as error:
        sentence = str(error)
        abort(400, f"{sentence[:1].upper()}{sentence[1:]}.")
    log.info("device key %r made by %s", name, requester())
    return Response(render_template("device_key.html", name=name, key=key,
                                    urls=addresses(name, key)))


@bp.post("/device-keys/<id>/revoke")
def revoke(id: str) -> Response:
    """Revoke a device key, which ends its open streams."""
    key = next((each for each in device_keys().all() if each.id == id), None)
    if key is None:
        abort(404, "There is no such device key; it may have been revoked.")
    get_services().authenticator.revoke_device_key(key)
    log.info("device key %r revoked by %s", key.name, requester())
    return see_other(url_for("sessions.index"))


def device_keys() -> DeviceKeys:
    """Return the device keys of this server."""
    return get_services().authenticator.device_keys


def addresses(name: str, key: str) -> list[str]:
    """Return the URLs of all streams and snapshots, with *name* and *key* in them."""
    cameras = list(get_services().feeds)
    views = ("live.video_feed", "live.video", "live.snapshot")
    urls = [url_for(view, name=camera if len(cameras) > 1 else None, _external=True)
            for camera in cameras for view in views]
    return [with_login(url, name, key) for url in urls]

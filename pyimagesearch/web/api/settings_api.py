"""Read and change settings of the server, and its cameras."""

import datetime
import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, request

from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS
from pyimagesearch.settings.option import shortened
from pyimagesearch.settings.settings import needs_restart
from pyimagesearch.web.backup import make_backup, restore_backup
from pyimagesearch.web.option_fields import Field, camera_fields, server_fields
from pyimagesearch.web.params import abort_invalid, body, boolean, requester
from pyimagesearch.web.services import get_services, owner_settings_or_404

bp = Blueprint("settings_api", __name__)
log = logging.getLogger(__name__)

Json = dict[str, Any]


@bp.get("/api/settings")
def settings() -> Json:
    """Return all settings of the server, and the defaults of its cameras."""
    return {"file": str(owner_settings_or_404().file.path),
            "settings": {each.name: described(each)
                         for each in server_fields(owner_settings_or_404().file)}}


@bp.patch("/api/settings")
def change() -> Json:
    """Change settings of the server; null returns to the default."""
    file, values = owner_settings_or_404().file, body()
    in_thread(lambda: file.change(None, values))
    log.info("settings changed by %s", requester())
    return {"settings": {each.name: described(each)
                         for each in server_fields(file, values)},
            "restart": [name for name in values if needs_restart(name)]}


@bp.get("/api/cameras")
def cameras() -> Json:
    """Return the cameras in their order, each with its settings."""
    return {"cameras": [camera_json(each.name)
                        for each in owner_settings_or_404().cameras()]}


@bp.post("/api/cameras")
def add() -> tuple[Json, int]:
    """Add a camera, the last one; it takes the place of one never found."""
    values = body()
    name, source = text("name", values), text("source", values)
    others = {option: value for option, value in values.items()
              if option not in ("name", "source")}
    add_camera(name, source, others)
    log.info("camera %s added by %s", name, requester())
    return camera_json(name), 201


@bp.patch("/api/cameras")
def reorder() -> Json:
    """Put the cameras in another order."""
    order, file = body().get("order"), owner_settings_or_404().file
    if not isinstance(order, list) or not all(type(each) is str for each in order):
        abort_invalid("order", order, "a list of the names of all cameras")
    settings = in_thread(lambda: file.reorder(order))
    log.info("cameras reordered by %s", requester())
    return {"order": [each.name for each in settings.cameras()]}


@bp.get("/api/cameras/<name>")
def camera(name: str) -> Json:
    """Return a camera with its settings."""
    get_services().feed(name)
    return camera_json(name)


@bp.patch("/api/cameras/<name>")
def change_camera(name: str) -> Json:
    """Change settings of a camera, also its name; null returns to the default."""
    get_services().feed(name)
    values, file = body(), owner_settings_or_404().file
    new = text("name", values) if "name" in values else name
    values.pop("name", None)

    def apply() -> None:
        file.preview(name, values)      # so that no part of it is refused
        file.rename(name, new)
        if values:
            file.change(new, values)

    in_thread(apply)
    log.info("%s: settings changed by %s", new, requester())
    return camera_json(new)


@bp.delete("/api/cameras/<name>")
def remove(name: str) -> Json:
    """Remove a camera; its events stay."""
    get_services().feed(name)
    file = owner_settings_or_404().file
    in_thread(lambda: file.remove(name))
    log.info("camera %s removed by %s", name, requester())
    return {"removed": name}


@bp.get("/api/backup")
def backup() -> Response:
    """Return a file with settings and masks, and with all secrets if wished."""
    wants_secrets = boolean("secrets", request.args.get("secrets") or "false")
    services, owner_settings = get_services(), owner_settings_or_404()
    content = in_thread(lambda: make_backup(
        owner_settings.file, services.privacy, secrets=wants_secrets))
    day = datetime.date.today()
    log.info("backup %s secrets made by %s", "with" if wants_secrets else "without",
             requester())
    return Response(content, mimetype="application/json", headers={
        "Content-Disposition": f'attachment; filename="webstreaming-{day}.json"'})


@bp.post("/api/backup")
def restore() -> Json:
    """Put what a backup holds in the place of the present settings."""
    values, owner_settings = body(), owner_settings_or_404()
    privacy = get_services().privacy
    restored = in_thread(lambda: restore_backup(
        values, owner_settings.file, privacy))
    log.info("backup restored by %s: %s", requester(), ", ".join(restored))
    return {"restored": restored}


def add_camera(name: str, source: str, values: Json) -> None:
    """
    Add a camera; raises :exc:`SettingsError`, and :exc:`FolderError` if not saved.

    If none was named so far, it takes the place of the default one, unless that one
    has been found.
    """
    file, feeds = owner_settings_or_404().file, get_services().feeds
    found = any(each.status().is_live for each in list(feeds.values()))
    in_thread(lambda: file.add(name, source, values, replace_auto=not found))


def camera_json(name: str) -> Json:
    """Return camera *name* as the API describes it."""
    fields = camera_fields(owner_settings_or_404().file, name,
                           ("source", *CAMERA_OPTIONS))
    return {"name": name, "source": fields[0].value,
            "settings": {each.name: described(each) for each in fields[1:]}}


def described(field: Field) -> Json:
    """Return *field* as the API describes it."""
    option = field.option
    return {"value": field.value, "default": field.default, "set": field.is_set,
            "fixed": field.fixed or None, "restart": field.needs_restart,
            "kind": field.kind, "choices": list(option.choices),
            "minimum": None if option.high is None else option.low,
            "maximum": option.high, "local": field.is_local,
            "secret": option.secret, "help": option.help}


def text(name: str, values: Json) -> str:
    """Return the text in field *name*, or abort."""
    value = values.get(name)
    if not isinstance(value, str) or not value:
        abort(400, f"{name} is {shortened(value) if name in values else 'missing'}, "
                   "but must be some text.")
    return value


def in_thread(work: Callable[[], Any]) -> Any:
    """Return what *work*, which blocks, returns."""
    return get_services().pools.changes.run(work)

"""Error responses: JSON for programs, a plain page for people."""

import errno
import logging
from typing import NoReturn

from flask import Flask, Response, abort, jsonify, render_template, request
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    HTTPException,
    MisdirectedRequest,
    ServiceUnavailable,
)

from pyimagesearch.errors import (
    AccessError,
    EventsError,
    FolderError,
    ServerBusy,
    SettingFixed,
    SettingsError,
)

log = logging.getLogger(__name__)

BUSY_SECONDS = 2        # until a request that was refused may find room
RESOURCES = {errno.EMFILE: "file descriptors", errno.ENFILE: "file descriptors",
             errno.ENOMEM: "memory", errno.ENOSPC: "disk space"}


def register(app: Flask) -> None:
    """Register the error handlers on *app*."""
    app.register_error_handler(HTTPException, error_response)
    app.register_error_handler(EventsError, unavailable)
    app.register_error_handler(ServerBusy, busy)
    app.register_error_handler(FolderError, unavailable)
    app.register_error_handler(AccessError, unavailable)
    app.register_error_handler(SettingsError, invalid_setting)
    app.register_error_handler(OSError, out_of_resources)
    app.register_error_handler(MemoryError, out_of_resources)


def error_response(error: HTTPException) -> Response:
    """Return *error* as JSON, or as a page if a browser asks for one."""
    sentence = error.description or error.name
    if sentence == type(error).description:     # werkzeug's own has several sentences
        sentence = sentence.partition(". ")[0].rstrip(".") + "."
    foreign_host = isinstance(error, MisdirectedRequest)    # so no link can work
    response = jsonify(error=sentence) if not wants_page() else Response(
        render_template("error.html", sentence=sentence, can_go_on=not foreign_host,
                        title="Unknown host name" if foreign_host else error.name))
    response.status_code = error.code or 500
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def abort_no_event(id: int) -> NoReturn:
    """Raise 404 for an unknown event *id*."""
    abort(404, f"There is no event {id}; it may have been deleted.")


def unavailable(error: EventsError | FolderError | AccessError) -> Response:
    """Return 503 with the reason: events or settings cannot be read or written."""
    sentence = str(error)
    return error_response(ServiceUnavailable(f"{sentence[:1].upper()}{sentence[1:]}."))


def busy(error: ServerBusy) -> Response:
    """Return 503 with the reason, and when to try again."""
    sentence = str(error)
    return error_response(ServiceUnavailable(f"{sentence[:1].upper()}{sentence[1:]}.",
                                             retry_after=BUSY_SECONDS))


def invalid_setting(error: SettingsError) -> Response:
    """Return 400, or 409 for a setting that is given elsewhere, with the reason."""
    kind = Conflict if isinstance(error, SettingFixed) else BadRequest
    sentence = str(error)
    return error_response(kind(sentence if sentence.endswith("?") else f"{sentence}."))


def out_of_resources(error: OSError | MemoryError) -> Response:
    """Return 503 if the machine is out of a resource; raise any other *error*."""
    resource = ("memory" if isinstance(error, MemoryError)
                else RESOURCES.get(error.errno or 0, ""))
    if not resource:
        raise error
    sentence = f"The server has no {resource} left; try again in a moment."
    log.warning("%r failed: no %s left", request.path, resource)
    response = (Response(sentence, mimetype="text/plain")   # a page needs more memory
                if wants_page() else jsonify(error=sentence))
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


def wants_page() -> bool:
    """Return whether a browser asks for a page, as opposed to a script or program."""
    return ("text/html" in request.headers.get("Accept", "")
            and not request.path.startswith("/api/"))

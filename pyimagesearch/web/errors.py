"""Errors: JSON for programs, a plain page for people."""

import errno
import logging

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from pyimagesearch.errors import EventsError

log = logging.getLogger(__name__)

SCARCE = {errno.EMFILE: "open files", errno.ENFILE: "open files",
          errno.ENOMEM: "memory", errno.ENOSPC: "space on the disk"}


def register(app: Flask) -> None:
    """Have *app* answer each error with its status and one sentence."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(EventsError, no_events)
    app.register_error_handler(OSError, used_up)
    app.register_error_handler(MemoryError, used_up)


def answer(error: HTTPException) -> Response:
    """Return *error* as JSON, or as a page where a browser asks for one."""
    sentence = error.description or error.name
    if not wants_page():
        response = jsonify(error=sentence)
    else:
        response = Response(render_template(
            "error.html", title=error.name, sentence=sentence))
    response.status_code = error.code or 500
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def no_events(error: EventsError) -> Response:
    """Return that the events cannot be had now, and why."""
    sentence = str(error)
    return answer(ServiceUnavailable(f"{sentence[:1].upper()}{sentence[1:]}."))


def used_up(error: OSError | MemoryError) -> Response:
    """Return what the machine has no more of; another *error* is a defect of ours."""
    what = ("memory" if isinstance(error, MemoryError)
            else SCARCE.get(error.errno or 0, ""))
    if not what:
        raise error
    sentence = f"The server has no {what} left; try again in a moment."
    log.warning("%r was not answered: no %s left", request.path, what)
    response = Response(sentence, mimetype="text/plain")    # a page takes more
    if not wants_page():
        response = jsonify(error=sentence)
    response.status_code = 503
    response.headers["Retry-After"] = "5"
    return response


def wants_page() -> bool:
    """Return whether a person's browser asks, and not for a part of a page."""
    return ("text/html" in request.headers.get("Accept", "")
            and not request.path.startswith("/api/"))

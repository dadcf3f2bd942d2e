"""Errors: JSON for programs, a plain page for people."""

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from pyimagesearch.errors import EventsError


def register(app: Flask) -> None:
    """Have *app* answer each error with its status and one sentence."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(EventsError, no_events)


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


def wants_page() -> bool:
    """Return whether a person's browser asks, and not for a part of a page."""
    return ("text/html" in request.headers.get("Accept", "")
            and not request.path.startswith("/api/"))

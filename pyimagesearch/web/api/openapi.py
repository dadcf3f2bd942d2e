"""OpenAPI description of the JSON API, for clients and contract tests."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from pyimagesearch import __version__
from pyimagesearch.web.services import get_services

from . import schemas
from .schemas import Schema, body_with, described, list_of, reference, response_of

bp = Blueprint("description", __name__)

ABOUT = """What the pages show, as JSON. Programs send `Authorization: Bearer TOKEN`;
a server that requires no login accepts every request. An error has a status and one
sentence. Malformed HTTP, oversized requests and too many requests are refused before
they reach the API, in plain text."""
ERRORS = {
    400: "The request has an invalid value.",
    401: "A login, token or key is missing or invalid.",
    403: "Only an owner may do this, or a page of another site sent the request.",
    404: "The camera or event does not exist, or this server does not record.",
    409: "The event is starred.",
    413: "The body is too large.",
    421: "The Host header is not a name of this server.",
    429: "Too many requests; Retry-After says when to try again.",
    503: "Events or settings cannot be read or written now, or the server is full.",
}
PLAIN_TEXT = {413, 429}     # statuses that the server may send before the API
READING = (401, 421, 429, 503)
WRITING = (400, 401, 403, 413, 421, 429, 503)


@bp.get("/api/openapi.json")
def openapi() -> dict[str, Any]:
    """Return this description, for the path under which a proxy serves the API."""
    return description(request.root_path or "/",
                       login=get_services().authenticator.requires_login())


def description(root: str, *, login: bool = True) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a server that may require a *login*."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pi Video Surveillance", "version": __version__,
                 "description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": root}],
        "security": [{"token": []}] if login else [],
        "paths": {**server_paths(), **camera_paths(), **event_paths(),
                  **bulk_event_paths()},
        "components": {
            "schemas": schemas.NAMED,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def server_paths() -> dict[str, Any]:
    """Return the paths about the whole server."""
    return {
        "/api/openapi.json": {"get": operation(
            "describe", "This description", {"type": "object"}, *READING)},
        "/api/status": {"get": operation(
            "status", "Status of cameras, viewers and archive", reference("Status"),
            *READING)},
        "/api/cameras": {"post": operation(
            "switch", "Switch all cameras on or off", response_of(on=schemas.BOOLEAN),
            *WRITING, 404, body=body_with(on=schemas.SWITCH))},
        "/api/armed": {"post": operation(
            "arm", "Switch the recording of motion on or off",
            response_of(armed=schemas.BOOLEAN),
            *WRITING, 404, body=body_with(armed=schemas.SWITCH))},
        "/api/stream_key": {"post": operation(
            "stream_key", "URL that opens one stream without a login", response_of(
                key=schemas.TEXT, url=described(schemas.TEXT, "valid for an hour")),
            *WRITING, 404, body=body_with(path={"type": "string", "pattern": "^/"}))},
    }


def camera_paths() -> dict[str, Any]:
    """Return the paths about one camera."""
    named = {"parameters": [parameter("name", schemas.CAMERA_NAME, "path")]}
    return {
        "/api/status/{name}": {**named, "get": operation(
            "camera_status", "Status of one camera", reference("Camera"), 404,
            *READING)},
        "/api/cameras/{name}/mask": {
            **named,
            "get": operation("mask", "Masked regions of a camera", reference("Mask"),
                             404, *READING),
            "put": operation("draw", "Replace the drawn regions", reference("Mask"),
                             *WRITING, 404, body=body_with(drawn=schemas.POLYGONS))},
    }


def event_paths() -> dict[str, Any]:
    """Return the paths of the list of events and of a single event."""
    query = [
        parameter("limit", schemas.LIMIT), parameter("before", schemas.BEFORE),
        parameter("camera", schemas.TEXT), parameter("kind", schemas.KIND),
        parameter("day", schemas.DAY), parameter("starred", schemas.STARRED)]
    page = response_of(events=list_of(reference("Event")), next={
        "type": ["string", "null"], "description": "`before` of the next page"})
    starred = body_with(starred=schemas.SWITCH)
    return {
        "/api/events": {"get": {**operation(
            "events", "Page of events, newest first", page, 400, *READING, 404),
            "parameters": query}},
        "/api/events/{id}": {
            "parameters": [parameter("id", schemas.ID, "path")],
            "get": operation("event", "One event", reference("Event"), *READING, 404),
            "patch": operation("star_one", "Set or clear the star of an event",
                               reference("Event"), *WRITING, 404, body=starred),
            "delete": operation("delete_one", "Delete an event", deleted(), 403, 409,
                                *READING, 404)},
    }


def bulk_event_paths() -> dict[str, Any]:
    """Return the paths that change several events."""
    several = body_with(ids=schemas.IDS)
    with_star = {**several, "properties": {
        **several["properties"], "starred": {**schemas.SWITCH, "default": True}}}
    return {
        "/api/events/delete": {"post": operation(
            "delete", "Delete events, except starred ones", deleted(), *WRITING, 404,
            body=several)},
        "/api/events/restore": {"post": operation(
            "restore", "Restore events that were just deleted",
            response_of(restored=schemas.COUNT), *WRITING, 404, body=several)},
        "/api/events/star": {"post": operation(
            "star", "Set or clear the star of events",
            response_of(changed=schemas.COUNT), *WRITING, 404, body=with_star)},
    }


def deleted() -> Schema:
    """Return the schema of the response to a deletion."""
    return response_of(deleted=schemas.COUNT, undo=described(
        schemas.NUMBER, "seconds for which the events can be restored"))


def operation(id: str, summary: str, response: Schema, *errors: int,
              body: Schema | None = None) -> dict[str, Any]:
    """Return an operation with its *response* and the statuses of its *errors*."""
    made: dict[str, Any] = {
        "operationId": id, "summary": summary, "responses": {
            "200": {"description": HTTPStatus.OK.phrase, **as_json(response)},
            **{str(status): error_response(status) for status in sorted(errors)}}}
    if body is not None:
        made["requestBody"] = {"required": True, **as_json(body)}
    return made


def error_response(status: int) -> dict[str, Any]:
    """Return the response with this error *status*."""
    response = {"description": ERRORS[status], **as_json(reference("Error"))}
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"schema": schemas.TEXT}}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response["headers"] = {"Retry-After": {"schema": schemas.TEXT}}
    if status in PLAIN_TEXT:
        response["content"]["text/plain"] = {"schema": schemas.TEXT}
    return response


def parameter(name: str, schema: Schema, place: str = "query") -> dict[str, Any]:
    """Return a parameter in *place*: query, or path, where it is required."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def as_json(schema: Schema) -> dict[str, Any]:
    """Return JSON content with this *schema*."""
    return {"content": {"application/json": {"schema": schema}}}

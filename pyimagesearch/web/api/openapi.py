"""The JSON API, described for programs that make clients and tests of it."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from pyimagesearch import __version__
from pyimagesearch.web.services import get_services

from . import schemas
from .schemas import Schema, closed, given, list_of, told

bp = Blueprint("description", __name__)

ABOUT = """What the pages show, as JSON. Programs send `Authorization: Bearer TOKEN`;
a server that asks nobody to log in takes every request. Each error is a status and
one sentence. What is no proper HTTP is refused before that, in plain text, and so are
too many requests (429)."""
REFUSALS = {
    400: "Something in the request has a value that it cannot have.",
    401: "A login, a token or a key is missing, or wrong.",
    403: "Only an owner may do this, or a page of another site has sent it.",
    404: "There is no such thing, or the server keeps none.",
    409: "A starred event is not deleted.",
    413: "The body is too large.",
    421: "The server is asked under a name that is not its own.",
    429: "There were too many requests; Retry-After says when to try again.",
    503: "What is kept cannot be had now.",
}
EARLY = {413, 429}      # statuses that may come before it is a matter of the API
ALWAYS, CHANGING = (401, 421, 429, 503), (400, 401, 403, 413, 421, 429, 503)
EVENT: Schema = {"$ref": "#/components/schemas/Event"}


@bp.get("/api/openapi.json")
def openapi() -> dict[str, Any]:
    """The description, for the path under which a proxy may show the server."""
    authenticator = get_services().authenticator
    return description(request.root_path or "/",
                       login=bool(authenticator and authenticator.asks()))


def description(root: str, *, login: bool = True) -> dict[str, Any]:
    """Return what OpenAPI 3.1 wants to know of a server that may want a *login*."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pi Video Surveillance", "version": __version__,
                 "description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": root}],
        "security": [{"token": []}] if login else [],
        "paths": {**of_the_server(), **of_cameras(), **of_events(),
                  **of_several_events()},
        "components": {
            "schemas": schemas.NAMED,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def of_the_server() -> dict[str, Any]:
    """Return the paths about all cameras, and about the API."""
    status: Schema = {"$ref": "#/components/schemas/Status"}
    return {
        "/api/openapi.json": {"get": operation(
            "describe", "This description", {"type": "object"}, *ALWAYS)},
        "/api/status": {"get": operation(
            "status", "All about cameras, viewers and what is kept", status, *ALWAYS)},
        "/api/cameras": {"post": operation(
            "switch", "Switch all cameras on or off", closed(on=schemas.TRUTH),
            *CHANGING, 404, body=given(on=schemas.YES_OR_NO))},
        "/api/armed": {"post": operation(
            "arm", "Have motion make events, or not", closed(armed=schemas.TRUTH),
            *CHANGING, 404, body=given(armed=schemas.YES_OR_NO))},
        "/api/stream_key": {"post": operation(
            "stream_key", "An address that opens one stream, without a login",
            closed(key=schemas.TEXT, url=told(schemas.TEXT, "to be opened in an hour")),
            *CHANGING, 404, body=given(path={"type": "string", "pattern": "^/"}))},
    }


def of_cameras() -> dict[str, Any]:
    """Return the paths about a single camera."""
    camera: Schema = {"$ref": "#/components/schemas/Camera"}
    mask: Schema = {"$ref": "#/components/schemas/Mask"}
    named = {"parameters": [parameter("name", schemas.CAMERA_NAME, "path")]}
    return {
        "/api/status/{name}": {**named, "get": operation(
            "camera_status", "All about one camera", camera, 404, *ALWAYS)},
        "/api/cameras/{name}/mask": {
            **named,
            "get": operation("mask", "What is burnt black", mask, 404, *ALWAYS),
            "put": operation(
                "draw", "Burn these polygons instead of those drawn before", mask,
                *CHANGING, 404, body=given(drawn=schemas.POLYGONS))},
    }


def of_events() -> dict[str, Any]:
    """Return the paths of the list of events, and of a single one."""
    query = [
        parameter("limit", schemas.LIMIT), parameter("before", schemas.BEFORE),
        parameter("camera", schemas.TEXT), parameter("kind", schemas.KIND),
        parameter("day", schemas.DAY), parameter("starred", schemas.STARRED)]
    page = closed(events=list_of(EVENT), next={
        "type": ["string", "null"], "description": "the next page's `before`"})
    starred = given(starred=schemas.YES_OR_NO)
    deleted = closed(deleted=schemas.COUNT, undo=told(
        schemas.NUMBER, "seconds for which they can be restored"))
    return {
        "/api/events": {"get": {**operation(
            "events", "A page of events, the newest first", page, 400, *ALWAYS, 404),
            "parameters": query}},
        "/api/events/{id}": {
            "parameters": [parameter("id", schemas.ID, "path")],
            "get": operation("event", "One event", EVENT, *ALWAYS, 404),
            "patch": operation("star_one", "Star an event, or take its star away",
                               EVENT, *CHANGING, 404, body=starred),
            "delete": operation("delete_one", "Delete an event", deleted, 403, 409,
                                *ALWAYS, 404)},
        "/api/events/delete": {"post": operation(
            "delete", "Delete events; starred ones stay", deleted, *CHANGING, 404,
            body=given(ids=schemas.IDS))},
    }


def of_several_events() -> dict[str, Any]:
    """Return the other paths that change several events."""
    several = given(ids=schemas.IDS)
    with_star = {**several, "properties": {
        **several["properties"], "starred": {**schemas.YES_OR_NO, "default": True}}}
    return {
        "/api/events/restore": {"post": operation(
            "restore", "Take events back that were just deleted",
            closed(restored=schemas.COUNT), *CHANGING, 404, body=several)},
        "/api/events/star": {"post": operation(
            "star", "Star events, or take their stars away",
            closed(changed=schemas.COUNT), *CHANGING, 404, body=with_star)},
    }


def operation(id: str, summary: str, answer: Schema, *refusals: int,
              body: Schema | None = None) -> dict[str, Any]:
    """Return one thing to ask for, which gives *answer* or one of the *refusals*."""
    made: dict[str, Any] = {
        "operationId": id, "summary": summary,
        "responses": {"200": {"description": HTTPStatus.OK.phrase, **as_json(answer)},
                      **{str(status): refusal(status) for status in sorted(refusals)}}}
    if body is not None:
        made["requestBody"] = {"required": True, **as_json(body)}
    return made


def refusal(status: int) -> dict[str, Any]:
    """Return the response with that error *status*."""
    told = {"description": REFUSALS[status],
            **as_json({"$ref": "#/components/schemas/Error"})}
    if status == HTTPStatus.UNAUTHORIZED:
        told["headers"] = {"WWW-Authenticate": {"schema": schemas.TEXT}}
    if status in EARLY:
        told["content"]["text/plain"] = {"schema": schemas.TEXT}
    return told


def parameter(name: str, schema: Schema, place: str = "query") -> dict[str, Any]:
    """Return a parameter in the *place* path, where it is required, or query."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def as_json(schema: Schema) -> dict[str, Any]:
    """Return content of JSON that fits *schema*."""
    return {"content": {"application/json": {"schema": schema}}}

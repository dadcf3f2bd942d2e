"""One request of the API, as OpenAPI describes it."""

from http import HTTPStatus
from typing import Any, NamedTuple

from pyimagesearch.access import Role

from . import schemas
from .schemas import Schema, described, reference, response_of

JSON_TYPE = "application/json"
ERRORS = {
    400: "The request has an invalid value.",
    401: "A login, token or key is missing or invalid.",
    403: "Only an owner may do this, or a page of another site sent the request.",
    404: "The camera or event does not exist, or this server does not record.",
    409: "The event is starred, a flag or variable fixes the setting, or a test runs.",
    410: "The file was deleted, or is damaged or missing.",
    413: "The body is too large.",
    415: "The body is a multipart form.",
    421: "The Host header is not a name of this server.",
    429: "Too many requests; Retry-After says when to try again.",
    503: "Events or settings cannot be read or written now, or the server is full.",
}


class Operation(NamedTuple):
    """
    One request of the API; *errors* are those that few others have.

    One that *may_wait* for the disk has status 202 then, and says why. Of what is no
    JSON, *media* is the type.

    Requests that change something are for owners, and so are those *for_owners*.
    """

    request: str        # method and path
    id: str
    summary: str
    response: Schema
    errors: tuple[int, ...] = (404,)
    body: Schema | None = None
    query: dict[str, Schema] = {}
    for_owners: bool = False
    may_wait: bool = False
    media: str = JSON_TYPE
    body_media: str = JSON_TYPE
    success: HTTPStatus = HTTPStatus.OK

    @property
    def pending(self) -> Schema:
        """The response while the disk does not permit to save the change."""
        return response_of(**self.response["properties"], pending=described(
            schemas.TEXT, "why this is not saved yet"))

    def as_openapi(self, open_to: Role | None) -> dict[str, Any]:
        """Return it as an OpenAPI operation object; see :func:`description`."""
        errors = {401, 421, 429, 503, *self.errors}
        is_for_owners = self.for_owners or not self.request.startswith("get ")
        errors |= {403} if is_for_owners else set()
        errors |= {400, 413, 415} if self.body else set()
        made: dict[str, Any] = {
            "operationId": self.id, "summary": self.summary,
            "responses": {
                str(self.success.value): {"description": self.success.phrase,
                                          **content(self.response, self.media)},
                **({"202": {"description": HTTPStatus.ACCEPTED.phrase,
                            **as_json(self.pending)}}
                   if self.may_wait else {}),
                **{str(status): error_response(status) for status in sorted(errors)}}}
        if open_to is not Role.OWNER and is_for_owners:
            made["security"] = [{"token": []}]
        if self.query:
            made["parameters"] = [parameter(*each) for each in self.query.items()]
        if self.body:
            made["requestBody"] = {"required": True,
                                   **content(self.body, self.body_media)}
        return made


def error_response(status: int) -> dict[str, Any]:
    """Return the response with this error *status*."""
    response = {"description": ERRORS[status], **as_json(reference("Error"))}
    header = {401: "WWW-Authenticate", 429: "Retry-After"}.get(status)
    if header:
        response["headers"] = {header: {"schema": schemas.TEXT}}
    if status in (413, 415, 429):   # the server may send these before the API
        response["content"]["text/plain"] = {"schema": schemas.TEXT}
    return response


def parameter(name: str, schema: Schema, place: str = "query") -> dict[str, Any]:
    """Return a parameter in *place*: query, or path, where it is required."""
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def as_json(schema: Schema) -> dict[str, Any]:
    """Return JSON content with this *schema*."""
    return content(schema, JSON_TYPE)


def content(schema: Schema, media: str) -> dict[str, Any]:
    """Return content of the type *media* with this *schema*."""
    return {"content": {media: {"schema": schema}}}

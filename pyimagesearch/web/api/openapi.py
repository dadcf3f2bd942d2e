"""OpenAPI description of the JSON API, for clients and contract tests."""

import re
from http import HTTPStatus
from typing import Any

from flask import Blueprint, request

from pyimagesearch import __version__
from pyimagesearch.access import Role
from pyimagesearch.web.services import get_services

from . import schemas
from .media_operations import MEDIA_OPERATIONS
from .operation import Operation, parameter
from .schemas import Schema, body_with, described, list_of, reference, response_of

bp = Blueprint("description", __name__)

ABOUT = """What the pages show, as JSON. Programs send `Authorization: Bearer TOKEN`; to
read, a user name and the token as its password (Basic) will do. A server that requires
no login accepts every request. An error has a status and one
sentence. Malformed HTTP, oversized requests and too many requests are refused before
they reach the API, in plain text."""
PATH_PARAMETERS: dict[str, Schema] = {
    "id": schemas.ID, "name": schemas.CAMERA_NAME, "viewer": schemas.TEXT,
    "part": schemas.PART, "number": schemas.PART, "version": schemas.TEXT}
FOUND = reference("FoundCamera")
EVENT, MASK, ZONES = reference("Event"), reference("Mask"), reference("Zones")
EVENTS = response_of(events=list_of(EVENT), next={
    "type": ["string", "null"], "description": "`before` of the next page"})
SETTINGS, TRIAL = reference("AdjustableSettings"), reference("Trial")
ALERT_SETTINGS, HOURS_SETTINGS = reference("AlertSettings"), reference("HoursSettings")
CAMERA = reference("CameraSettings")
BACKUP = body_with(webstreaming=described(schemas.TEXT, "version"), files={
    "type": "object", "minProperties": 1, "additionalProperties": schemas.TEXT})
DELETED = response_of(deleted=schemas.COUNT, undo=described(
    schemas.NUMBER, "seconds for which the events can be restored"))
STREAM_KEY = response_of(key=schemas.TEXT,
                         url=described(schemas.TEXT, "valid for an hour"))
SUBSCRIBED = response_of(subscribed=schemas.BOOLEAN)
IDS = body_with(ids=schemas.IDS)
IDS_AND_STAR = {**IDS, "properties": {
    "ids": schemas.IDS, "starred": {**schemas.SWITCH, "default": True}}}
IDS_AND_MARK = {**IDS, "properties": {
    "ids": schemas.IDS, "not_event": {**schemas.SWITCH, "default": True}}}
MARKS = {"type": "object", "properties": {
    "starred": schemas.SWITCH, "not_event": schemas.SWITCH},
    "anyOf": [{"required": ["starred"]}, {"required": ["not_event"]}]}
OPERATIONS = (
    Operation("get /api/openapi.json", "describe", "This description",
              {"type": "object"}, ()),
    Operation("get /api/status", "status", "Status of cameras, viewers and archive",
              reference("Status"), ()),
    Operation("get /api/status/{name}", "camera_status", "Status of one camera",
              reference("Camera")),
    Operation("post /api/power", "switch", "Switch all cameras on or off",
              response_of(on=schemas.BOOLEAN), body=body_with(on=schemas.SWITCH)),
    Operation("get /api/settings", "server_settings", "Settings of the server, and the "
              "defaults of its cameras", response_of(
                  file=schemas.TEXT, settings=schemas.SETTINGS), for_owners=True),
    Operation("patch /api/settings", "change_server", "Change settings of the server; "
              "null returns to the default", response_of(
                  settings=schemas.SETTINGS, restart=described(
                      list_of(schemas.TEXT), "what takes effect after a restart")),
              (404, 409), body=schemas.SERVER_CHANGES),
    Operation("get /api/cameras", "cameras", "Cameras in their order, with settings",
              response_of(cameras=list_of(CAMERA)), for_owners=True),
    Operation("post /api/cameras", "add_camera", "Add a camera, the last one", CAMERA,
              (404, 409), body=schemas.NEW_CAMERA, success=HTTPStatus.CREATED),
    Operation("patch /api/cameras", "reorder", "Put the cameras in another order",
              response_of(order=list_of(schemas.TEXT)), (404, 409),
              body=body_with(order=described(list_of(schemas.TEXT),
                                             "names of all cameras"))),
    Operation("get /api/cameras/{name}", "camera", "A camera with its settings", CAMERA,
              for_owners=True),
    Operation("patch /api/cameras/{name}", "change_camera", "Change settings of a "
              "camera, also its name and source; null returns to the default", CAMERA,
              (404, 409), body=schemas.CAMERA_CHANGES),
    Operation("delete /api/cameras/{name}", "remove_camera", "Remove a camera; its "
              "events stay", response_of(removed=schemas.TEXT), (400, 404, 409)),
    Operation("get /api/backup", "backup", "File with settings and masks", BACKUP,
              (400, 404), query={"secrets": described(
                  schemas.MARKED, "with passwords, keys and logins")},
              for_owners=True),
    Operation("post /api/backup", "restore_backup", "Put a backup in force; secrets "
              "that it lacks stay as they are", response_of(
                  restored=list_of(schemas.TEXT)), (404, 409), body=BACKUP),
    Operation("get /api/discover", "discover", "Cameras that are plugged in, or answer "
              "in the network; takes up to 10 seconds",
              response_of(cameras=list_of(FOUND)), for_owners=True),
    Operation("post /api/discover/streams", "discover_streams", "Ask a network camera "
              "for its streams; their sources then contain the login", FOUND,
              body=body_with(address=schemas.TEXT, user=schemas.TEXT,
                             password=schemas.TEXT)),
    Operation("post /api/discover/test", "test_camera", "Open a camera, and watch it "
              "for two seconds; takes up to 15 seconds", reference("CameraTest"),
              body=body_with(source=schemas.TEXT)),
    Operation("get /api/cameras/{name}/mask", "mask", "Masked regions", MASK),
    Operation("put /api/cameras/{name}/mask", "draw", "Replace the drawn regions", MASK,
              body=body_with(drawn=schemas.POLYGONS)),
    Operation("get /api/cameras/{name}/zones", "zones", "Zones of a camera", ZONES,
              for_owners=True),
    Operation("put /api/cameras/{name}/zones", "draw_zones", "Replace the zones", ZONES,
              (404, 409), body=schemas.NEW_ZONES),
    Operation("get /api/cameras/{name}/settings", "settings", "Settings of a camera "
              "that an owner can change", SETTINGS, for_owners=True),
    Operation("patch /api/cameras/{name}/settings", "change", "Change settings for "
              "good; null returns to what file or default say", SETTINGS, (404, 409),
              body=schemas.CHANGES),
    Operation("put /api/cameras/{name}/trial", "try_out", "Put settings on trial, for "
              "owners' eyes only", TRIAL, (404, 409), body=schemas.CHANGES),
    Operation("delete /api/cameras/{name}/trial", "discard", "End the trial", TRIAL),
    Operation("get /api/cameras/{name}/levels", "levels", "Motion of the last minutes; "
              "a trial ends 15 seconds after the last such request",
              reference("Levels"), (400, 404), query={"after": schemas.AFTER},
              for_owners=True),
    Operation("get /api/alerts", "alerts", "Status of the channels of alerts",
              response_of(time=schemas.TIME, channels=list_of(reference("Channel")))),
    Operation("post /api/alerts/test", "test_alerts", "Send a test alert by each "
              "channel; takes up to 35 seconds", response_of(channels=list_of(
                  response_of(name=schemas.TEXT, trouble=described(
                      schemas.TEXT, "why it was not delivered, or empty"),
                      hint=described(schemas.TEXT, "what to check if it was delivered "
                                     "but does not appear, or empty")))),
              (404, 409)),
    Operation("get /api/cameras/{name}/alerts", "alert_settings", "What raises alerts "
              "of a camera", ALERT_SETTINGS, for_owners=True),
    Operation("patch /api/cameras/{name}/alerts", "change_alerts", "Change what raises "
              "alerts; null returns to what file or default say", ALERT_SETTINGS,
              (404, 409), body=schemas.ALERT_CHANGES),
    Operation("get /api/cameras/{name}/hours", "hours_settings", "When a camera is "
              "armed", HOURS_SETTINGS, for_owners=True),
    Operation("patch /api/cameras/{name}/hours", "change_hours", "Change when a camera "
              "is armed; null returns to what file or default say", HOURS_SETTINGS,
              (404, 409), body=schemas.HOURS_CHANGES),
    Operation("get /api/armed", "armed", "Mode in force, and which cameras are armed",
              schemas.ARMING),
    Operation("post /api/armed", "arm", "Put a mode in force: away arms all cameras, "
              "home those for it, off none", schemas.ARMING, (404, 409),
              body=schemas.NEW_MODE, may_wait=True),
    Operation("post /api/stream_key", "stream_key", "URL of a stream without a login",
              STREAM_KEY, body=body_with(path={"type": "string", "pattern": "^/"})),
    Operation("get /api/streams/{viewer}", "tally", "Pictures that were sent to one's "
              "own viewer of a stream, opened with ?viewer=NAME, and skipped",
              response_of(sent=schemas.COUNT, skipped=schemas.COUNT,
                          bytes=schemas.COUNT, seconds=schemas.NUMBER)),
    Operation("patch /api/streams/{viewer}", "select_cameras", "Change what one's own "
              "viewer of /cameras_feed is sent; null stands for all cameras, and for "
              "their full width",
              response_of(**schemas.SELECTION), (404, 409),
              body={"type": "object", "properties": schemas.SELECTION}),
    Operation("get /record_status", "recording", "Whether a manual recording runs, of "
              "any camera or of one", response_of(
                  recording=schemas.BOOLEAN, since=described(
                      schemas.NUMBER_OR_NULL, "when the first one began")),
              query={"camera": schemas.TEXT}),
    Operation("post /record_status", "record", "Start or stop a manual recording of "
              "all cameras, or of one; repeating it is no error", response_of(
                  result={"enum": ["started", "stopped"]}), (404, 409),
              body=schemas.RECORDING, may_wait=True),
    Operation("post /snapshot", "take_still", "Keep a new picture of a camera, by "
              "default the first one, as an event", response_of(
                  event=schemas.ID, url=schemas.TEXT), (404, 409),
              body={"type": "object", "properties": {"camera": schemas.TEXT}},
              may_wait=True),
    Operation("get /api/push", "push_key", "Key with which a browser subscribes",
              response_of(key=schemas.TEXT)),
    Operation("post /api/push", "subscribe", "Send alerts to a browser; with renew, "
              "only if it is sent alerts already", SUBSCRIBED,
              body=schemas.SUBSCRIPTION),
    Operation("delete /api/push", "unsubscribe", "Send no more alerts to a browser",
              SUBSCRIBED, body=body_with(endpoint=schemas.TEXT)),
    Operation("get /api/events", "events", "Page of events, newest first", EVENTS,
              (400, 404), query={
                  "limit": schemas.LIMIT, "before": schemas.BEFORE,
                  "camera": schemas.TEXT, "kind": schemas.KIND, "day": schemas.DAY,
                  "starred": schemas.MARKED, "not_event": schemas.MARKED,
                  "object": schemas.OBJECT}),
    Operation("get /api/events/timeline", "timeline", "Events of one day, by default "
              "today, the oldest first, in columns", schemas.TIMELINE, (400, 404),
              query={"camera": schemas.TEXT, "kind": schemas.KIND, "day": schemas.DAY,
                     "starred": schemas.MARKED, "not_event": schemas.MARKED,
                     "object": schemas.OBJECT}),
    Operation("get /api/events/{id}", "event", "One event", EVENT),
    Operation("patch /api/events/{id}", "mark_one", "Star an event, or mark it as none",
              EVENT, body=MARKS),
    Operation("post /api/events/{id}/share", "share", "Address that shows an event "
              "without a login, for some hours", schemas.SHARE,
              body=schemas.SHARE_LIFE),
    Operation("get /api/events/{id}/explanation", "explanation",
              "Why a motion event was stored", response_of(
                  event=schemas.ID, explanations=list_of(reference("Explanation")))),
    Operation("delete /api/events/{id}", "delete_one", "Delete an event", DELETED,
              (404, 409)),
    Operation("post /api/events/delete", "delete", "Delete events, except starred ones",
              DELETED, body=IDS),
    Operation("post /api/events/restore", "restore", "Restore just deleted events",
              response_of(restored=schemas.COUNT), body=IDS),
    Operation("post /api/events/star", "star", "Set or clear the star of events",
              response_of(changed=schemas.COUNT), body=IDS_AND_STAR),
    Operation("post /api/events/not_event", "mark_not_event",
              "Mark events as false alarms, or no longer",
              response_of(changed=schemas.COUNT), body=IDS_AND_MARK),
)


@bp.get("/api/openapi.json")
def openapi() -> dict[str, Any]:
    """Return this description, for the path under which a proxy serves the API."""
    anonymous = get_services().authenticator.anonymous()
    return description(request.root_path or "/", anonymous.role if anonymous else None)


def description(root: str, open_to: Role | None = None) -> dict[str, Any]:
    """
    Return the OpenAPI 3.1 document of a server below the path *root*.

    Without a login, clients have the role *open_to*.
    """
    paths: dict[str, Any] = {}
    for operation in (*OPERATIONS, *MEDIA_OPERATIONS):
        method, path = operation.request.split()
        named = [parameter(name, PATH_PARAMETERS[name], "path")
                 for name in re.findall(r"{(\w+)}", path)]
        item = paths.setdefault(path, {"parameters": named} if named else {})
        item[method] = operation.as_openapi(open_to)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pi Video Surveillance", "version": __version__,
                 "description": ABOUT, "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": root}],
        "security": [{"token": []}, {"password": []}] if open_to is None else [],
        "paths": paths,
        "components": {
            "schemas": schemas.NAMED,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"},
                                "password": {"type": "http", "scheme": "basic"}}},
    }

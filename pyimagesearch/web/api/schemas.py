"""JSON Schemas of the API's request and response bodies."""

from dataclasses import is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from pyimagesearch import found_cameras, status
from pyimagesearch.events import event, explanation
from pyimagesearch.object_detection.object_groups import GROUPS
from pyimagesearch.settings import polygons
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS
from pyimagesearch.settings.option import CAMERA_NAME_PATTERN, Option
from pyimagesearch.settings.owner_settings import (
    ALERT_OPTIONS,
    ARMING_OPTIONS,
    TUNED_OPTIONS,
)
from pyimagesearch.settings.settings import ALL_OPTIONS
from pyimagesearch.settings.zone import ZONE_OPTIONS
from pyimagesearch.streaming.variants import CHOICES
from pyimagesearch.web import params
from pyimagesearch.web.controls import MODE_MINUTES
from pyimagesearch.web.events.shares import SHARE_HOURS

Schema = dict[str, Any]

TYPE_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean",
              NoneType: "null"}


def typed(kind: Any) -> Schema:
    """Return the schema of a Python type, union, dataclass, tuple or dict by names."""
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": typed(get_args(kind)[1])}
    if get_origin(kind) is tuple:       # of any length
        return list_of(typed(get_args(kind)[0]))
    if isinstance(kind, type) and is_dataclass(kind):
        return response_of(**fields_of(kind))
    names = [TYPE_NAMES[each] for each in get_args(kind) or (kind,)]
    return {"type": names[0] if len(names) == 1 else names}


def response_of(**fields: Schema) -> Schema:
    """Return the schema of an object with all *fields* and no others."""
    return {**body_with(**fields), "additionalProperties": False}


def body_with(**fields: Schema) -> Schema:
    """Return the schema of an object with all *fields*; others are ignored."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def or_empty(schema: Schema) -> Schema:
    """Return the schema of a query parameter that may also be empty."""
    return {"anyOf": [schema, {"const": ""}]}


def list_of(items: Schema, **limits: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **limits}


def described(schema: Schema, description: str) -> Schema:
    """Return *schema* with a description."""
    return {**schema, "description": description}


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may also be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def fields_of(kind: type) -> dict[str, Schema]:
    """Return the schemas of the fields of a dataclass."""
    return {name: typed(hint) for name, hint in get_type_hints(kind).items()}


def reference(name: str) -> Schema:
    """Return a reference to one of the :data:`NAMED` schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def changes_of(values: dict[str, Schema]) -> Schema:
    """Return the schema of an object that may change each of *values*, or reset it."""
    return {"type": "object", "additionalProperties": False, "properties": {
        name: {"anyOf": [schema, {"type": "null"}]} for name, schema in values.items()}}


def adjustable(values: dict[str, Schema]) -> Schema:
    """Return the schema of *values* as they are in force, set and fixed."""
    return response_of(
        settings=described(response_of(**values), "in force"),
        set={**changes_of(values), "description":
             "what an owner has set; of no effect while it is fixed"},
        fixed={"type": "object", "additionalProperties": TEXT, "description":
               "flag or variable that fixes an option, which cannot be set here"})


def value_of(item: Option) -> Schema:
    """Return the schema of a setting's value."""
    schema = described(typed(item.kind), item.help)
    if item.pattern:
        schema["pattern"] = f"^{item.pattern}$"
    if item.choices:
        schema["enum"] = [*item.choices]
    if item.high is not None:
        schema |= {"minimum": item.low, "maximum": item.high}
    if item.default is None:
        schema["type"] = [schema["type"], "null"]
        if item.choices:
            schema["enum"].append(None)
    return schema


TEXT, NUMBER, BOOLEAN = typed(str), typed(float), typed(bool)
NUMBER_OR_NULL = typed(float | None)
TIME = described(NUMBER, "seconds since the epoch")
BOX = {"type": "array", "items": typed(int), "minItems": 4, "maxItems": 4}
POINT = {"type": "array", "items": typed(int), "minItems": 2, "maxItems": 2}
COUNT = {"type": "integer", "minimum": 0}
CAMERA_NAME = {"type": "string", "pattern": f"^{CAMERA_NAME_PATTERN}$"}
ID = {"type": "integer", "minimum": 0, "maximum": params.MAX_ID}
IDS = list_of({"anyOf": [ID, {"type": "string", "pattern": "^[0-8]?[0-9]{1,15}$"}]},
              minItems=1, maxItems=params.MAX_IDS)
PART = {"type": "integer", "minimum": 2}      # of several files of an event
SWITCH = {"anyOf": [BOOLEAN, {"enum": sorted(params.BOOLEANS)}]}
LIMIT = or_empty({"type": "integer", "minimum": 1, "maximum": params.MAX_PAGE_EVENTS})
BEFORE = or_empty({"type": "string", "pattern": f"^{params.CURSOR_PATTERN}$"})
MARKED = or_empty({"enum": sorted(params.BOOLEANS)})
DAY = described(or_empty({
    "type": "string", "format": "date",
    "pattern": r"^(1969|19[7-9]\d|[2-8]\d{3})-\d\d-\d\d$"}),
    "in the server's time zone")
POLYGON = described({"type": "string", "pattern": f"^{polygons.POLYGON_PATTERN}$"},
                    polygons.POLYGON_SYNTAX)
POLYGONS = list_of(POLYGON, maxItems=polygons.MAX_POLYGONS)
ZONE = {name: value_of(item) for name, item in ZONE_OPTIONS.items()}
ZONE_LIST = list_of(reference("Zone"), maxItems=polygons.MAX_POLYGONS)
NEW_ZONES = {
    "type": "object", "anyOf": [{"required": ["zones"]}, {"required": ["counted"]}],
    "properties": {
        "zones": described({"anyOf": [list_of(
            {**response_of(**ZONE), "required": ["name", "polygon"]},
            maxItems=polygons.MAX_POLYGONS), {"type": "null"}]},
            "null: those of the settings file; unchanged if left out. A zone that does "
            "not count has neither min_area nor sensitivity"),
        "counted": described(POLYGONS, "in which something that blinks regularly "
                             "counts as motion; unchanged if left out")}}
OBJECT = described(TEXT, "a name or label that was recognised in the event, such as "
                   f"person or dog; {params.NO_OBJECT}: motion without any")
AFTER = or_empty(TIME)
SETTING_VALUES = {name: value_of(item) for name, item in TUNED_OPTIONS.items()}
ALERT_VALUES = {name: value_of(item) for name, item in ALERT_OPTIONS.items()}
HOURS_VALUES = {name: value_of(item) for name, item in ARMING_OPTIONS.items()}
CHANGES, ALERT_CHANGES, HOURS_CHANGES = map(
    changes_of, (SETTING_VALUES, ALERT_VALUES, HOURS_VALUES))
SELECTION = {     # of the cameras in one stream
    "cameras": or_null(list_of(TEXT)),
    "width": {"enum": [*CHOICES["width"], None]},
    "fps": {"enum": [*CHOICES["fps"], None]}}
RECORDING = {"type": "object", "required": ["status"], "properties": {
    "status": SWITCH, "camera": or_null(TEXT)}}
KIND = described(
    TEXT, "kind of event: " + ", ".join(event.EVENT_KINDS) + ", or any other text")
SUBSCRIPTION = described(
    body_with(endpoint=TEXT, keys=body_with(p256dh=TEXT, auth=TEXT)),
    "as the browser makes it. Also renew: true, to change nothing if this server does "
    "not have it, and replaces, the endpoint of a former one")

MODE_NAME = {"type": "string", "enum": list(status.ARMING_MODES)}
MODE = {
    "mode": MODE_NAME,
    "until": described(NUMBER_OR_NULL, "when it ends; null: not by itself"),
    "then": described({"enum": [*status.ARMING_MODES, ""]}, "the mode after that"),
    "words": described(TEXT, "what is in force, in sentences for people")}
NEW_MODE: Schema = {
    "description": "mode or armed (true: away, false: off); without minutes and until, "
                   "for good",
    "type": "object", "additionalProperties": False, "properties": {
        "mode": MODE_NAME, "armed": SWITCH,
        "minutes": {"type": ["number", "null"], "minimum": MODE_MINUTES[0],
                    "maximum": MODE_MINUTES[1]},
        "until": {"type": ["number", "null"], "description":
                  "a time within a year from now, in seconds since the epoch"}},
    "oneOf": [{"required": ["mode"]}, {"required": ["armed"]}],
    "not": {"required": ["minutes", "until"]}}
ARMING = response_of(
    armed=described(BOOLEAN, "whether the mode is not off"), **MODE,
    cameras={"type": "object", "additionalProperties": reference("CameraArmed")})
CAMERA_ARMED = described(response_of(
    armed=BOOLEAN, reason=described(TEXT, "in words"),
    words=described(TEXT, "mode and state as a sentence for people"),
    until=described(NUMBER_OR_NULL, "when that changes; null: not within a week")),
    "whether motion of the camera starts events")
TIMELINE = response_of(
    begin=described(TIME, "when the day begins"), end=TIME,
    preview=described(TEXT, "address of a preview, with 0 and VERSION in it"),
    ids=list_of(ID), begins=list_of(TIME),
    clocks=described(list_of(COUNT), "the time of day, in seconds since midnight"),
    cameras=list_of(TEXT),
    versions=described(list_of(TEXT), "of the previews; empty without a picture"))
SHARE = response_of(url=TEXT, until=described(TIME, "when that ends"))
SHARE_LIFE = {"type": "object", "properties": {"hours": {
    "enum": list(SHARE_HOURS), "default": SHARE_HOURS[0]}}}
ANYTHING = {"type": ["string", "number", "boolean", "array", "null"]}
SERVER_CHANGES, CAMERA_CHANGES, NEW_CAMERA = (
    {"type": "object", "additionalProperties": False, "required": required,
     "properties": {**more, **{name: described(ANYTHING, item.help)
                               for name, item in options.items()}}}
    for options, more, required in (
        (ALL_OPTIONS, {}, []),
        (CAMERA_OPTIONS, {"name": CAMERA_NAME, "source": TEXT}, []),
        (CAMERA_OPTIONS, {"name": CAMERA_NAME, "source": TEXT}, ["name", "source"])))
SETTINGS = {"type": "object", "additionalProperties": reference("Setting")}
NAMED = {
    "Setting": response_of(
        value=described({}, "in force; null also for a secret, and a login is ***"),
        default=described({}, "in force where the settings file says nothing"),
        set=described(BOOLEAN, "whether the settings file has it"),
        fixed=described(typed(str | None), "flag or variable that gives the value, "
                        "which cannot be changed here"),
        restart=described(BOOLEAN, "whether a change takes effect after a restart"),
        kind={"type": "string", "enum": ["integer", "number", "boolean", "text",
                                         "list"]},
        choices=list_of(TEXT), minimum=NUMBER_OR_NULL, maximum=NUMBER_OR_NULL,
        local=described(BOOLEAN, "whether it can only be set in the settings file or "
                        "on the command line"),
        secret=BOOLEAN, help=TEXT),
    "CameraSettings": response_of(name=TEXT, source=TEXT, settings=SETTINGS),
    "Error": response_of(error=described(
        TEXT, "one sentence: what is wrong, and what is allowed")),
    "File": response_of(
        url=TEXT, begin=TIME, end=TIME, bytes=COUNT,
        state={"type": "string", "enum": [
            event.OPEN, event.COMPLETE, event.UNFINISHED, event.GONE, event.EXPIRED,
            event.MISSING, event.BROKEN]}),
    "Event": response_of(
        id=ID, camera=described(TEXT, "empty for events of the whole server"),
        kind=KIND, begin=TIME,
        end=described(NUMBER_OR_NULL, "null while the event lasts"),
        peak_area=described(NUMBER, "largest moving area, in per mille of the frame"),
        peak_box=described({**BOX, "type": ["array", "null"]},
                           "its minX, minY, maxX, maxY in pixels"),
        note=TEXT, starred=BOOLEAN,
        not_event=described(BOOLEAN, "marked as a false alarm"),
        names=described(list_of(TEXT), "of what was recognised: "
                        f"{', '.join(GROUPS)}, or as the owner's detector says"),
        sightings=described(list_of(reference("Sighting")),
                            "the best one of each name, the best first"),
        url=TEXT, thumbnail=typed(str | None),
        preview=described(typed(str | None), "the thumbnail, at most 320 pixels wide; "
                          "this address always shows this one"),
        clips=list_of(reference("File")), stills=list_of(reference("File"))),
    "Sighting": response_of(
        name=TEXT, label=described(TEXT, "as the model calls it, such as dog"),
        score=described({**NUMBER, "minimum": 0, "maximum": 1}, "of the model"),
        at=described(TIME, "when the picture was taken"),
        box=described(BOX, "minX, minY, maxX, maxY in pixels of the streamed picture")),
    "Region": response_of(
        box=described(BOX, "minX, minY, maxX, maxY"), area=COUNT,
        reported=described(BOOLEAN, "whether it counted as motion"),
        rule=described(TEXT, "what decided that, as the end of a sentence: it ..."),
        age=described(NUMBER, "for how long there had been a region, in seconds"),
        travelled=described(NUMBER, "how far it went lately"),
        needed=described(NUMBER, "how far it had to go to count; 0 if that is no rule"),
        seconds=described(NUMBER, "that its path took"),
        path=described(list_of(POINT), "centres of its boxes, the oldest first"),
        zones=described(list_of(TEXT), "names of the zones in which it counted"),
        sentence=described(TEXT, "all of it in plain words")),
    "Explanation": response_of(
        moment=described({"type": "string", "enum": list(explanation.MOMENTS)},
                         "begin: the frame that began the event; peak: the largest"),
        at=TIME, size=described(POINT,
                                "width and height, of which regions are in pixels"),
        area=described(NUMBER, "moved pixels, in per mille of the frame"),
        min_area=described(NUMBER, "per mille of the frame that counted as motion"),
        fps=described(NUMBER, "frames per second that were looked at"),
        settings=described({"type": "object"}, "of the detection at that time"),
        zone_sensitivities=described(
            {"type": "object"}, "of zones in which something counted, if their own"),
        summary=described(TEXT, "how much moved, and how much it took"),
        left_out=described(COUNT, "smaller regions that are not listed"),
        mask=described(TEXT, "URL of what moved, as a PNG: white, 1 bit per pixel"),
        regions=list_of(reference("Region"))),
    "Camera": response_of(**fields_of(status.CameraStatus) | {
        "state": {"type": "string", "enum": [
            status.STARTING, status.LEARNING, status.LIVE, status.NO_SIGNAL,
            status.ENDED, status.OFF]},
        "since": described(TIME, "start of this state, in seconds since the epoch"),
        "reason": described(TEXT, "why there is no picture, or empty"),
        "fps": described(NUMBER, "frames processed per second"),
        "fps_in": described(NUMBER, "frames from the camera per second"),
        "age": described(NUMBER_OR_NULL, "of the last good frame, in seconds"),
        "words": described(TEXT, "the state in words"),
        "arming": {"anyOf": [reference("CameraArmed"), {"type": "null"}]}}),
    "CameraArmed": CAMERA_ARMED,
    "Archive": response_of(**fields_of(status.ArchiveStatus) | {
        "armed": BOOLEAN,
        "days": described(NUMBER_OR_NULL, "of clips that fit, at the current rate"),
        "deleted_for_room": described(COUNT, "files since the start"),
        "deleted_by_age": described(COUNT, "files since the start (--keep-days)"),
        "trouble": described(TEXT, "why clips or events cannot be written, or empty")}),
    "Objects": response_of(**fields_of(status.ObjectsStatus) | {
        "model": described(TEXT, "its file, or empty if objects are off"),
        "off_reason": described(TEXT, "why they are off, or empty; in full for owners"),
        "command": described(TEXT, "that helps, for owners; empty if they are on, or "
                             "switched off"),
        "loaded": described(BOOLEAN, "whether the model is in memory; it is loaded at "
                            "the first look, and released after ten minutes without"),
        "looks": described(COUNT, "at what moved, since the start"),
        "failed": described(COUNT, "looks since the start"),
        "seconds": described(NUMBER, "spent on looks since the start"),
        "trouble": described(TEXT, "why the last look failed, or empty; in full for "
                             "owners"),
        "words": described(TEXT, "why objects are not recognised, as a sentence for "
                           "people; empty if they are")}),
    "Status": response_of(
        version=TEXT, time=TIME,
        auth=described(BOOLEAN, "whether watching takes a login"),
        viewers=COUNT, mosaic_viewers=COUNT, mosaic_video_viewers=COUNT,
        off_since=described(NUMBER_OR_NULL, "when all cameras were switched off"),
        cameras=list_of(reference("Camera")),
        camera_memory={"description": "bytes that the cameras' pictures take, and may",
                       "anyOf": [response_of(used=COUNT, total=COUNT),
                                 {"type": "null"}]},
        arming={"description": "the mode in force", "anyOf": [
            response_of(**MODE), {"type": "null"}]},
        archive={"anyOf": [reference("Archive"), {"type": "null"}]},
        objects={"anyOf": [reference("Objects"), {"type": "null"}]}),
    "AdjustableSettings": adjustable(SETTING_VALUES),
    "AlertSettings": adjustable(ALERT_VALUES),
    "HoursSettings": adjustable(HOURS_VALUES),
    "Channel": response_of(
        name=described(TEXT, "for people; without any secret"),
        delivered=described(COUNT, "alerts since the start"),
        failed=described(COUNT, "attempts since the start"),
        last_success=described(NUMBER_OR_NULL, "when an alert was last delivered"),
        trouble=described(TEXT, "why nothing is delivered now, or empty"),
        next_try=described(NUMBER_OR_NULL, "while there is trouble"),
        paused_until=described(NUMBER_OR_NULL, "until when only urgent alerts are "
                               "sent, as the limit of an hour is reached"),
        closed=described(BOOLEAN, "whether the receiver wants no more alerts")),
    "Trial": response_of(trial={"anyOf": [
        response_of(**SETTING_VALUES), {"type": "null"}]}),
    "Levels": response_of(
        now=TIME, at=described(list_of(TIME), "up to five samples a second"),
        area=described(list_of(NUMBER), "largest area that moved in each sample, in "
                       "per mille of the frame"),
        tried=described(list_of(NUMBER_OR_NULL), "the same with settings on trial"),
        events=described(list_of(TIME), "beginnings of motion events"),
        tried_events=described(list_of(TIME), "the same with settings on trial"),
        ignored=described(list_of(TEXT), "why changes in the newest frame are no "
                          "motion, each the end of a sentence: it ..."),
        settings=described(response_of(**SETTING_VALUES), "in force"),
        trial={"anyOf": [{"type": "null"}, response_of(
            settings=response_of(**SETTING_VALUES),
            second_detector=described(BOOLEAN, "whether the trial needs one"),
            learning=described(BOOLEAN, "whether that reports nothing yet"),
            milliseconds=described(NUMBER, "that it takes for each frame"))]},
        trouble=described(TEXT, "why the last trial ended, or empty")),
    "FoundCamera": response_of(**fields_of(found_cameras.FoundCamera) | {
        "kind": {"type": "string", "enum": [
            found_cameras.USB, found_cameras.MODULE, found_cameras.NETWORK]},
        "address": described(TEXT, "device, number of the module, or IPv4 address"),
        "source": described(TEXT, "to be added; empty if only a login makes it known"),
        "streams": described(list_of(typed(found_cameras.FoundStream)),
                             "of a network camera, the largest first"),
        "watched": described(BOOLEAN, "whether this server watches it already"),
        "problem": described(TEXT, "why it cannot be used, or empty")}),
    "CameraTest": response_of(**fields_of(found_cameras.CameraTest) | {
        "source": described(TEXT, "without its login"),
        "fps": described(NUMBER, "frames a second; 0 after a single one"),
        "picture": described(typed(str | None), "address of the newest picture, for a "
                             "while; null if none arrived"),
        "problems": described(list_of(TEXT), "each as a sentence")}),
    "Mask": response_of(set=described(POLYGONS, "from the settings"),
                        drawn=described(POLYGONS, "drawn on the page or set here")),
    "Zone": response_of(**ZONE),
    "Zones": response_of(
        zones=ZONE_LIST,
        drawn=described(BOOLEAN, "whether they were drawn on the page or set here, and "
                        "not in the settings file"),
        automatic=described(list_of(response_of(polygon=POLYGON, counts=BOOLEAN)),
                            "where the detector found something that blinks regularly; "
                            "it is ignored unless it counts")),
}

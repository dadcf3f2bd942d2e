"""What goes in and out of the JSON API, as JSON Schema."""

from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args, get_type_hints

from pyimagesearch.events.event import (
    BROKEN,
    COMPLETE,
    CURSOR,
    GONE,
    KINDS,
    MISSING,
    OPEN,
    UNFINISHED,
)
from pyimagesearch.settings.option import CAMERA_NAME_PATTERN
from pyimagesearch.settings.polygons import (
    MAX_POLYGONS,
    POLYGON_PATTERN,
    POLYGON_SYNTAX,
)
from pyimagesearch.status import (
    ENDED,
    LEARNING,
    LIVE,
    NO_SIGNAL,
    OFF,
    STARTING,
    ArchiveStatus,
    CameraStatus,
)
from pyimagesearch.web.params import MOST, MOST_ID, MOST_IDS, TRUTHS

Schema = dict[str, Any]

NAMES = {str: "string", int: "integer", float: "number", bool: "boolean",
         NoneType: "null"}


def typed(kind: Any) -> Schema:
    """Return the schema of a Python type, or of a union of such."""
    names = [NAMES[each] for each in get_args(kind) or (kind,)]
    return {"type": names[0] if len(names) == 1 else names}


def closed(**fields: Schema) -> Schema:
    """Return the schema of an answer that has all *fields*, and no others."""
    return {"type": "object", "properties": fields, "required": list(fields),
            "additionalProperties": False}


def given(**fields: Schema) -> Schema:
    """Return the schema of a body with all *fields*; others are passed over."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def or_empty(*schemas: Schema) -> Schema:
    """Return the schema of a parameter, for which nothing stands for none."""
    return {"anyOf": [*schemas, {"const": ""}]}


def list_of(items: Schema, **limits: int) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items, **limits}


def told(schema: Schema, description: str) -> Schema:
    """Return *schema* with a word about it."""
    return {**schema, "description": description}


def fields_of(kind: type) -> Mapping[str, Schema]:
    """Return the schemas of a dataclass's fields."""
    return {name: typed(hint) for name, hint in get_type_hints(kind).items()}


TEXT, NUMBER, TRUTH = typed(str), typed(float), typed(bool)
TIME = told(NUMBER, "seconds since the epoch")
COUNT = {"type": "integer", "minimum": 0}
CAMERA_NAME = {"type": "string", "pattern": f"^{CAMERA_NAME_PATTERN}$"}
ID = {"type": "integer", "minimum": 0, "maximum": MOST_ID}
IDS = list_of({"anyOf": [ID, {"type": "string", "pattern": "^[0-8]?[0-9]{1,15}$"}]},
              minItems=1, maxItems=MOST_IDS)
YES_OR_NO = {"anyOf": [TRUTH, {"enum": sorted(TRUTHS)}]}
LIMIT = or_empty({"type": "integer", "minimum": 1, "maximum": MOST})
BEFORE = or_empty({"type": "string", "pattern": f"^{CURSOR}$"})
STARRED = or_empty({"enum": sorted(TRUTHS)})
DAY = told(or_empty({
    "type": "string", "format": "date",
    "pattern": r"^(197[1-9]|19[89]\d|[2-8]\d{3})-\d\d-\d\d$"}),
    "in the server's time zone")
POLYGONS = list_of(told({"type": "string", "pattern": f"^{POLYGON_PATTERN}$"},
                        POLYGON_SYNTAX),
                   maxItems=MAX_POLYGONS)

KIND = told(TEXT, "what happened: " + ", ".join(KINDS) + ", or some other text")
ERROR = closed(error=told(TEXT, "one sentence: what is wrong, and what is allowed"))
FILE = closed(
    url=TEXT, begin=TIME, end=TIME, bytes=COUNT,
    state={"type": "string", "enum": [OPEN, COMPLETE, UNFINISHED, GONE, MISSING,
                                      BROKEN]})
EVENT = closed(
    id=ID, camera=told(TEXT, "empty for events of the whole server"), kind=KIND,
    begin=TIME, end=told(typed(float | None), "null while it lasts"),
    peak_area=told(NUMBER, "per mille of the frame that moved at most"),
    peak_box={"type": ["array", "null"], "items": typed(int), "minItems": 4,
              "maxItems": 4, "description": "where: minX, minY, maxX, maxY [pixels]"},
    note=TEXT, starred=TRUTH, url=TEXT, thumbnail=typed(str | None),
    clips=list_of({"$ref": "#/components/schemas/File"}),
    stills=list_of({"$ref": "#/components/schemas/File"}))
CAMERA = closed(**{
    **fields_of(CameraStatus),
    "state": {"type": "string",
              "enum": [STARTING, LEARNING, LIVE, NO_SIGNAL, ENDED, OFF]},
    "since": told(TIME, "when the state began, in seconds since the epoch"),
    "reason": told(TEXT, "why there are no pictures"),
    "fps": told(NUMBER, "frames processed a second"),
    "fps_in": told(NUMBER, "frames that the camera gives a second"),
    "age": told(typed(float | None), "of the last good frame, in seconds"),
    "words": told(TEXT, "the state as a person would say it")})
ARCHIVE = closed(**{
    **fields_of(ArchiveStatus),
    "days": told(typed(float | None), "that are kept, at the present rate"),
    "trouble": told(TEXT, "why nothing can be kept")})
STATUS = closed(
    version=TEXT, time=TIME, auth=told(TRUTH, "whether visitors must log in"),
    viewers=COUNT, mosaic_viewers=COUNT,
    off_since=told(typed(float | None), "when all cameras were switched off"),
    cameras=list_of({"$ref": "#/components/schemas/Camera"}),
    archive={"anyOf": [{"$ref": "#/components/schemas/Archive"}, {"type": "null"}]})
MASK = closed(set=told(POLYGONS, "by the settings"),
              drawn=told(POLYGONS, "on the page, or here"))

NAMED = {"Error": ERROR, "File": FILE, "Event": EVENT, "Camera": CAMERA,
         "Archive": ARCHIVE, "Status": STATUS, "Mask": MASK}

"""Read the parameters of a request; a wrong one ends it with 400 and a sentence."""

import datetime
import json
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from flask import abort, g, request

from pyimagesearch.events.event_filters import Filters

MAX_PAGE_EVENTS = 200
MAX_IDS = 1000              # events in one request
CURSOR_PATTERN = r"[0-9]{1,18}"
MAX_ID = (1 << 53) - 1      # the largest integer that is exact in JavaScript
YEARS = (1969, 8999)        # from the first day of a clock that was never set on
BOOLEANS = {"true": True, "1": True, "on": True,
            "false": False, "0": False, "off": False}
NO_OBJECT = "none"          # for events in which nothing was recognised
MAX_SHOWN = 60              # characters of a wrong value


class PageQuery(NamedTuple):
    """The page of events that a request asks for, as EventReader.page() takes it."""

    limit: int
    before: int | None
    filters: Filters


def page_query(default_limit: int) -> PageQuery:
    """Return the page that the query parameters ask for."""
    wanted, before = filters(), request.args.get("before") or None
    if before and not re.fullmatch(CURSOR_PATTERN, before):
        abort_invalid("before", before, 'the value of "next" of the previous page')
    limit = request.args.get("limit") or str(default_limit)
    if not re.fullmatch("[0-9]{1,9}", limit) or not 1 <= int(limit) <= MAX_PAGE_EVENTS:
        abort_invalid("limit", limit, f"a number from 1 to {MAX_PAGE_EVENTS}")
    return PageQuery(int(limit), int(before) if before else None, wanted)


def filters() -> Filters:
    """Return the filters in the query parameters."""
    args = request.args
    not_event, wanted = args.get("not_event"), args.get("object") or None
    return Filters(camera=args.get("camera") or None, kind=args.get("kind") or None,
                   day=date(args.get("day", "")),
                   starred=boolean("starred", args.get("starred") or "false"),
                   not_event=boolean("not_event", not_event) if not_event else None,
                   object="" if wanted == NO_OBJECT else wanted)


def date(text: str) -> datetime.date | None:
    """Return the day written as *text*; ``None`` if empty."""
    if not text:
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        abort_invalid("day", text, "a date such as 2026-11-20")
    if not YEARS[0] <= day.year <= YEARS[1]:
        abort_invalid("day", text, f"in the years {YEARS[0]} to {YEARS[1]}")
    return day


def choice(name: str, allowed: Sequence[int]) -> int | None:
    """Return the parameter *name*, one of *allowed* or left out, or abort (400)."""
    value = request.args.get(name) or None
    if value is not None and value not in map(str, allowed):
        abort_invalid(name, value, f"one of {', '.join(map(str, allowed))}")
    return None if value is None else int(value)


def month(text: str) -> datetime.date | None:
    """Return the first day of the month written as *text*; ``None`` if empty."""
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", text):
        abort_invalid("month", text, "a month such as 2026-11")
    return date(f"{text}-01")


def boolean(name: str, value: Any) -> bool:
    """Return *value*, of a form or of JSON, as a boolean."""
    if isinstance(value, str):
        value = BOOLEANS.get(value.lower(), value)
    if not isinstance(value, bool):
        abort_invalid(name, value, "true or false")
    return value


def number(name: str, value: Any, low: float = -math.inf, high: float = math.inf
           ) -> float:
    """Return *value*, of a form or of JSON, as a number from *low* to *high*."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found) or not low <= found <= high:
        limits = "" if low == -math.inf else f" from {low} to {high}"
        abort_invalid(name, value, f"a number{limits}")
    return found


def body() -> dict[str, Any]:
    """Return the fields of the request's body, a form or a JSON object."""
    if not request.is_json:
        return request.form.to_dict()
    try:
        fields = json.loads(request.get_data() or b"{}")
    except (ValueError, RecursionError):
        abort(400, "The body is not valid JSON.")
    if not isinstance(fields, dict):
        abort(400, "The body must be a JSON object, such as {\"status\": true}.")
    return fields


def ids(values: Any) -> list[int]:
    """Return *values*, a list of numbers or digits, as the ids of events."""
    if not isinstance(values, list) or not 1 <= len(values) <= MAX_IDS:
        abort_invalid("ids", values, f"a list of 1 to {MAX_IDS} event ids")
    return [event_id(each) for each in values]


def event_id(value: Any) -> int:
    """Return *value* as the id of an event."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,19}", value):
        value = int(value)
    if type(value) is float and value.is_integer():     # some programs write 5.0
        value = int(value)
    if type(value) is not int or not 0 <= value <= MAX_ID:
        abort_invalid("ids", value, f"whole numbers from 0 to {MAX_ID}")
    return int(value)


def abort_invalid(name: str, value: Any, allowed: str) -> NoReturn:
    """End the request: the *value* of *name* is not *allowed*."""
    text = repr(value)
    shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN - 3]}..."
    abort(400, f"{name} is {shown}, but must be {allowed}.")


def requester() -> str:
    """Return the role and the address behind this request, for the log."""
    return f"{g.client.role} from {request.remote_addr}"

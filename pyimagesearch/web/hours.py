"""The page of schedules: when each camera is armed."""

import datetime
import logging
import time
from typing import Any, NamedTuple

from flask import Blueprint, Response, g, request, url_for

from pyimagesearch.access.roles import Role
from pyimagesearch.clock import short_time
from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.owner_settings import ARMING_OPTIONS
from pyimagesearch.settings.schedule import DAY_MINUTES, local_timestamp, schedule_of
from pyimagesearch.settings.sun import parse_place, sun_times
from pyimagesearch.status import CameraArmed

from .guard import see_other
from .live import page
from .option_group import OptionGroup
from .params import requester
from .services import get_services, or_404, owner_settings_or_404

log = logging.getLogger(__name__)
bp = Blueprint("hours", __name__)

OPTIONS = OptionGroup(ARMING_OPTIONS)


class CameraHours(NamedTuple):
    """When one camera is armed, as the page shows it."""

    name: str
    state: CameraArmed
    hours: str                  # as in force, or as entered and not accepted
    given: str                  # what holds if the owner sets none
    armed_home: bool
    fixed: dict[str, str]       # flag or variable, by option
    error: str = ""             # why the hours were not accepted

    @property
    def words(self) -> str:
        """Whether it is armed, why, and until when."""
        words = self.state.words(time.time())
        return f"{words[:1].upper()}{words[1:]}."


@bp.get("/schedule")
def index() -> str:
    """Show when each camera is armed, for an owner to change; works without script."""
    return schedule_page()


@bp.post("/schedule/<name>")
def save(name: str) -> Response:
    """Take the form of one camera."""
    services, owner_settings = get_services(), owner_settings_or_404()
    services.feed(name)
    hours, at_home = request.form.get("armed_hours", ""), "armed_home" in request.form
    given = owner_settings.preview(name, dict.fromkeys(ARMING_OPTIONS))
    entered = {"armed_hours": hours.strip() or None, "armed_home": at_home}
    # what the settings file says as well is not set here, so that it is followed
    changed = {option: None if value == getattr(given, option) else value
               for option, value in entered.items()
               if option not in owner_settings.fixed(name)}
    try:
        services.pools.changes.run(lambda: owner_settings.change(name, changed))
    except SettingsError as error:
        trouble = hours_trouble(hours, owner_settings.place) or explain(name, error)
        return Response(schedule_page(name, hours, trouble), status=400)
    log.info("%s: settings changed by %s", name, requester())
    return see_other(url_for("hours.index", _anchor=f"camera-{name}"))


@bp.get("/api/cameras/<name>/hours")
def settings(name: str) -> dict[str, Any]:
    """Return when a camera is armed."""
    return OPTIONS.describe(name)


@bp.patch("/api/cameras/<name>/hours")
def change(name: str) -> dict[str, Any]:
    """Change when a camera is armed."""
    return OPTIONS.change(name)


def hours_trouble(hours: str, place: str | None) -> str:
    """Return what is wrong with *hours* as entered on a page; empty if nothing is."""
    try:
        if not schedule_of(hours).needs_place or place:
            return ""
    except SettingsError as error:
        text = f"{str(error)[:1].upper()}{str(error)[1:]}"
        return (f"{text if text.endswith('?') else f'{text}.'} Write for example "
                "22:00-06:00, or Mon-Fri 22:00-06:00; Sat,Sun.")
    return ("Sunrise and sunset need the place of the cameras, which only the settings "
            'file can set, such as place = "52.52,13.40".')


def explain(name: str, error: SettingsError) -> str:
    """Return the *error* about camera *name* as a sentence of its form."""
    text = str(error).replace(f"armed_hours of camera {name!r}", "Days and hours", 1)
    return text if text.endswith("?") else f"{text}."


def schedule_page(name: str = "", entered: str = "", error: str = "") -> str:
    """Return the page; for camera *name*, *entered* was refused because of *error*."""
    services, owner_settings = get_services(), owner_settings_or_404()
    arming = or_404(services.arming)
    cameras = []
    for each in services.feeds:
        found, given = owner_settings.current(each), owner_settings.preview(
            each, {"armed_hours": None})
        cameras.append(CameraHours(
            each, arming.camera(each), found.armed_hours or "",
            given.armed_hours or "always", found.armed_home,
            owner_settings.fixed(each)))
        if each == name:
            cameras[-1] = cameras[-1]._replace(hours=entered, error=error)
    return page("schedule.html", cameras=cameras, sun=sun_words(owner_settings.place),
                can_change=g.client.may(Role.OWNER),
                mode_words=arming.mode.words(time.time()))


def sun_words(place: str | None) -> str:
    """Return when the sun rises and sets today at *place*; empty without one."""
    if place is None:
        return ""
    noon = local_timestamp(datetime.date.today(), DAY_MINUTES // 2, ends=False)
    sun = sun_times(parse_place(place), noon)
    if sun.rise == sun.set:
        return "The sun does not rise today."
    if sun.set - sun.rise >= 60 * DAY_MINUTES:
        return "The sun does not set today."
    rise, set = (short_time(each, each) for each in sun)
    return f"Today the sun rises at {rise} and sets at {set}."

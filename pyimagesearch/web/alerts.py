"""The page of alerts: how each channel is doing, a test, and what raises alerts."""

import datetime
import logging
import re
import threading
import time
from dataclasses import asdict
from typing import Any, NamedTuple

from flask import Blueprint, abort, g

from pyimagesearch.access.roles import Role
from pyimagesearch.clock import short_time
from pyimagesearch.errors import SettingsError
from pyimagesearch.events.event import MOTION
from pyimagesearch.notifications.alert_advice import (
    is_motion_silenced,
    no_zone_alerts,
)
from pyimagesearch.notifications.channel import ChannelStatus
from pyimagesearch.object_detection.object_groups import GROUPS, unknown_words
from pyimagesearch.settings.camera_settings import ALERT_KINDS, CameraSettings
from pyimagesearch.settings.owner_settings import ALERT_OPTIONS

from .events.filters import kind_name
from .hours import hours_trouble
from .live import page
from .option_group import OptionGroup
from .params import body, requester
from .services import alerts_or_404, get_services, owner_settings_or_404

log = logging.getLogger(__name__)
bp = Blueprint("alerts", __name__)

OPTIONS = OptionGroup(ALERT_OPTIONS)
KIND_QUESTIONS = {      # kinds of events, as the page offers them
    "motion": "something moves", "moved": "the camera was moved",
    "covered": "the camera is covered", "out of focus": "the picture is blurred",
    "lost": "there is no picture for half a minute",
    "unsteady": "the picture comes and goes",
    "manual": "a recording is started by hand", "snapshot": "a still is saved by hand",
    "light": "the light changes suddenly",
    "day/night": "the camera changes between day and night",
    "disk": "nothing can be recorded", "login refused": "a wrong password is tried"}
OBJECT_PHRASES = {"person": "a person", "vehicle": "a vehicle", "animal": "an animal"}
SERVER_KINDS = ("disk", "login refused")    # are of no camera
DAILY_HOURS = re.compile(r"([0-2]\d:[0-5]\d)-([0-2]\d:[0-5]\d)")
ONE_TEST = threading.Lock()     # one at a time: each sends something to every receiver


class CameraAlerts(NamedTuple):
    """What raises alerts of one camera, as the page shows it."""

    name: str
    settings: CameraSettings
    kinds: list[str]
    fixed: dict[str, str]       # flag or variable, by option
    is_set: bool                # on the page, as opposed to the settings file
    labels: frozenset[str]      # that its own detector gave, in lower case

    @property
    def object_names(self) -> list[str]:
        """The objects to choose from: the usual ones, labels, and what is chosen."""
        others = (self.settings.alert_objects | self.labels) - {*GROUPS}
        return [*GROUPS, *sorted(others)]

    def is_unknown(self, name: str) -> bool:
        """Return whether no model recognises *name*, and no detector may."""
        return name in unknown_words(self.settings)

    @property
    def daily(self) -> tuple[str, str] | None:
        """Begin and end of its hours if they are the same on each day."""
        found = DAILY_HOURS.fullmatch(self.settings.alert_hours or "")
        return (found[1], found[2]) if found else None


@bp.get("/alerts")
def index() -> str:
    """Show the channels, and to an owner what raises alerts; works without script."""
    services, alerts = get_services(), alerts_or_404()
    can_change = g.client.may(Role.OWNER) and services.owner_settings is not None
    cameras = [camera_alerts(name) for name in services.feeds] if can_change else []
    place = can_change and owner_settings_or_404().place
    advice = alerts.advice() if g.client.may(Role.OWNER) else []
    return page("alerts.html", channels=alerts.statuses(), cameras=cameras,
                object_phrases=OBJECT_PHRASES, objects_off=alerts.objects_off,
                advice=advice, kinds=KIND_QUESTIONS, server_kinds=SERVER_KINDS,
                place=place, now=time.time(), channel_state=channel_state,
                moment=moment, summary=summary, short_time=short_time)


@bp.get("/api/alerts")
def status() -> dict[str, Any]:
    """Return the status of each channel."""
    return {"time": time.time(),
            "channels": [asdict(each) for each in alerts_or_404().statuses()]}


@bp.post("/api/alerts/test")
def test() -> dict[str, Any]:
    """Send a test alert by each channel, and wait for the outcomes."""
    alerts = alerts_or_404()
    if not ONE_TEST.acquire(blocking=False):
        abort(409, "A test is running; wait for its outcome.")
    try:
        log.info("test alerts sent by %s", requester())
        outcomes = get_services().pools.tests.run(alerts.test)
    finally:
        ONE_TEST.release()
    return {"channels": [{**asdict(each), "hint": each.hint} for each in outcomes]}


@bp.get("/api/cameras/<name>/alerts")
def settings(name: str) -> dict[str, Any]:
    """Return what raises alerts of a camera."""
    return OPTIONS.describe(name)


@bp.patch("/api/cameras/<name>/alerts")
def change(name: str) -> dict[str, Any]:
    """Change what raises alerts of a camera."""
    try:
        return OPTIONS.change(name)
    except SettingsError:
        hours, place = body().get("alert_hours"), owner_settings_or_404().place
        if isinstance(hours, str) and (trouble := hours_trouble(hours, place)):
            abort(400, trouble)
        raise


def camera_alerts(name: str) -> CameraAlerts:
    """Return what raises alerts of camera *name*."""
    found = OPTIONS.describe(name)
    settings = owner_settings_or_404().current(name)
    kinds = settings.alert_kinds.split(",")
    return CameraAlerts(name, settings, [each for each in ALERT_KINDS if each in kinds],
                        found["fixed"], bool(found["set"]),
                        labels_of(settings))


def labels_of(camera: CameraSettings) -> frozenset[str]:
    """Return the labels of the detector of *camera* since the start, in lower case."""
    archive = get_services().archive
    names = (archive.store.counts.recognised()
             if archive and camera.has_own_detector else ())
    return frozenset(name.lower() for each, name in names
                     if each == camera.name and "," not in name)


def summary(camera: CameraAlerts) -> str:
    """Return what raises alerts of *camera* in a few words."""
    is_out_of_zones = no_zone_alerts(camera.settings)
    is_silenced = is_out_of_zones or is_motion_silenced(
        camera.settings, alerts_or_404().objects_off)
    kinds = [each for each in camera.kinds if each not in SERVER_KINDS
             and not (each == MOTION and is_silenced)]
    note = "; not motion, as no zone raises alerts" * is_out_of_zones
    if not camera.settings.alerts or not kinds:
        return f"no alerts{note}"
    first, more = kind_name(kinds[0]), len(kinds) - 1
    if kinds[0] == MOTION and camera.settings.alert_objects:
        first += f" ({', '.join(sorted(camera.settings.alert_objects))})"
    what = f"{first} and {more} more" if more else first
    when = camera.settings.alert_hours
    if camera.daily:
        when = "every day from {} to {}".format(*camera.daily)
    return f"{what}, {when or 'at any time'}{note}{unarmed(camera.name)}"


def unarmed(name: str) -> str:
    """Return that camera *name* is not armed now, unless none is, as the page says."""
    services = get_services()
    if services.arming is None or not services.armed:
        return ""
    state = services.arming.camera(name)
    return "" if state.armed else f"; {state.words(time.time())}"


def channel_state(channel: ChannelStatus) -> str:
    """Return the state of *channel* in a word: off, bad, paused, good or new."""
    if channel.closed:
        return "off"
    if channel.trouble:
        return "bad"
    if channel.paused_until:
        return "paused"
    return "good" if channel.last_success else "new"


def moment(when: float) -> str:
    """Return *when* [s since the epoch] in words, such as ``yesterday at 14:03``."""
    local = datetime.datetime.fromtimestamp(when)
    days = (local.date() - datetime.date.today()).days
    at = f"at {local:%H:%M}"
    return {0: at, -1: f"yesterday {at}", 1: f"tomorrow {at}"}.get(
        days, f"on {local.day} {local:%B} {at}")

"""Tune the detection of a camera: by looking, on trial, and for good."""

import logging
import math
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request

from pyimagesearch.errors import FolderError, SettingsError
from pyimagesearch.settings.option import did_you_mean, shortened
from pyimagesearch.settings.owner_settings import (
    TUNED_OPTIONS,
    OwnerSettings,
    sliders_of,
)
from pyimagesearch.settings.settings import CameraSettings

from .params import abort_invalid, body, requester
from .services import get_services, owner_settings_or_404, tuning_or_404

log = logging.getLogger(__name__)
bp = Blueprint("tune", __name__)


@bp.get("/tune")
@bp.get("/tune/<name>")
def index(name: str | None = None) -> str:
    """Show the page that tunes a camera, by default the first one."""
    services = get_services()
    feed, owner_settings = services.feed(name), owner_settings_or_404()
    camera, tuning = feed.status(), tuning_or_404(feed)
    current = owner_settings.current(camera.name)
    return render_template(
        "tune.html", camera=camera, cameras=list(services.feeds), settings=current,
        views=tuning.view_names, sliders=sliders_of(current),
        fixed=owner_settings.fixed(camera.name), archive=services.archive)


@bp.get("/api/cameras/<name>/settings")
def settings(name: str) -> dict[str, Any]:
    """Return the settings of a camera that an owner can change, in force and set."""
    return describe(name)


@bp.patch("/api/cameras/<name>/settings")
def change(name: str) -> dict[str, Any]:
    """Change settings of a camera for good, which ends a trial."""
    get_services().feed(name)
    values, owner_settings = tuned_values(), owner_settings_or_404()
    try:
        get_services().pools.changes.run(lambda: owner_settings.change(name, values))
    except FolderError:     # they are in force, but not saved
        end_trial(name)
        raise
    log.info("%s: settings changed by %s", name, requester())
    end_trial(name)
    return describe(name)


@bp.put("/api/cameras/<name>/trial")
def try_out(name: str) -> dict[str, Any]:
    """Put settings on trial, which only owners see."""
    tuning = tuning_or_404(get_services().feed(name))
    values, owner_settings = tuned_values(), owner_settings_or_404()
    wanted = owner_settings.preview(name, values)
    tuning.try_out(wanted)
    return {"trial": adjustable(wanted)}


@bp.delete("/api/cameras/<name>/trial")
def discard(name: str) -> dict[str, Any]:
    """End the trial; repeating is no error."""
    tuning_or_404(get_services().feed(name)).try_out(None)
    return {"trial": None}


@bp.get("/api/cameras/<name>/levels")
def levels(name: str) -> dict[str, Any]:
    """Return the motion of the last minutes; a trial goes on while this is polled."""
    tuning = tuning_or_404(get_services().feed(name))
    return {**tuning.levels(seconds("after")),
            "settings": adjustable(owner_settings_or_404().current(name))}


def end_trial(name: str) -> None:
    """End the trial of camera *name*, if it can have one."""
    if tuning := get_services().feed(name).tuning:
        tuning.try_out(None)


def describe(name: str) -> dict[str, Any]:
    """Return the settings of camera *name* that can be changed on pages."""
    get_services().feed(name)
    owner_settings: OwnerSettings = owner_settings_or_404()
    return {"settings": adjustable(owner_settings.current(name)),
            "set": tuned(owner_settings.kept(name)),
            "fixed": tuned(owner_settings.fixed(name))}


def adjustable(settings: CameraSettings) -> dict[str, Any]:
    """Return the values in *settings* that can be changed on pages, by option."""
    return {name: getattr(settings, name) for name in TUNED_OPTIONS}


def tuned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of *values* by option that are tuned here."""
    return {name: value for name, value in values.items() if name in TUNED_OPTIONS}


def tuned_values() -> dict[str, Any]:
    """Return the values in the body, by option."""
    values = body()
    for name in values:
        if name not in TUNED_OPTIONS:
            raise SettingsError(
                f"{shortened(name)} is not a setting that can be changed here"
                + did_you_mean(name, TUNED_OPTIONS))
    return values


def seconds(name: str) -> float:
    """Return the query parameter *name* [s since the epoch], 0 if it is missing."""
    text = request.args.get(name) or "0"
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        abort_invalid(name, text, "a number of seconds since the epoch")
    return value

"""Tune the detection of a camera: by looking, on trial, and for good."""

import math
from typing import Any

from flask import Blueprint, render_template, request

from pyimagesearch.errors import FolderError
from pyimagesearch.settings.owner_settings import TUNED_OPTIONS, sliders_of

from .option_group import OptionGroup
from .params import abort_invalid
from .services import get_services, owner_settings_or_404, tuning_or_404

bp = Blueprint("tune", __name__)
OPTIONS = OptionGroup(TUNED_OPTIONS)


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
    return OPTIONS.describe(name)


@bp.patch("/api/cameras/<name>/settings")
def change(name: str) -> dict[str, Any]:
    """Change settings of a camera for good, which ends a trial."""
    try:
        changed = OPTIONS.change(name)
    except FolderError:     # they are in force, but not saved
        end_trial(name)
        raise
    end_trial(name)
    return changed


@bp.put("/api/cameras/<name>/trial")
def try_out(name: str) -> dict[str, Any]:
    """Put settings on trial, which only owners see."""
    tuning = tuning_or_404(get_services().feed(name))
    wanted = owner_settings_or_404().preview(name, OPTIONS.sent())
    tuning.try_out(wanted)
    return {"trial": OPTIONS.of(wanted)}


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
            "settings": OPTIONS.of(owner_settings_or_404().current(name))}


def end_trial(name: str) -> None:
    """End the trial of camera *name*, if it can have one."""
    if tuning := get_services().feed(name).tuning:
        tuning.try_out(None)


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

"""The settings of one camera: its options, name, place in the order, and removal."""

import logging

from flask import Response, request, url_for

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS
from pyimagesearch.settings.option import Option
from pyimagesearch.settings.settings import ALL_OPTIONS

from ..guard import see_other
from ..live import page
from ..services import get_services, owner_settings_or_404
from ..words import gettext as _
from .fields import Field, as_sentence, fields_of
from .overview import bp, run, take_form

log = logging.getLogger(__name__)

OWN_PAGES = frozenset({"mask", "zones", "count_blinking", "armed_hours", "armed_home",
                       "alerts", "alert_kinds", "alert_only", "alert_hours"})
GROUPS = ("cameras", "detection", "recording")
UP, DOWN = "up", "down"


@bp.get("/settings/cameras/<name>")
def camera(name: str) -> str:
    """Show the settings of a camera."""
    return camera_page(name, camera_fields(name))


@bp.post("/settings/cameras/<name>")
def save_camera(name: str) -> Response:
    """Take the form of a camera."""
    take_form(name, camera_fields(name),
              lambda fields, error: camera_page(name, fields, error))
    return see_other(url_for("settings.camera", name=name, saved=1))


@bp.post("/settings/cameras/<name>/rename")
def rename_camera(name: str) -> Response:
    """Give a camera another name; its events keep the old one."""
    new = request.form.get("name", "").strip()
    file = owner_settings_or_404().file
    try:
        run(lambda: file.rename(name, new), f"{name} renamed to {new}")
    except SettingsError as error:
        return Response(camera_page(name, camera_fields(name), "",
                                    name_error=as_sentence(error)), status=400)
    return see_other(url_for("settings.camera", name=new, saved=1))


@bp.post("/settings/cameras/<name>/move")
def move_camera(name: str) -> Response:
    """Move a camera up or down in the order."""
    get_services().feed(name)
    file = owner_settings_or_404().file
    names = [each.name for each in file.settings.cameras()]
    at = names.index(name)
    to = at + (1 if request.form.get("to") == DOWN else -1)
    if 0 <= to < len(names):
        names[at], names[to] = names[to], names[at]
        run(lambda: file.reorder(names), "cameras reordered")
    return see_other(url_for("settings.index", _anchor="cameras"))


@bp.post("/settings/cameras/<name>/remove")
def remove_camera(name: str) -> Response:
    """Remove a camera; its events and clips stay."""
    get_services().feed(name)
    file = owner_settings_or_404().file
    run(lambda: file.remove(name), f"{name} removed")
    return see_other(url_for("settings.index"))


def camera_page(name: str, fields: list[Field], error: str = "", name_error: str = ""
                ) -> str:
    """Return the page of camera *name*; *error* or *name_error* say what is wrong."""
    groups = {_("Picture"): "cameras", _("Motion"): "detection",
              _("Recording"): "recording"}
    sections = [(title, [field for field in fields if field.option.group == group])
                for title, group in groups.items()]
    services = get_services()
    return page("settings/camera.html", name=name, sections=sections, error=error,
                name_error=name_error, saved="saved" in request.args,
                is_alone=len(services.feeds) == 1,
                is_tunable=services.feed(name).tuning is not None)


def camera_fields(name: str) -> list[Field]:
    """Return the fields of camera *name*, or abort (404)."""
    get_services().feed(name)
    file = owner_settings_or_404().file
    current = next(each for each in file.settings.cameras() if each.name == name)
    return fields_of(camera_options(), current, file.settings, file.fixed(name))


def camera_options() -> list[Option]:
    """Return the options of a camera that have no page of their own."""
    return [ALL_OPTIONS["source"], *(
        option for option in CAMERA_OPTIONS.values()
        if option.group in GROUPS and option.name not in OWN_PAGES)]

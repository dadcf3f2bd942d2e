"""The first page of the settings, and those of the server by subject."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.camera_settings import CAMERA_OPTIONS
from pyimagesearch.settings.option import Option
from pyimagesearch.settings.settings import ALL_OPTIONS, needs_restart

from ..live import page
from ..params import requester
from ..services import get_services, owner_settings_or_404
from ..words import gettext as _
from .fields import Field, as_entered, as_sentence, entered, fields_of

log = logging.getLogger(__name__)
bp = Blueprint("settings", __name__)

SUBJECTS = {        # of the server: its groups of options
    "recording": ("storage",), "alerts": ("alerts",), "server": ("server", "access"),
    "objects": ("detection",)}
NOT_SHOWN = frozenset({"config", "source", "data", "config_dir", "alert_command"})


def titles() -> dict[str, str]:
    """Return the titles of the subjects, for the reader."""
    return {"recording": _("Recordings"), "alerts": _("Channels of alerts"),
            "server": _("Server"), "objects": _("Objects")}


@bp.get("/settings")
def index() -> str:
    """List the cameras, and the subjects of settings."""
    services, file = get_services(), owner_settings_or_404().file
    cameras = [(each, services.feeds[each.name].status()
                if each.name in services.feeds else None)
               for each in file.settings.cameras()]
    return page("settings/index.html", cameras=cameras, titles=titles(),
                cameras_fixed=file.settings.fixed.get("source", ""), path=file.path)


@bp.get("/settings/of/<subject>")
def subject(subject: str) -> str:
    """Show the settings of the server on one subject."""
    return subject_page(subject, subject_fields(subject))


@bp.post("/settings/of/<subject>")
def save_subject(subject: str) -> AnyResponse:
    """Take the form of one subject."""
    values = take_form(None, subject_fields(subject),
                       lambda fields, error: subject_page(subject, fields, error))
    saved = "restart" if any(map(needs_restart, values)) else "now"
    return redirect(url_for("settings.subject", subject=subject, saved=saved), 303)


def subject_page(subject: str, fields: list[Field], error: str = "") -> str:
    """Return the page of *subject*, where *error* may be wrong."""
    return page("settings/subject.html", subject=subject, title=titles()[subject],
                fields=fields, error=error, saved=request.args.get("saved", ""))


def subject_fields(subject: str) -> list[Field]:
    """Return the fields of *subject*, or abort (404)."""
    if subject not in SUBJECTS:
        abort(404, f"There are no settings of {subject!r}.")
    file = owner_settings_or_404().file
    return fields_of(subject_options(subject), file.settings,
                     file.preview(None, dict.fromkeys(own_options(subject))),
                     file.fixed(None))


def own_options(subject: str) -> list[str]:
    """Return the options of *subject* that the settings file has."""
    written = owner_settings_or_404().file.written(None)
    return [option.name for option in subject_options(subject)
            if option.name in written]


def subject_options(subject: str) -> list[Option]:
    """Return the options of the server that belong to *subject*."""
    return [option for name, option in ALL_OPTIONS.items()
            if option.group in SUBJECTS[subject] and name not in CAMERA_OPTIONS
            and name not in NOT_SHOWN]


def take_form(camera: str | None, fields: list[Field],
              show: Callable[[list[Field], str], str]) -> dict[str, Any]:
    """
    Put the form of *camera*, or of the server, in force; return what was changed.

    Otherwise aborts (400) with the page that *show* makes of the *fields* as they were
    entered, and of the sentence about what is wrong. Raises :exc:`FolderError` if it
    is in force, but not saved.
    """
    file, values = owner_settings_or_404().file, entered(request.form, fields)
    try:
        if values:
            run(lambda: file.change(camera, values),
                f"settings of {camera or 'the server'} changed")
    except SettingsError as error:
        sentence = as_sentence(error)
        shown = as_entered(fields, request.form, error.option, sentence)
        abort(Response(show(shown, sentence), status=400))
    return values


def run(work: Callable[[], object], words: str) -> None:
    """Do the blocking *work*, which *words* describe in the log."""
    get_services().pools.changes.run(work)
    log.info("%s by %s", words, requester())

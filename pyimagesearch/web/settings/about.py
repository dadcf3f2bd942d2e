"""About this server: version, addresses, disk, backup and the last lines of the log."""

import json

from flask import Response, request, url_for

from pyimagesearch import __version__
from pyimagesearch.errors import SettingsError

from ..backup import restore_backup
from ..guard import see_other
from ..live import page
from ..services import get_services, owner_settings_or_404
from .fields import as_sentence
from .overview import bp, run


@bp.get("/settings/about")
def about() -> str:
    """Show what an owner needs to report a problem, and the backup."""
    return about_page()


@bp.post("/settings/restore")
def restore() -> Response:
    """Put the backup in force whose text is in the form."""
    services, file = get_services(), owner_settings_or_404().file
    try:
        backup = parse_backup(request.form.get("backup", ""))
        run(lambda: restore_backup(backup, file, services.privacy), "backup restored")
    except SettingsError as error:
        return Response(about_page(as_sentence(error)), status=400)
    return see_other(url_for("settings.about", restored=1, _anchor="backup"))


def parse_backup(text: str) -> dict[str, object]:
    """Return the content of a backup; raises :exc:`SettingsError`."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SettingsError("this file is no backup of webstreaming")
    return found


def about_page(error: str = "") -> str:
    """Return the page, with the *error* of a backup."""
    services = get_services()
    return page("settings/about.html", version=__version__, error=error,
                restored="restored" in request.args,
                path=owner_settings_or_404().file.path,
                url=services.alerts.sources.url if services.alerts else "",
                lines=services.log_tail.lines() if services.log_tail else [])

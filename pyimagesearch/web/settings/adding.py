"""Add a camera: those that are found, or any source, tried before it is added."""

import secrets
from typing import NamedTuple

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from pyimagesearch.errors import CameraLost, SettingsError
from pyimagesearch.found_cameras import FoundCamera, TriedCamera

from ..live import page
from ..services import get_services, or_404, owner_settings_or_404
from .camera_form import run
from .fields import as_sentence
from .overview import bp

NO_TRIAL = "This server cannot try cameras."
KEPT_PICTURES = 4       # of cameras that were tried


class Entered(NamedTuple):
    """What was entered to add a camera, and what is wrong with it."""

    name: str = ""
    source: str = ""
    errors: dict[str, str] = {}
    picture: str = ""       # the key of the picture that it gave


@bp.get("/settings/add")
def add() -> str:
    """Show the form to add a camera; the cameras around are searched on request."""
    found = search() if "search" in request.args else None
    return add_page(Entered(source=request.args.get("source", ""),
                            name=free_name()), found)


@bp.post("/settings/add")
def try_or_add() -> AnyResponse:
    """Try the camera that was entered, or add it."""
    form = request.form
    name, source = form.get("name", "").strip(), form.get("source", "").strip()
    file = owner_settings_or_404().file
    given = Entered(name, source)
    try:
        if not source:
            raise_for("source", "the address is empty, but must name a camera")
        if form.get("action") == "try":
            tried = try_source(source)
            return Response(add_page(given._replace(picture=keep_picture(tried))))
        is_first = not file.settings.names_cameras
        run(lambda: file.add(name, source, replace_auto=True), f"{name} added")
    except (SettingsError, CameraLost) as error:
        option = getattr(error, "option", "") or "source"
        wrong = given._replace(errors={option: as_sentence(error)})
        return Response(add_page(wrong), status=400)
    view = "settings.welcome" if is_first else "settings.camera"
    return redirect(url_for(view, name=name, saved=1), 303)


@bp.get("/settings/welcome/<name>")
def welcome(name: str) -> str:
    """Show what is left to do after the first camera was added."""
    get_services().feed(name)
    return page("settings/welcome.html", name=name,
                has_password="owner" in get_services().authenticator.credentials(
                    ).passwords)


@bp.get("/settings/add/<key>.jpg")
def tried_picture(key: str) -> Response:
    """Return the picture of a camera that was tried."""
    tried = get_services().tried_cameras.get(key)
    if tried is None:
        abort(404, "There is no such picture any more; try the camera again.")
    return Response(tried.jpeg, mimetype="image/jpeg")


def search() -> list[FoundCamera]:
    """Return the cameras of this machine and its network, except those watched."""
    services = get_services()
    find = or_404(services.find_cameras, "This server cannot search for cameras.")
    watched = {each.source for each in
               owner_settings_or_404().file.settings.cameras()}
    return [each for each in services.pools.alerts.run(find)
            if each.source not in watched]


def try_source(source: str) -> TriedCamera:
    """Return a picture of *source*; raises SettingsError and CameraLost. Blocks."""
    services = get_services()
    attempt = or_404(services.try_source, NO_TRIAL)
    return services.pools.alerts.run(lambda: attempt(source))


def keep_picture(tried: TriedCamera) -> str:
    """Keep the picture of *tried* for the page; return its key."""
    kept, key = get_services().tried_cameras, secrets.token_urlsafe(12)
    while len(kept) >= KEPT_PICTURES:
        kept.pop(next(iter(kept)))
    kept[key] = tried
    return key


def raise_for(option: str, sentence: str) -> None:
    """Raise the :exc:`SettingsError` of *option*."""
    error = SettingsError(sentence)
    error.option = option
    raise error


def free_name() -> str:
    """Return a name that no camera has yet."""
    names = get_services().feeds
    return next(name for name in (f"camera{number}" for number in range(1, 1000))
                if name not in names)


def add_page(given: Entered, found: list[FoundCamera] | None = None) -> str:
    """Return the form with what was *given*, and the cameras that were *found*."""
    tried = get_services().tried_cameras.get(given.picture)
    return page("settings/add.html", given=given, found=found, tried=tried,
                is_first=not owner_settings_or_404().file.settings.names_cameras)

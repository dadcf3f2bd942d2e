"""Add a camera: one that is found, or any source, tried before it is added."""

from typing import NamedTuple

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from pyimagesearch.errors import SettingsError
from pyimagesearch.found_cameras import (
    NETWORK,
    CameraTest,
    FoundCamera,
    FoundStream,
)

from ..live import page
from ..services import camera_search_or_404, get_services, owner_settings_or_404
from .fields import as_sentence
from .overview import bp, run


class Entered(NamedTuple):
    """What was entered to add a camera, and what is wrong with it."""

    name: str = ""
    source: str = ""
    errors: dict[str, str] = {}
    tried: CameraTest | None = None
    streams: tuple[FoundStream, ...] = ()   # of a network camera, to choose from


@bp.get("/settings/add")
def add() -> str:
    """Show the form to add a camera; the cameras around are searched on request."""
    found = None
    if "search" in request.args:
        search = camera_search_or_404()
        found = get_services().pools.tests.run(search.discover)
    return add_page(Entered(source=request.args.get("source", ""),
                            name=free_name()), found)


@bp.post("/settings/add")
def try_or_add() -> AnyResponse:
    """Try the camera that was entered, or add it."""
    form = request.form
    given = Entered(form.get("name", "").strip(), form.get("source", "").strip())
    file = owner_settings_or_404().file
    try:
        if not given.source:
            raise wrong("source", "the address is empty, but must name a camera")
        if form.get("action") == "choose":
            return Response(add_page(given))
        if form.get("action") == "try":
            return Response(add_page(given._replace(tried=try_out(given.source))))
        is_first = not file.settings.names_cameras
        run(lambda: file.add(given.name, given.source, replace_auto=True),
            f"{given.name} added")
    except SettingsError as error:
        return refused(given, error)
    view = "settings.welcome" if is_first else "settings.camera"
    return redirect(url_for(view, name=given.name, saved=1), 303)


@bp.post("/settings/add/login")
def log_in() -> Response:
    """Ask a network camera for its streams by the login that was entered."""
    form, search = request.form, camera_search_or_404()
    address, user, password = (
        form.get(name, "") for name in ("address", "user", "password"))
    given = Entered(free_name())
    try:
        camera = get_services().pools.tests.run(
            lambda: search.streams(address.strip(), user, password))
        if not camera.source:
            raise wrong("login", camera.problem or f"the camera at {address} names no "
                        "stream; enter its user and password")
    except SettingsError as error:
        return refused(given, error, [FoundCamera(
            NETWORK, form.get("found", ""), address, needs_login=True)])
    return Response(add_page(given._replace(source=camera.source,
                                            streams=camera.streams)))


@bp.get("/settings/welcome/<name>")
def welcome(name: str) -> str:
    """Show what is left to do after the first camera was added."""
    get_services().feed(name)
    return page("settings/welcome.html", name=name,
                has_password="owner" in get_services().authenticator.credentials(
                    ).passwords)


def try_out(source: str) -> CameraTest:
    """Return how a test of *source* came out; SettingsError if without a picture."""
    search = camera_search_or_404()
    tried = get_services().pools.tests.run(lambda: search.test(source))
    if not tried.picture:
        raise wrong("source", "; ".join(tried.problems))
    return tried


def refused(given: Entered, error: SettingsError,
            found: list[FoundCamera] | None = None) -> Response:
    """Return the form with the *error* at its field."""
    errors = {error.option or "source": as_sentence(error)}
    return Response(add_page(given._replace(errors=errors), found), status=400)


def wrong(option: str, sentence: str) -> SettingsError:
    """Return the error of *option*."""
    error = SettingsError(sentence)
    error.option = option
    return error


def free_name() -> str:
    """Return a name that no camera has yet."""
    names = get_services().feeds
    return next(name for name in (f"camera{number}" for number in range(1, 1000))
                if name not in names)


def add_page(given: Entered, found: list[FoundCamera] | None = None) -> str:
    """Return the form with what was *given*, and the cameras that were *found*."""
    return page("settings/add.html", given=given, found=found,
                is_first=not owner_settings_or_404().file.settings.names_cameras)

"""Find cameras that could be added, and test whether a source works."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, url_for

from pyimagesearch.web.params import body
from pyimagesearch.web.services import camera_search_or_404, get_services

from .settings_api import text

bp = Blueprint("discover", __name__)

Json = dict[str, Any]


@bp.get("/api/discover")
def cameras() -> Json:
    """Return the cameras that are plugged in, or answer in the network."""
    search = camera_search_or_404()
    found = get_services().pools.tests.run(search.discover)
    return {"cameras": [asdict(each) for each in found]}


@bp.post("/api/discover/streams")
def streams() -> Json:
    """Ask a network camera for its streams; their sources contain the login."""
    search, fields = camera_search_or_404(), body()
    address, user, password = (
        text(name, fields) for name in ("address", "user", "password"))
    return asdict(get_services().pools.tests.run(
        lambda: search.streams(address, user, password)))


@bp.post("/api/discover/test")
def test() -> Json:
    """Open a camera, and watch it for a moment."""
    search, source = camera_search_or_404(), text("source", body())
    result = get_services().pools.tests.run(lambda: search.test(source))
    url = url_for("discover.picture", key=result.picture) if result.picture else None
    return {**asdict(result), "picture": url}


@bp.get("/camera_test/<key>.jpg")
def picture(key: str) -> Response:
    """Return a picture of a camera that was tested."""
    jpeg = camera_search_or_404().picture(key)
    if jpeg is None:
        abort(404, "This picture is not kept any more; test the camera again.")
    return Response(jpeg, mimetype="image/jpeg")

"""Small pictures of events for lists, which browsers keep."""

from flask import Response, url_for

from pyimagesearch.errors import BadPicture
from pyimagesearch.events.event import BROKEN, Event, KeptFile
from pyimagesearch.jpeg import LazyJpeg, jpeg_size
from pyimagesearch.web.services import archive_or_404, get_services

from .files import abort_unavailable, bp, flat_name, open_file
from .filters import UNAVAILABLE

PREVIEW_WIDTH = 320         # pixels; a smaller picture keeps its own
PREVIEW_QUALITY = 75        # of the JPEG
KEPT_BY_BROWSERS = "private, max-age=31536000, immutable"   # a year


@bp.get("/events/<int:id>/preview-<version>.jpg")
def preview(id: int, version: str) -> Response:
    """
    Send the picture that shows an event best, at most 320 pixels wide.

    It is kept by browsers unless *version* is that of another picture: while an event
    lasts, a better one may take its place.
    """
    archive, pool = archive_or_404(), get_services().pools.files

    def load() -> tuple[KeptFile, bytes]:
        kept, file, _ = open_file(archive, id, lambda event: event.picture)
        with file:
            return kept, shrunk(file.read())

    try:
        kept, jpeg = pool.run(load)
    except BadPicture:
        abort_unavailable(BROKEN)
    response = Response(jpeg, mimetype="image/jpeg", headers={
        "Content-Disposition": f'inline; filename="{flat_name(kept.path)}"'})
    if version == version_of(kept):
        response.headers["Cache-Control"] = KEPT_BY_BROWSERS
    return response


def shrunk(jpeg: bytes) -> bytes:
    """Return *jpeg* in the width of a preview; raises :exc:`BadPicture`."""
    width, height = given = jpeg_size(jpeg)
    if width <= PREVIEW_WIDTH:
        return jpeg
    size = PREVIEW_WIDTH, max(1, round(PREVIEW_WIDTH * height / width))
    return LazyJpeg(jpeg, size, quality=PREVIEW_QUALITY, given=given).bytes()


def preview_url(event: Event) -> str:
    """Return the address of the small picture of *event*; empty if there is none."""
    kept = event.picture
    if kept is None or kept.state in UNAVAILABLE:
        return ""
    return url_for("files.preview", id=event.id, version=version_of(kept))


def version_of(kept: KeptFile) -> str:
    """Return what distinguishes a picture from others of the same event."""
    return picture_version(kept.begin, kept.bytes)


def picture_version(begin: float, size: int) -> str:
    """Return the version of a picture taken at *begin*, of *size* bytes."""
    return f"{round(1000 * begin):x}-{size:x}"

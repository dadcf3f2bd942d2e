"""What the server sends beside JSON: streams, pictures, clips and exports."""

from pyimagesearch.streaming.message_log import EVENT_STREAM
from pyimagesearch.streaming.mjpeg import MIMETYPE
from pyimagesearch.streaming.variants import CHOICES
from pyimagesearch.streaming.video_stream import VIDEO_MIMETYPE

from . import schemas
from .operation import Operation
from .schemas import Schema, body_with, described, list_of, or_empty

JPEG_TYPE, ZIP_TYPE = "image/jpeg", "application/zip"
BINARY = {"type": "string", "format": "binary"}
STREAM = described(BINARY, "endless: a JPEG in each part, with its time of capture in "
                   "X-Timestamp")
VARIANT: dict[str, Schema] = {
    name: or_empty({"enum": [*values]}) for name, values in CHOICES.items()}
VIEWER = {"viewer": described(
    schemas.TEXT, "a random name, by which /api/streams/NAME counts what is sent"),
    "key": described(schemas.TEXT, "a stream key, in place of a login")}
VIDEO_QUERY: dict[str, Schema] = {
    **VIEWER, "rate": {"enum": ["low", "high"]},
    "from": described({"const": "camera"}, "the own video of an rtsp:// camera")}
VIEW = {"view": described(schemas.TEXT, "what the detector sees, for owners: boxes, "
                          "mask, difference or background")}
DOWNLOAD = {"download": described(schemas.TEXT, "1: as a file to be saved")}


def stream(path: str, id: str, summary: str, query: dict[str, Schema]) -> Operation:
    """Return the operation of an MJPEG stream at *path*."""
    return Operation(f"get {path}", id, summary, STREAM, (400, 403, 404),
                     query=VARIANT | VIEWER | query, media=MIMETYPE)


def video(path: str, id: str, summary: str) -> Operation:
    """Return the operation of a live H.264 video at *path*."""
    return Operation(f"get {path}", id, summary, described(BINARY, "endless"),
                     (400, 404, 409), query=VIDEO_QUERY, media=VIDEO_MIMETYPE)


def picture(path: str, id: str, summary: str) -> Operation:
    """Return the operation of one JPEG at *path*."""
    return Operation(f"get {path}", id, summary, BINARY, (404, 410), media=JPEG_TYPE)


MEDIA_OPERATIONS = (
    stream("/video_feed", "first_stream", "Live pictures of the first camera", VIEW),
    stream("/video_feed/{name}", "stream", "Live pictures of a camera", VIEW),
    stream("/mosaic_feed", "mosaic_stream", "Live pictures of all cameras in one", {}),
    stream("/cameras_feed", "cameras_stream", "Live pictures of all cameras, each by "
           "itself, with its name in X-Camera", {"camera": described(
               list_of(schemas.TEXT), "cameras to send; default: all")}),
    Operation("get /api/stream", "messages", "Server-sent events: states of cameras "
              "and mode, events, new settings as they happen; Last-Event-ID resumes",
              described(schemas.TEXT, "endless; each message has JSON as its data: "
                        "camera, mode, event, settings, reset"), (),
              media=EVENT_STREAM),
    video("/live.mp4", "first_video", "Live video (H.264) of the first camera"),
    video("/live/{name}.mp4", "video", "Live video (H.264) of a camera, or of the "
          "mosaic"),
    picture("/snapshot.jpg", "first_snapshot", "New picture of the first camera"),
    picture("/snapshot/{name}.jpg", "snapshot", "New picture of a camera"),
    Operation("get /events/{id}/clip.mp4", "clip", "First clip of an event, or a range "
              "of it", BINARY, (404, 410), query=DOWNLOAD, media="video/mp4"),
    Operation("get /events/{id}/clip-{part}.mp4", "clip_part", "Another clip of an "
              "event", BINARY, (404, 410), query=DOWNLOAD, media="video/mp4"),
    picture("/events/{id}/still.jpg", "still", "First still of an event"),
    picture("/events/{id}/still-{number}.jpg", "still_number", "Another still of an "
            "event"),
    picture("/events/{id}/thumbnail.jpg", "thumbnail", "Picture that shows an event "
            "best"),
    picture("/events/{id}/preview-{version}.jpg", "preview", "The same, at most 320 "
            "pixels wide; its address is in the event"),
    Operation("post /events/export", "export", "ZIP file with clips, stills and a list "
              "of events", BINARY, body=body_with(ids=schemas.IDS),
              body_media="application/x-www-form-urlencoded", media=ZIP_TYPE),
)

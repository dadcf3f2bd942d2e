"""GStreamer as a viewer with a login: gstreamer_viewer.py URL USER PASSWORD."""

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PICTURES = 5

Gst.init(None)
url, user, password = sys.argv[1:]
pipeline = Gst.parse_launch(
    f"souphttpsrc location={url} user-id={user} user-pw={password} ! multipartdemux "
    f"! jpegparse ! fakesink num-buffers={PICTURES}")
pipeline.set_state(Gst.State.PLAYING)
end = pipeline.get_bus().timed_pop_filtered(
    60 * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
pipeline.set_state(Gst.State.NULL)
if not end or end.type == Gst.MessageType.ERROR:
    sys.exit(end and end.parse_error().debug)
print(f"{PICTURES} pictures")

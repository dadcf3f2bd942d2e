"""
An RTSP camera whose frames carry the time at which they were made.

    /usr/bin/python3 marked_rtsp_camera.py PORT

H.264, 1280x720 at 25 fps. The time, milliseconds modulo 2^20, is drawn in the upper
left corner as 20 black or white squares of 32 pixels. Runs with the system's Python and
GStreamer's own RTSP server, without NumPy.
"""

import sys
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

WIDTH, HEIGHT, FPS, BITS, SQUARE = 1280, 720, 25, 20, 32
REST = (bytes(range(64, 192)) * (WIDTH // 128) * (HEIGHT - SQUARE)
        + b"\x80" * (WIDTH * HEIGHT // 2))


def picture():
    """Return one I420 frame, marked with the present time."""
    now = int(time.time() * 1000) % (1 << BITS)
    row = b"".join((b"\xeb" if now >> bit & 1 else b"\x10") * SQUARE
                   for bit in range(BITS))
    return (row + b"\x80" * (WIDTH - len(row))) * SQUARE + REST


def configure(factory, media):
    source = media.get_element().get_child_by_name("source")
    state = {"number": 0}

    def push():
        buffer = Gst.Buffer.new_wrapped(picture())
        buffer.pts = buffer.dts = state["number"] * Gst.SECOND // FPS
        buffer.duration = Gst.SECOND // FPS
        state["number"] += 1
        return source.emit("push-buffer", buffer) == Gst.FlowReturn.OK

    GLib.timeout_add(1000 // FPS, push)


Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    "( appsrc name=source is-live=true format=time do-timestamp=false "
    f"caps=video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=3000 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )")
factory.set_shared(True)
factory.connect("media-configure", configure)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print(f"rtsp://127.0.0.1:{sys.argv[1]}/cam", flush=True)
GLib.MainLoop().run()

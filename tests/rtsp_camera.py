"""
An RTSP camera: GStreamer's own server; run with the system's Python.

    /usr/bin/python3 rtsp_camera.py PORT [WIDTH HEIGHT FPS]

Prints "ready" once it listens on rtsp://127.0.0.1:PORT/cam.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
port = sys.argv[1]
width, height, fps = sys.argv[2:5] if len(sys.argv) > 4 else ("640", "480", "15")
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(port)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( videotestsrc is-live=true pattern=ball ! video/x-raw,width={width},"
    f"height={height},framerate={fps}/1 ! x264enc tune=zerolatency "
    f"speed-preset=ultrafast key-int-max={fps} bitrate=2000 "
    "! rtph264pay name=pay0 pt=96 )")
factory.set_shared(True)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()

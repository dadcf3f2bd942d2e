"""RTSP cameras, and those whose URLs FFmpeg opens itself: RTMP, SRT, UDP and RTP."""

import threading
from urllib.parse import urlsplit

from pyimagesearch.clock import Clock
from pyimagesearch.errors import CameraLost

from .ffmpeg import SCHEMES, OwnInput, explain, open_relayed, open_url
from .ffmpeg_source import FfmpegSource, open_source
from .rtsp_client import NotOffered, Redirected, Refused, RtspDialog
from .rtsp_relay import RtspRelay
from .rtsp_transport import TRANSPORTS, Receiver, Transport
from .source import CaptureRequest, PacketSink
from .url import CameraUrl, redirected

MAX_REDIRECTS = 3


def open_rtsp(url: CameraUrl, wanted: CaptureRequest, closing: threading.Event,
              clock: Clock, packets: PacketSink | None = None) -> FfmpegSource:
    """
    Open *url*; *packets* receives its packets.

    Raises :exc:`CameraLost` with the reason, which never holds the password.
    """
    if urlsplit(url.bare).scheme in SCHEMES:
        return open_source(url, lambda: open_url(url), OwnInput(), wanted, closing,
                           clock, packets=packets)
    try:
        relay = start_relay(url, wanted, closing, clock)
    except (OSError, UnicodeError) as error:
        raise CameraLost(f"{url} {explain(error)}") from None
    return open_source(url, lambda: open_relayed(relay.address), relay, wanted, closing,
                       clock, packets=packets)


def start_relay(url: CameraUrl, wanted: CaptureRequest, closing: threading.Event,
                clock: Clock) -> RtspRelay:
    """Return a relay of the camera at *url*, or where that redirects on its host."""
    place = url
    for _ in range(1 + MAX_REDIRECTS):
        try:
            return play(place, wanted, closing, clock)
        except Redirected as redirect:
            place = place._replace(bare=redirected(url, place.bare, str(redirect)))
    raise CameraLost(f"{url} redirects more than {MAX_REDIRECTS} times")


def play(place: CameraUrl, wanted: CaptureRequest, closing: threading.Event,
         clock: Clock) -> RtspRelay:
    """Return a relay of the camera at *place*, by the first transport that works."""
    transports = list(TRANSPORTS[wanted.transport])
    refusal: Refused | None = None
    while transports:
        try:
            return play_by(transports, place, wanted, closing, clock)
        except Refused as error:
            refusal = refusal or error
        except (CameraLost, OSError):
            if refusal is None:
                raise
            break
    assert refusal is not None
    raise refusal


def play_by(transports: list[Transport], place: CameraUrl, wanted: CaptureRequest,
            closing: threading.Event, clock: Clock) -> RtspRelay:
    """Return a relay of the camera at *place*, over one connection."""
    dialog = RtspDialog(place, wanted, closing)
    try:
        dialog.describe()
        return RtspRelay(dialog, set_up(dialog, transports), closing, clock)
    except BaseException:
        dialog.close()
        raise


def set_up(dialog: RtspDialog, transports: list[Transport]) -> Receiver:
    """
    Return how to receive the video, by the first of *transports* that is offered.

    Those that it refused are removed. Raises :exc:`Refused` if none is left, or if the
    next takes another connection, as some cameras end one after a refusal.
    """
    refusal: Refused | None = None
    while transports:
        try:
            return dialog.set_up(transports[0])
        except (Refused, OSError) as error:
            if refusal and not isinstance(error, NotOffered):
                raise refusal from None
            del transports[0]
            if not isinstance(error, NotOffered):
                raise
            refusal = refusal or error
    assert refusal is not None
    raise refusal

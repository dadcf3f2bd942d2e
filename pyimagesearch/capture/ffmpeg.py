"""Open streams with FFmpeg, within bounds, and say in plain words why it cannot."""

import errno
import socket
import ssl
import time
from typing import Any, Protocol
from urllib.parse import urlsplit

import av
import av.container
import av.error

from .limits import MAX_VIDEO_BYTES, MAX_VIDEO_PIXELS
from .nal_units import UNIT_BYTES
from .url import CameraUrl

av.logging.set_level(None)      # its exceptions say enough

TIMEOUT_SECONDS = 5.0       # for opening
# From one look at closing to the next. At its end FFmpeg gives out the frame that it
# held back: by then, a camera that is not slow must have been given up. No whole number
# of seconds, after which the pictures of a slow camera come: one would be cut off.
LOOK_SECONDS = TIMEOUT_SECONDS + 2.3
MAX_UNFRAMED_BYTES = MAX_VIDEO_BYTES + 2**22    # that FFmpeg takes for one packet
UNFRAMED = (f"sent {MAX_UNFRAMED_BYTES / 1e6:.0f} MB, or "
            f"{MAX_UNFRAMED_BYTES // UNIT_BYTES} NAL units, without a complete frame")
MAX_STREAMS = 64            # of one container
# Of live streams; more would delay the first picture. Nothing is decoded meanwhile: of
# streams that it finds late, FFmpeg would decode frames of any number of pixels
NO_DECODER = {"codec_whitelist": "none"}
BRIEF_ANALYSIS = {"analyzeduration": "500000", **NO_DECODER}    # [us]
# What FFmpeg may use for the URLs that it opens itself: protocols, and formats
SCHEMES = {"rtmp": ("rtmp,tcp", "flv,live_flv"), "srt": ("srt", "mpegts"),
           "udp": ("udp", "mpegts,h264,hevc,m4v"), "rtp": ("rtp,udp", "rtp")}
# No playlists and descriptions, which lead to other hosts, and no rare formats
BODY_FORMATS = ("mpegts,mov,matroska,flv,live_flv,avi,asf,ogg,ivf,mpeg,mpegvideo,"
                "h264,hevc,m4v,mjpeg,obu")
UNREACHABLE = "cannot be reached; is the name of the host right?"
NO_VIDEO = "sends no video that FFmpeg understands"


class UnknownFormat(ValueError):
    """FFmpeg takes its input for a format that it may not use."""


MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError,
     "refuses the connection; is the camera on, and the port right?"),
    (ConnectionError, "closed the connection"),
    (TimeoutError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
    (av.error.ExitError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
    (av.error.DecoderNotFoundError, "uses a codec that FFmpeg does not know"),
    (av.error.ProtocolNotFoundError, "uses a protocol that FFmpeg does not know"),
    (av.error.InvalidDataError, NO_VIDEO), (UnknownFormat, NO_VIDEO),
    (av.error.MemoryError, f"sends more than {MAX_STREAMS} streams, or too large ones"),
    (socket.gaierror, UNREACHABLE),
    (UnicodeError, UNREACHABLE),        # no name of a host at all
    (ssl.SSLError, "fails to speak TLS; is the port right?"),
    (EOFError, "ended the stream"))
ERRNO_MEANINGS = {      # of errors by FFmpeg itself
    errno.EIO: "cannot be reached, or sends broken video",
    errno.EINVAL: "sends broken video, or frames of more than "
                  f"{MAX_VIDEO_PIXELS / 1e6:.0f} million pixels"}


class VideoInput(Protocol):
    """
    Where FFmpeg gets its bytes; any thread may use it.

    *trouble* is why they ended, without the URL; empty if the camera just ended them.
    """

    trouble: str

    def on_packet(self) -> None:
        """Allow MAX_UNFRAMED_BYTES more, as FFmpeg made a packet of those before."""

    def close(self) -> None:
        """Release the connection."""


class OwnInput:
    """The input of streams that FFmpeg itself reads from the network."""

    trouble = ""

    def on_packet(self) -> None:
        pass

    def close(self) -> None:
        pass


def open_url(url: CameraUrl) -> av.container.InputContainer:
    """
    Open *url* with one of the SCHEMES; raises :exc:`av.FFmpegError`, which holds it.

    Each of the steps may take TIMEOUT_SECONDS.
    """
    protocols, formats = SCHEMES[urlsplit(url.bare).scheme]
    return open_with(url.with_login, {
        "protocol_whitelist": protocols, "format_whitelist": formats, **BRIEF_ANALYSIS})


def open_body(body: Any) -> av.container.InputContainer:
    """
    Open what the file *body* gives, which cannot seek; raises :exc:`av.FFmpegError`.

    It has no other file or URL opened.
    """
    return open_with(body, {
        "protocol_whitelist": "none", "format_whitelist": BODY_FORMATS,
        **BRIEF_ANALYSIS})


def open_relayed(address: str) -> av.container.InputContainer:
    """Open the RTSP *address* of a relay; raises :exc:`av.FFmpegError`."""
    return open_with(address, {
        "protocol_whitelist": "tcp", "format_whitelist": "rtsp",
        "rtsp_transport": "tcp",
        "allowed_media_types": "video",     # no sound
        "reorder_queue_size": "0",      # the relay sends them in their order
        "probesize": "32",      # one packet; more would only take time
        **NO_DECODER})


def open_with(address: Any, options: dict[str, str]) -> av.container.InputContainer:
    """
    Open *address*, which may hold a login; raises TimeoutError if there is no response.

    A camera that plays, and sent nothing yet, is open: it may be slow. A file in place
    of an address ends its waits itself.
    """
    begin = time.monotonic()
    timeout = (TIMEOUT_SECONDS, LOOK_SECONDS) if isinstance(address, str) else None
    try:
        opened: av.container.InputContainer = av.open(
            address, timeout=timeout, metadata_errors="replace",
            options={"fpsprobesize": "0",       # else it measures the rate for a second
                     "max_streams": str(MAX_STREAMS), **decoder_options(), **options})
        return opened
    except av.error.ArgumentError:
        raise UnknownFormat from None
    except (av.InvalidDataError, PermissionError):  # also if FFmpeg was interrupted
        if time.monotonic() - begin >= TIMEOUT_SECONDS:
            raise TimeoutError from None
        raise


def decoder_options() -> dict[str, str]:
    """Return the options of every decoder: the limit of the pixels of a frame."""
    return {"max_pixels": str(MAX_VIDEO_PIXELS)}


def explain(error: Exception) -> str:
    """Return what FFmpeg's *error* means; its own text holds the URL."""
    for kind, words in MEANINGS:
        if isinstance(error, kind):
            return words
    if isinstance(error, av.FFmpegError) and error.errno in ERRNO_MEANINGS:
        return ERRNO_MEANINGS[error.errno]
    text = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read ({text})"

"""Open streams with FFmpeg, and say in plain words why it cannot."""

import errno
import os
import socket
import ssl
import time
from urllib.parse import urlsplit

import av
import av.container
import av.error

from .certificates import Trust
from .rtsp_relay import start_relay
from .source import CaptureRequest
from .url import CameraUrl

av.logging.set_level(None)      # its exceptions say enough
os.environ.pop("http_proxy", None)  # FFmpeg would reach cameras by it

TIMEOUT_SECONDS = 5.0       # for opening
# From one look at closing to the next. At its end FFmpeg gives out the frame that it
# held back: by then, a camera that is not slow must have been given up. No whole number
# of seconds, after which the pictures of a slow camera come: one would be cut off.
LOOK_SECONDS = TIMEOUT_SECONDS + 2.3
TRANSPORTS = {
    # TCP loses nothing; where it is refused (461), UDP follows, then multicast
    "auto": {"rtsp_transport": "tcp+udp+udp_multicast", "rtsp_flags": "prefer_tcp"},
    "tcp": {"rtsp_transport": "tcp"},
    "udp": {"rtsp_transport": "udp+udp_multicast"}}
# of cameras that refuse TCP in another way than 461, or answer with UDP
OTHER_REFUSALS = (av.error.HTTPBadRequestError, av.error.HTTPOtherClientError,
                  av.error.HTTPServerError, av.error.InvalidDataError)
UNREACHABLE = "cannot be reached; is the name of the host right?"
MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (av.error.HTTPBadRequestError, "does not accept the request; is the path right?"),
    (av.error.HTTPUnauthorizedError, "refuses this user or password"),
    (av.error.HTTPForbiddenError, "forbids this to this user"),
    (av.error.HTTPNotFoundError, "has nothing at this path"),
    (av.error.HTTPClientError, "refuses to play; perhaps it serves only a few viewers, "
     "or only another --rtsp-transport"),
    (av.error.HTTPServerError, "reports an error of its own"),
    (ConnectionRefusedError, "does not answer; is the camera on, and the port right?"),
    (TimeoutError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
    (av.error.ExitError, f"sent nothing for {TIMEOUT_SECONDS:g} seconds"),
    (av.error.DecoderNotFoundError, "uses a codec that FFmpeg does not know"),
    (av.error.ProtocolNotFoundError, "uses a protocol that FFmpeg does not know"),
    (av.error.InvalidDataError, "sends no video that FFmpeg understands"),
    (socket.gaierror, UNREACHABLE),
    (ssl.SSLError, "fails to speak TLS; is the port right?"),
    (EOFError, "ended the stream"))
ERRNO_MEANINGS = {      # of errors by FFmpeg itself
    errno.EIO: UNREACHABLE,
    errno.EPROTONOSUPPORT: "offers no transport that --rtsp-transport allows"}  # 461


def open_container(url: CameraUrl, wanted: CaptureRequest
                   ) -> av.container.InputContainer:
    """
    Open *url*; raises :exc:`av.FFmpegError`, whose text holds the URL, or as a relay.

    Each of the steps may take TIMEOUT_SECONDS.
    """
    if not urlsplit(url.bare).scheme.startswith("rtsp"):
        proxy = wanted.proxy.with_login if wanted.proxy else ""
        return open_with(url.with_login, {"http_proxy": proxy,
                                          **tls_options(wanted.trust)})
    try:
        if url.bare.startswith("rtsps:"):
            relayed = start_relay(url, wanted.trust, TIMEOUT_SECONDS)
            return open_rtsp_stream(relayed, "tcp")
        if wanted.transport == "auto":
            return open_by_any_transport(url)
        return open_rtsp_stream(url, wanted.transport)
    except av.error.HTTPUnauthorizedError:
        if not url.has_login:
            raise
        # FFmpeg knows MD5 only, and not in every spelling
        relayed = start_relay(url, wanted.trust, TIMEOUT_SECONDS, log_in=True)
        return open_rtsp_stream(relayed, "tcp")


def tls_options(trust: Trust) -> dict[str, str]:
    """Return how FFmpeg is to check the certificate of an https camera."""
    authorities = ssl.get_default_verify_paths().cafile
    if not trust.by_authority or authorities is None:
        return {}       # it was checked on the connection before this one
    return {"tls_verify": "1", "ca_file": authorities}


def open_by_any_transport(url: CameraUrl) -> av.container.InputContainer:
    """Open the RTSP *url* by TCP, or by UDP if the camera refuses that somehow."""
    try:
        return open_rtsp_stream(url, "auto")
    except OTHER_REFUSALS as refusal:
        try:
            return open_rtsp_stream(url, "udp")
        except (av.FFmpegError, OSError):
            raise refusal from None


def open_rtsp_stream(url: CameraUrl, transport: str) -> av.container.InputContainer:
    """Open the RTSP *url* by one of the TRANSPORTS."""
    return open_with(url.with_login, TRANSPORTS[transport] | {
        "allowed_media_types": "video",     # no sound
        "probesize": "32"})     # one packet; more would only take time


def open_with(address: str, options: dict[str, str]) -> av.container.InputContainer:
    """
    Open *address*, which may hold a login; raises TimeoutError if there is no response.

    A camera that plays, and sent nothing yet, is open: it may be slow.
    """
    begin = time.monotonic()
    try:
        return av.open(address, timeout=(TIMEOUT_SECONDS, LOOK_SECONDS), options={
            "fpsprobesize": "0", **options})    # else it measures the rate for a second
    except (av.InvalidDataError, PermissionError):  # also if FFmpeg was interrupted
        if time.monotonic() - begin >= TIMEOUT_SECONDS:
            raise TimeoutError from None
        raise


def explain(error: Exception) -> str:
    """Return what FFmpeg's *error* means; its own text holds the URL."""
    for kind, words in MEANINGS:
        if isinstance(error, kind):
            return words
    if isinstance(error, av.FFmpegError) and error.errno in ERRNO_MEANINGS:
        return ERRNO_MEANINGS[error.errno]
    text = getattr(error, "strerror", None) or type(error).__name__
    return f"cannot be read ({text})"

"""Security headers of every response."""

from collections.abc import Iterator, Sequence

from flask import Response, g, request

from .request_origin import origin_of
from .services import get_services

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
    "media-src 'self' blob:", "connect-src 'self'", "manifest-src 'self'",
    "worker-src 'self'", "form-action 'self'", "base-uri 'none'"))
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # not no-referrer: with that, browsers send no Origin with our own forms
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), "
                          "microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def add_headers(response: Response) -> Response:
    """Add the security headers that *response* does not set itself."""
    origins = get_services().frame_origins
    for name, value in (*SECURITY_HEADERS.items(), *frame_headers(origins)):
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")  # pictures of a home
    if is_for_other_sites(response, origins):
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def is_for_other_sites(response: Response, origins: Sequence[str]) -> bool:
    """
    Return whether pages of other sites may load *response*.

    What a stream key opens is made for that. Pictures are for pages of *origins*; the
    header cannot name these, so the request must. For pages it need not: they load
    only in frames, which :func:`frame_headers` decides about.
    """
    client = g.get("client")
    by_key = client is not None and client.by_stream_key
    is_page = bool(origins) and response.mimetype == "text/html"
    return by_key or is_page or origin_of(request.referrer or "") in origins


def frame_headers(origins: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the headers that let only pages of *origins* show a page in a frame."""
    ancestors = " ".join(origins) or "'none'"
    yield "Content-Security-Policy", f"{POLICY}; frame-ancestors {ancestors}"
    if not origins:     # else older browsers decide by this header, which names none
        yield "X-Frame-Options", "DENY"

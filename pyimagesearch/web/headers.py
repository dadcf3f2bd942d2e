"""What every answer tells a browser not to do."""

from flask import Flask, Response, g, request

POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
    "media-src 'self'", "connect-src 'self'", "manifest-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"))
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not no-referrer: with that, browsers do not tell the origin of our own forms
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), "
                          "microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def register(app: Flask) -> None:
    """Have *app* complete each answer."""
    app.after_request(complete)


def complete(response: Response) -> Response:
    """Return *response* with the headers that every answer has."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"  # pictures of a home, and pages
    client = g.get("client")
    if client is not None and client.keyed:   # given away to be shown elsewhere
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response

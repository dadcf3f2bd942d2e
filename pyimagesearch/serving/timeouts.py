"""How long the server waits for its clients."""

from typing import NamedTuple


class Timeouts(NamedTuple):
    """Seconds after which a client that does nothing is disconnected."""

    head: float = 10.0          # for request line and headers, TLS handshake included
    body: float = 10.0          # for the body of a request
    keep_alive: float = 15.0    # for a next request on a kept connection
    send: float = 30.0          # for reading a part of a response
    stalled: float = 30.0       # for reading anything of a live stream

"""A browser that is sent alerts, and what its subscription may be."""

import ipaddress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pyimagesearch.errors import SettingsError

NAT64_NETWORK = ipaddress.IPv6Network("64:ff9b::/96")   # RFC 6052
MAX_ENDPOINT_LENGTH = 1500  # characters; those of Microsoft have about 600


@dataclass(frozen=True)
class PushSubscription:
    """
    A browser that is sent alerts.

    *endpoint* is the URL of its push service, and a secret.
    *p256dh* and *auth* are the keys of the browser. *session* is the id of the session
    in which it subscribed, *role* and *stamp* those of its client (see
    :class:`pyimagesearch.access.roles.Client`); *device* is for people.
    """

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    session: str
    role: str
    stamp: str = field(repr=False)
    device: str

    @property
    def host(self) -> str:
        """The name of the push service."""
        return urlsplit(self.endpoint).hostname or ""


def check_subscription(made: PushSubscription) -> None:
    """Raise :exc:`SettingsError` unless *made* can be the subscription of a browser."""
    from .push_encryption import check_keys  # with cryptography: 7 MB

    check_endpoint(made.endpoint)
    try:
        check_keys(made.p256dh, made.auth)
    except ValueError:
        raise SettingsError("the keys of the subscription must be those that the "
                            "browser made, p256dh and auth") from None


def check_endpoint(url: str) -> None:
    """
    Raise :exc:`SettingsError` unless *url* can be that of a push service.

    The server sends requests there: an address of its own network is none.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").rstrip(".")
    except ValueError:
        port, host = None, ""
    allowed = (len(url) <= MAX_ENDPOINT_LENGTH and url.isascii() and url.isprintable()
               and " " not in url and url.startswith("https://") and "." in host
               and "@" not in parts.netloc and not parts.fragment
               and port in (None, 443) and not is_address_inside(host))
    if not allowed:
        raise SettingsError("the endpoint of the subscription must be the https URL of "
                            "a push service on the internet")


def is_address_inside(host: str) -> bool:
    """Return whether *host* is an IP address that is not on the public internet."""
    try:
        return not is_public(host)
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """
    Return whether an IP *address* is on the public internet.

    Raises :exc:`ValueError` for what is no address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.is_site_local or (found.is_reserved and found not in NAT64_NETWORK):
            return False
        found = inner_address(found) or found
    return found.is_global and not found.is_multicast


def inner_address(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which routers translate *address*, if they do."""
    if address in NAT64_NETWORK:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour


def parse_subscription(values: dict[str, Any]) -> PushSubscription:
    """Return the subscription in *values*, as browsers write it; without its client."""
    keys = values.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    p256dh, auth = keys.get("p256dh"), keys.get("auth")
    endpoint = values.get("endpoint")
    if not (isinstance(endpoint, str) and isinstance(p256dh, str)
            and isinstance(auth, str)):
        raise SettingsError("the subscription must be what the browser made, with "
                            "endpoint and keys")
    return PushSubscription(endpoint, p256dh, auth, "", "", "", "")

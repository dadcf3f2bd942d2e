"""The messages of ONVIF: SOAP envelopes, and the login in them (WS-UsernameToken)."""

import base64
import hashlib
import secrets
import time
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SECURITY = ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
            "wssecurity-secext-1.0.xsd")
UTILITY = ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
           "wssecurity-utility-1.0.xsd")
DIGEST_TYPE = ("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
               "username-token-profile-1.0#PasswordDigest")
NONCE_BYTES = 16
MAX_TEXT_LENGTH = 2048      # of one element, in characters
MAX_NAMESPACE_LENGTH = 200  # characters; each different name of an element repeats it


class BadSoap(Exception):
    """What came is no SOAP, or holds what is not safe to read."""


class BoundedTree(ET.TreeBuilder):
    """Build a tree of elements, and refuse what makes it larger than its text."""

    def doctype(self, *declared: str | None) -> None:
        """Refuse it, in any encoding, before what it defines is read."""
        raise BadSoap("it has a document type")

    def start_ns(self, prefix: str, uri: str) -> None:
        """Refuse a long namespace, before an element in it is read."""
        if len(uri) > MAX_NAMESPACE_LENGTH:
            raise BadSoap("it has a namespace of more than "
                          f"{MAX_NAMESPACE_LENGTH} characters")


def parse_envelope(data: bytes) -> ET.Element:
    """Return the envelope in *data*; raises :exc:`BadSoap`."""
    parser = ET.XMLParser(target=BoundedTree())
    try:
        parser.feed(data)
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:   # of unknown encodings
        raise BadSoap("it is not XML") from error
    if not root.tag.endswith("}Envelope"):
        raise BadSoap("it is no envelope")
    return root


def find(element: ET.Element, name: str) -> ET.Element | None:
    """Return the first *name* below *element*, in whatever namespace."""
    return element.find(f".//{{*}}{name}")


def find_all(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yield each *name* below *element*, in whatever namespace."""
    return element.iterfind(f".//{{*}}{name}")


def text_of(element: ET.Element, name: str) -> str:
    """Return the text of the first *name* below *element*; empty if there is none."""
    return (element.findtext(f".//{{*}}{name}") or "").strip()[:MAX_TEXT_LENGTH]


def number_of(element: ET.Element, name: str) -> int:
    """Return the number in the first *name* below *element*; 0 if there is none."""
    text = text_of(element, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def envelope(body: str, header: str = "") -> bytes:
    """Return a message with *body* and *header*, which are XML."""
    return (f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{SOAP}">'
            f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
            ).encode("utf-8", "replace")


def login_header(user: str, password: str, skew: float) -> str:
    """
    Return the header by which *user* logs in.

    The camera's clock is *skew* seconds ahead of ours: it refuses what was made more
    than a few seconds ago.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + skew))
    digest = hashlib.sha1(
        nonce + created.encode() + password.encode("utf-8", "surrogateescape"),
        usedforsecurity=False).digest()
    return (f'<w:Security s:mustUnderstand="1" xmlns:w="{SECURITY}" '
            f'xmlns:u="{UTILITY}"><w:UsernameToken>'
            f"<w:Username>{escape(user)}</w:Username>"
            f'<w:Password Type="{DIGEST_TYPE}">{encoded(digest)}</w:Password>'
            f"<w:Nonce>{encoded(nonce)}</w:Nonce><u:Created>{created}</u:Created>"
            "</w:UsernameToken></w:Security>")


def encoded(data: bytes) -> str:
    """Return *data* in Base64."""
    return base64.b64encode(data).decode()


def fault_of(root: ET.Element) -> tuple[str, str] | None:
    """Return the codes and the reason of a fault, ``None`` if *root* is none."""
    fault: Any = find(root, "Fault")
    if fault is None:
        return None
    codes = " ".join((each.text or "").strip() for each in find_all(fault, "Value"))
    return codes[:MAX_TEXT_LENGTH], text_of(fault, "Text") or text_of(
        fault, "faultstring")

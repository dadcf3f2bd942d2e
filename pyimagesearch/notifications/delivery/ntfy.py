"""
Publish alerts to a topic of ntfy, whose apps show them on phones.

The end of an event replaces its first message (ntfy 2.16; older servers show a second
one). See https://docs.ntfy.sh/publish/.
"""

import base64
import json
import logging
import re
from urllib.parse import urljoin

from ..alert import BEGIN, DIGEST, DISK, END, TEST, UPDATE, Alert
from .http_receiver import HttpReceiver
from .http_sender import HttpSender, ReceiverRefused

log = logging.getLogger(__name__)

NTFY_SECONDS = 14.0         # for a request; one without the still may follow
MAX_MESSAGE_CHARACTERS = 1000
CHARACTERS_PER_WORD = 10    # of an encoded header, which has at most 75 bytes a word
NO_ATTACHMENTS = 40014      # the server has no room for any: codes of ntfy
STILL_REFUSALS = (NO_ATTACHMENTS, 41301, 42905)     # too large, too many bytes today
PRIORITIES = {BEGIN: "high", UPDATE: "low", END: "low"}     # low: without sound
EMOJIS = {
    DIGEST: "newspaper", TEST: "bell", DISK: "floppy_disk", "login refused": "lock",
    "lost": "no_entry", "returned": "white_check_mark", "unsteady": "warning",
    "covered": "warning", "moved": "warning", "out of focus": "warning"}


class Ntfy:
    """
    The topic of *receiver*; *token* counts unless its URL has a login.

    A server that takes no attachments is sent the text alone.
    """

    takes_updates = True

    def __init__(self, receiver: HttpReceiver, key: str, token: str | None = None,
                 seconds: float = NTFY_SECONDS) -> None:
        self.name = f"ntfy {receiver.name}"
        self.key = key
        self._token = None if receiver.authorization else token
        self._takes_stills = True
        self._sender = HttpSender(receiver, seconds)

    def send(self, alert: Alert) -> None:
        """Publish *alert*; raises :exc:`DeliveryFailed`. Blocks."""
        if alert.still and self._takes_stills:
            try:
                self._publish(alert, alert.still)
            except ReceiverRefused as refused:
                code = error_code(refused.answer.body)
                if code not in STILL_REFUSALS and refused.answer.status != 413:
                    raise
                self._take_refusal(code)
            else:
                return
        self._publish(alert)

    def close(self) -> None:
        """End what :meth:`send` does now."""
        self._sender.close()

    def _take_refusal(self, code: int) -> None:
        if code == NO_ATTACHMENTS:
            log.warning("%s accepts no attachments; alerts are sent without stills",
                        self.name)
            self._takes_stills = False

    def _publish(self, alert: Alert, still: bytes | None = None) -> None:
        text = alert.text[:MAX_MESSAGE_CHARACTERS]
        headers = self._headers(alert)
        if still:
            headers["Message"] = text
            headers["Filename"] = f"{alert.camera or 'still'}-{alert.id}.jpg"
        encoded = {name: encode_header(value) for name, value in headers.items()}
        self._sender.send("PUT", still or text.encode("utf-8", "replace"), encoded)

    def _headers(self, alert: Alert) -> dict[str, str]:
        # X-Priority: proxies understand Priority as that of HTTP
        headers = {"Title": alert.title, "Tags": emoji_of(alert),
                   "X-Priority": PRIORITIES.get(alert.type, "default"),
                   "X-Sequence-ID": alert.tag}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if alert.url:
            headers |= {"Click": alert.url, "Actions": json.dumps(buttons(alert))}
        return headers


def emoji_of(alert: Alert) -> str:
    """Return the short code of the emoji before the title of *alert*."""
    return EMOJIS.get(alert.type) or EMOJIS.get(alert.kind, "movie_camera")


def buttons(alert: Alert) -> list[dict[str, str]]:
    """Return the buttons below *alert*: links, which hold no login."""
    found = {"Open": alert.url}
    if alert.camera and re.search(r"/events/\d+$", alert.url):
        found = {"Show event": alert.url,
                 "Live picture": urljoin(alert.url, f"../camera/{alert.camera}")}
    return [{"action": "view", "label": label, "url": url}
            for label, url in found.items()]


def error_code(body: bytes) -> int:
    """Return ntfy's code of an error from the *body* of its answer; 0 without any."""
    try:
        found = json.loads(body)
    except ValueError:
        return 0
    code = found.get("code") if isinstance(found, dict) else 0
    return code if isinstance(code, int) else 0


def encode_header(text: str) -> str:
    """Return *text* for a header: in the words of RFC 2047, unless it is ASCII."""
    if text.isascii() and text.isprintable():
        return text
    words = (text[at:at + CHARACTERS_PER_WORD].encode("utf-8", "replace")
             for at in range(0, len(text), CHARACTERS_PER_WORD))
    return " ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in words)

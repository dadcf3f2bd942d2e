"""Send requests over HTTP within a deadline, and explain failures in plain words."""

import contextlib
import email.utils
import http.client
import re
import socket
import ssl
import time
from collections.abc import Mapping

from pyimagesearch import __version__

from ..channel import ChannelClosed, DeliveryFailed
from .http_exchange import HttpAnswer, HttpExchange, HttpRequest
from .http_receiver import HttpReceiver

MAX_RETRY_SECONDS = 86_400.0    # that a receiver can ask for
GONE = 410
REFUSAL_STATUSES = (400, 413, 415, 422, 500)    # for what is in one alert, perhaps
STATUS_MEANINGS = {
    400: "does not understand the alert (status 400)",
    401: "requires another login (status 401)",
    403: "forbids this (status 403); check the login",
    404: "has nothing at this path (status 404)",
    405: "takes no alerts at this path (status 405)",
    GONE: "wants no more alerts (status 410)",
    413: "refuses the alert as too large (status 413)",
    429: "receives too many alerts (status 429)"}


class ReceiverRefused(DeliveryFailed):
    """The receiver answered, but with another status than success."""

    def __init__(self, text: str, answer: HttpAnswer) -> None:
        super().__init__(text, retry_after(answer),
                         is_refusal=answer.status in REFUSAL_STATUSES)
        self.answer = answer


class HttpSender:
    """
    Send requests to one *receiver*, each within *seconds* as a whole.

    That includes the lookup of its name, TLS and its answer. Redirects are not
    followed. One thread calls :meth:`send`, any thread :meth:`close`.
    """

    def __init__(self, receiver: HttpReceiver, seconds: float) -> None:
        self._receiver = receiver
        self._seconds = seconds
        self._address = ""      # the one connected to last
        self._exchange: HttpExchange | None = None

    def send(self, method: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        """
        Return the answer with a status of success.

        Raises :exc:`ReceiverRefused` for another one, :exc:`ChannelClosed` for 410, and
        :exc:`DeliveryFailed` if there is no answer. None of them shows a secret.
        """
        if self._exchange and self._exchange.is_looking_up:
            raise DeliveryFailed("the host's name is still being looked up")
        login = self._receiver.authorization
        request = HttpRequest(method, body, {
            "User-Agent": f"webstreaming/{__version__}", "Connection": "close",
            **({"Authorization": login} if login else {}), **headers})
        self._exchange = HttpExchange(self._receiver, request, self._seconds,
                                      self._address)
        answer = self._answer(self._exchange)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer

    def close(self) -> None:
        """End what :meth:`send` does now."""
        exchange = self._exchange
        if exchange:
            exchange.close()

    def _answer(self, exchange: HttpExchange) -> HttpAnswer:
        """Wait for the answer; raises :exc:`DeliveryFailed` if there is none."""
        exchange.start()
        try:
            answer = exchange.result()
        except (OSError, http.client.HTTPException, ValueError) as error:
            text = explain(error)       # not the error: it may quote the URL
        else:
            self._address = exchange.address
            if answer:
                return answer
            text = f"there was no answer within {self._seconds:g} seconds"
        raise DeliveryFailed(text)


def refusal(answer: HttpAnswer) -> DeliveryFailed:
    """Return the error for an *answer* that is no success."""
    if 300 <= answer.status < 400:
        meaning = (f"redirects to another URL (status {answer.status}), which is not "
                   "followed; set the URL that it leads to")
    else:
        meaning = STATUS_MEANINGS.get(answer.status,
                                      f"failed with the status {answer.status}")
    text = f"the receiver {meaning}"
    return (ChannelClosed(text) if answer.status == GONE
            else ReceiverRefused(text, answer))


def retry_after(answer: HttpAnswer) -> float | None:
    """
    Return for how long [s] the receiver wants no further request, if it says so.

    A date is compared with the receiver's own clock where it shows that.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), MAX_RETRY_SECONDS)
    until = seconds_of(text)
    if until is None:
        return None
    now = seconds_of(answer.headers.get("Date", ""))
    return min(max(until - (time.time() if now is None else now), 0.0),
               MAX_RETRY_SECONDS)


def seconds_of(date: str) -> float | None:
    """Return a *date* of HTTP in seconds since the epoch; ``None`` if it is none."""
    with contextlib.suppress(ValueError, OverflowError):
        return email.utils.parsedate_to_datetime(date).timestamp()
    return None


def explain(error: Exception) -> str:
    """Return what the *error* of a connection means."""
    match error:
        case socket.gaierror() | UnicodeError():
            return "there is no host of that name, or no network"
        case ConnectionRefusedError():
            return ("the receiver refuses the connection; check its port, and that it "
                    "runs")
        case ConnectionError() | ssl.SSLEOFError():
            return "the receiver closed the connection without an answer"
        case ssl.SSLCertVerificationError():
            return ("the certificate of the receiver is not trusted "
                    f"({error.verify_message.lower()})")
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST"):
            return "the receiver does not speak TLS; check the port, or use http://"
        case ssl.SSLError():
            return f"TLS failed ({(error.reason or type(error).__name__).lower()})"
        case TimeoutError():
            return "the receiver accepts no connection"
        case OSError(strerror=str(text)) if text:
            return text.lower()
        case OSError() if found := re.search(r"Tunnel connection failed: (\d+)",
                                             str(error)):
            return f"the proxy refuses the connection (status {found[1]})"
        case _:
            return "the answer is not valid HTTP"

"""
Send alerts through Apprise: the program of a child process, beside the server.

It reads requests from stdin and writes answers to stdout, each a line of JSON, until
the end of its input. It imports nothing else of this package, as it starts for each
alert: the time until it sends is the time of its imports.
"""

import base64
import contextlib
import http
import json
import logging
import os
import re
import resource
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

import apprise
from apprise.attachment.memory import AttachMemory
from apprise.manager_plugins import NotificationManager

NICENESS = 5        # below the threads of the cameras
# Apprise reads answers as long as they go on. It takes 40 MB itself, and each thread
# counts with its stack
MAX_MEMORY_BYTES, STACK_BYTES = 256 * 2**20, 2**19
# Apprise's own four seconds are short: an alert that arrived all the same is repeated
RESPONSE_SECONDS = 15.0
PLUGIN_PATTERN = r"(?!base|_)[a-z0-9_]+(\.py)?"
STATUS_PATTERN = re.compile(r"error=([345]\d\d)\b")
EXCEPTION_PREFIX = "Socket Exception:"      # of what Apprise logs
SMTP_PATTERN = re.compile(r"\(([45]\d\d), b['\"]")
SMTP_MEANINGS = {
    "530": " (login required)", "534": " (login refused)", "535": " (login refused)",
    "550": " (address refused)", "552": " (too large)", "553": " (address refused)",
    "554": " (message refused)"}
CONNECTION_TROUBLES = {     # by what the exceptions of a connection hold
    r"timed out": "{} did not respond in time",
    r"refused": "the connection to {} was refused",
    r"STARTTLS": "{} offers no encryption on this port; is it mailto://, without s?",
    r"SMTP AUTH": "{} accepts no login on this port, perhaps only with mailtos://",
    r"WRONG_VERSION": "{} does not speak TLS on this port",
    r"unexpectedly closed": "{} closed the connection; is the port right?",
    r"resol|Name or service|getaddrinfo": "the host of {} cannot be looked up",
    r"CERTIFICATE_VERIFY_FAILED": "the certificate of {} is not trusted",
    r"SSL": "the encryption of the connection to {} failed",
    r"unreachable|No route": "there is no network to {}",
    r"": "the connection to {} failed"}

SENDER_NAME = "Surveillance"


def main() -> None:
    """Answer each request in a thread of its own, as services may be slow."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    limit_memory()
    trust_system()
    apprise.URLBase.socket_read_timeout = RESPONSE_SECONDS
    logging.getLogger("apprise").setLevel(logging.DEBUG)    # explain() reads it
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())    # what a plug-in prints
    writing = threading.Lock()
    for line in sys.stdin:
        threading.Thread(target=answer, args=(json.loads(line), answers, writing),
                         daemon=True).start()
    os._exit(0)     # the thread of a service that hangs is not waited for


def limit_memory() -> None:
    """Bound the memory, so that an endless answer fails and other programs go on."""
    threading.stack_size(STACK_BYTES)
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = MAX_MEMORY_BYTES if most < 0 else min(MAX_MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, most))


def trust_system() -> None:
    """Trust the authorities of the system or of SSL_CERT_FILE, as other channels."""
    paths = ssl.get_default_verify_paths()      # those that exist
    trusted = paths.cafile or paths.capath
    if trusted and (Path(trusted).is_file() or any(Path(trusted).iterdir())):
        os.environ.setdefault("REQUESTS_CA_BUNDLE", trusted)


def answer(request: dict[str, Any], answers: TextIO, writing: threading.Lock) -> None:
    """Carry out *request*, and write the result."""
    result = {"id": request["id"], **attempt(request)}
    with writing, contextlib.suppress(OSError):
        print(json.dumps(result), file=answers, flush=True)


def attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Return *accepted*, whether the URL is one, and *trouble*, empty if sent."""
    try:
        service = find_service(request["url"], make_asset(request["link"]))
        if service is None:
            return {"accepted": False, "trouble": "its URL is not accepted"}
        trouble = "" if request["check"] else deliver(service, request)
    except Exception as error:      # of a plug-in; its text may hold a secret
        return {"accepted": True, "trouble": f"it failed ({type(error).__name__})"}
    return {"accepted": True, "trouble": trouble}


def make_asset(link: str) -> apprise.AppriseAsset:
    """
    Return how alerts with this *link* look: without icons from other servers.

    They are sent to the server of the URL, and to none to which that redirects.
    """
    asset = apprise.AppriseAsset(
        storage_mode="memory", http_redirects=False, language="en",
        app_id=SENDER_NAME, app_desc=SENDER_NAME, image_url_mask="",
        image_url_logo="", pgp_autogen=False, pem_autogen=False, service_timeout=0)
    if link:
        asset.app_url = link
    return asset


def find_service(url: str, asset: apprise.AppriseAsset) -> apprise.NotifyBase | None:
    """
    Return the service that *url* names; ``None`` if it is not valid.

    Apprise itself imports all its 180 plug-ins for that, which takes longer than all
    else here. So those that mention the scheme are tried first.
    """
    scheme = url.partition("://")[0].lower()
    for name in plugins_that_mention(scheme):
        module = __import__(f"apprise.plugins.{name}", fromlist=[name])
        for each in filter(is_service, vars(module).values()):
            if scheme in each.schemas(each):
                return instantiate(each, url, asset)
    return apprise.Apprise.instantiate(url, asset=asset)


def is_service(found: Any) -> bool:
    """Return whether something that a plug-in defines is a class of services."""
    return isinstance(found, type) and issubclass(found, apprise.NotifyBase)


def plugins_that_mention(scheme: str) -> list[str]:
    """Return the names of the modules whose text holds *scheme* in quotes."""
    quoted = re.compile(rb"[\"']" + re.escape(scheme.encode()) + rb"[\"']")
    return [path.stem for path in Path(NotificationManager.module_path).iterdir()
            if re.fullmatch(PLUGIN_PATTERN, path.name)
            and any(quoted.search(each.read_bytes())
                    for each in ([path] if path.is_file() else path.glob("*.py")))]


def instantiate(plugin: Any, url: str, asset: apprise.AppriseAsset
                ) -> apprise.NotifyBase | None:
    """Return the service of *plugin* for *url*; ``None`` if it is not valid."""
    parts = plugin.parse_url(url.replace("/#", "/%23"))     # as Apprise does
    try:
        return plugin(**{**parts, "asset": asset}) if parts else None
    except Exception:       # mostly TypeError, by whatever the plug-in calls it
        return None


def deliver(service: apprise.NotifyBase, request: dict[str, Any]) -> str:
    """Send the alert of *request* once; return why that failed."""
    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    still = AttachMemory(       # type: ignore[no-untyped-call]
        base64.b64decode(request["still"]), name=request["still_name"],
        mimetype="image/jpeg") if request["still"] else None
    # given a timeout, Apprise sends from a small pool, which services that hang fill up
    sending = ThreadPoolExecutor(1).submit(
        sender.notify, request["text"], title=request["title"],
        notify_type=request["level"], body_format=apprise.NotifyFormat.TEXT,
        attach=still, log_level=logging.DEBUG)
    name = str(service.service_name)
    try:
        result = sending.result(request["seconds"])
    except TimeoutError:
        return f"{name} did not respond in time"
    return "" if result else explain(name, result)


def explain(service: str, result: Any) -> str:
    """
    Return why *service* did not take an alert.

    Of what Apprise logs, only numbers and facts are repeated: the rest may quote the
    URL, or what the service answered.
    """
    logged = [entry.message for entry in result.logs()]
    exceptions = " ".join(each for each in logged if each.startswith(EXCEPTION_PREFIX))
    if status := STATUS_PATTERN.search(" ".join(logged)):
        return f"{service} answered {status[1]}{phrase_of(int(status[1]))}"
    if reply := SMTP_PATTERN.search(exceptions):
        return f"{service} answered {reply[1]}{SMTP_MEANINGS.get(reply[1], '')}"
    if not exceptions:
        return f"{service} did not accept it"
    return next(text.format(service) for pattern, text in CONNECTION_TROUBLES.items()
                if re.search(pattern, exceptions))


def phrase_of(status: int) -> str:
    """Return the meaning of an HTTP *status*, in brackets."""
    try:
        return f" ({http.HTTPStatus(status).phrase})"
    except ValueError:
        return ""


if __name__ == "__main__":
    main()

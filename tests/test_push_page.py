"""
Alerts in a browser: Chromium with its service worker, the program, and a push service.

Chromium registers with a service of its maker, which no test can reach: its call is
answered with a subscription of the push service, and what this received and decrypted
is delivered to the service worker by the protocol of the developer tools.
"""

import contextlib
import json
import urllib.request

import pytest
import websocket

from chromium import Chromium, go
from harness import DEADLINE, eventually, needs
from product import Product
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions
from test_live_page import console_errors, text

SUBSCRIBED = """
    const made = () => localStorage.made ? { ...JSON.parse(localStorage.made),
      toJSON: () => JSON.parse(localStorage.made),
      unsubscribe: async () => { localStorage.removeItem("made"); return true; } } : null;
    PushManager.prototype.getSubscription = async () => made();
    PushManager.prototype.subscribe = async ({ applicationServerKey, userVisibleOnly }) => {
      if (!userVisibleOnly || applicationServerKey.length !== 65) throw new TypeError();
      localStorage.made = `SUBSCRIPTION`;
      return made(); };
"""
RECORD = """
    self.shown = [];        // getNotifications() forgets what is not on the screen yet
    const original = registration.showNotification.bind(registration);
    registration.showNotification = async (title, options) => {
      await original(title, options);
      self.shown.push({ title, ...options }); };
"""


@pytest.fixture(scope="module")
def full_chromium():
    """The headless shell shows no notifications."""
    with contextlib.closing(Chromium(needs("chromium", "chromium"),
                                     needs("chromedriver", "chromium-driver"),
                                     "--headless=new")) as chromium:
        yield chromium


@pytest.fixture
def page(full_chromium):
    browser = full_chromium.responding()
    browser.get_log("browser")
    yield browser
    go(browser, "about:blank")


@pytest.fixture(scope="module")
def product(push_service):
    with contextlib.closing(Product(
            "--source", "front=demo:320x240", "--frame-count", "4", "--no-auth", "--host", "cam.lan",
            env=push_service.environment)) as product:
        yield product


@pytest.fixture
def subscription(push_service, product, page):
    """What the push service gives to the browser that subscribes on the page."""
    made = push_service.subscribe(json.loads(product.get("/api/push"))["key"])
    script = SUBSCRIBED.replace("SUBSCRIPTION", json.dumps(made))
    number = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    permit(page, product, "granted")
    yield made
    page.execute_cdp_cmd("Storage.clearDataForOrigin", {
        "origin": product.url, "storageTypes": "local_storage"})
    product.send("DELETE", "/api/push", endpoint=made["endpoint"])
    page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", number)


def permit(page, product, setting):
    page.execute_cdp_cmd("Browser.setPermission", {
        "permission": {"name": "notifications"}, "setting": setting, "origin": product.url})


def press(page, wanted):
    button = page.find_element("id", "push-button")
    assert button.text == wanted
    button.click()


def subscriptions(product):
    return PushSubscriptions(ConfigFolder(str(product.config))).all()


def in_service_worker(page, code):
    """Run *code* in the service worker, which the driver cannot reach."""
    address = page.capabilities["goog:chromeOptions"]["debuggerAddress"]
    with urllib.request.urlopen(f"http://{address}/json", timeout=DEADLINE) as answer:
        (worker,) = [each for each in json.load(answer) if each["type"] == "service_worker"]
    with contextlib.closing(websocket.create_connection(
            worker["webSocketDebuggerUrl"], DEADLINE, suppress_origin=True)) as connection:
        connection.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": {
            "expression": code, "awaitPromise": True, "returnByValue": True}}))
        answers = (json.loads(connection.recv()) for _ in range(10))     # and events
        found = next(each["result"] for each in answers if "id" in each)
    assert "exceptionDetails" not in found, found
    return found["result"].get("value")


def test_alert_is_shown_with_its_picture_and_leads_to_its_event(
        push_service, product, page, subscription):
    page.get(f"{product.url}/alerts")
    eventually(lambda: text(page, "#push-words") == "This device gets no alerts.")
    press(page, "Send alerts to this device")
    eventually(lambda: text(page, "#push-words") == "This device gets alerts.")
    eventually(lambda: "web push to Chrome on Linux" in text(page, "#channels"))
    began = eventually(lambda: [each for each in push_service.messages(subscription)
                                if each["path"].startswith("events/") and each["picture"]])[0]
    in_service_worker(page, RECORD)
    page.execute_cdp_cmd("ServiceWorker.enable", {})
    page.execute_cdp_cmd("ServiceWorker.deliverPushMessage", {
        "origin": product.url, "registrationId": "0", "data": json.dumps(began)})
    (shown,) = eventually(lambda: in_service_worker(page, "shown"))
    assert (shown["title"], shown["body"], shown["tag"], shown["silent"]) == (
        began["title"], began["text"], began["tag"], False)
    assert shown["image"].startswith("data:image/jpeg;base64,/9j/")
    in_service_worker(page, f"open({began['path']!r})")     # as a click does
    eventually(lambda: page.current_url == f"{product.url}/{began['path']}")
    assert console_errors(page) == []


def test_push_service_that_does_not_answer_is_reported(product, page, subscription):
    number = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        PushManager.prototype.subscribe = () => new Promise(() => {});
        const timeout = AbortSignal.timeout.bind(AbortSignal);
        AbortSignal.timeout = (ms) => timeout(ms === 30000 ? 500 : ms);"""})
    try:
        page.get(f"{product.url}/alerts")
        press(page, "Send alerts to this device")
        eventually(lambda: text(page, "#push-trouble").startswith(
            "The browser cannot reach its push service"))
        assert text(page, "#push-words") == "This device gets no alerts."
        press(page, "Send alerts to this device")
    finally:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", number)


def test_button_ends_alerts_to_this_device(product, page, subscription):
    page.get(f"{product.url}/alerts")
    press(page, "Send alerts to this device")
    eventually(lambda: text(page, "#push-words") == "This device gets alerts.")
    page.refresh()      # the page renews it
    eventually(lambda: text(page, "#push-words") == "This device gets alerts.")
    press(page, "Stop")
    eventually(lambda: text(page, "#push-words") == "This device gets no alerts.")
    eventually(lambda: "web push" not in text(page, "#channels"))
    assert page.execute_script("return localStorage.made") is None


def test_subscription_that_the_browser_replaces_is_followed(push_service, product, page, subscription):
    page.get(f"{product.url}/alerts")
    press(page, "Send alerts to this device")
    eventually(lambda: text(page, "#push-words") == "This device gets alerts.")
    other = push_service.subscribe(json.loads(product.get("/api/push"))["key"])
    in_service_worker(page, "renew({ oldSubscription: { endpoint: OLD }, newSubscription: { toJSON: () "
                      "=> (NEW) } })".replace("OLD", json.dumps(subscription["endpoint"])).replace(
                          "NEW", json.dumps(other)))
    assert [each.endpoint for each in subscriptions(product)] == [other["endpoint"]]
    product.send("DELETE", "/api/push", endpoint=other["endpoint"])


def test_browser_that_ended_its_subscription_is_forgotten(push_service, product):
    subscription = push_service.subscribe(json.loads(product.get("/api/push"))["key"])
    product.send("POST", "/api/push", **subscription)
    tested = product.send("POST", "/api/alerts/test")["channels"]
    assert [each["trouble"] for each in tested] == [""]
    assert push_service.messages(subscription)[-1]["path"] == ""
    push_service.expire(subscription)
    tested = product.send("POST", "/api/alerts/test")["channels"]
    assert [each["trouble"] for each in tested] == ["the browser has ended its subscription"]
    assert subscriptions(product) == ()
    assert json.loads(product.get("/api/alerts"))["channels"] == []


def test_browser_that_was_logged_out_can_start_again(product, page, subscription):
    page.get(f"{product.url}/alerts")
    page.execute_script("localStorage.made = JSON.stringify(arguments[0])", subscription)
    page.refresh()
    eventually(lambda: text(page, "#push-words") == "This device gets no alerts.")
    assert page.execute_script("return localStorage.made") is None


@pytest.mark.parametrize(("address", "script", "words"), [
    ("http://cam.lan:{port}", "", "This page was not loaded by https. Browsers accept alerts only from a server "
     'whose certificate they trust: "A trusted certificate at home" in docs/alerts.md'),
    ("http://127.0.0.1:{port}", "delete Navigator.prototype.serviceWorker",
     "This browser has no web push, or not in a private window."),
    ("http://127.0.0.1:{port}", "delete window.PushManager; Object.defineProperty(navigator, "
     "'userAgent', { value: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)' })",
     "An iPhone or iPad accepts alerts only from an app: choose Share, then Add to Home Screen"),
    ("http://127.0.0.1:{port}", "Object.defineProperty(Notification, 'permission', { value: 'denied' })",
     "This browser blocks notifications of this site")])
def test_page_says_why_alerts_cannot_come(product, page, address, script, words):
    number = page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        page.get(f"{address.format(port=product.port)}/alerts")
        eventually(lambda: text(page, "#push-words").startswith(words))
        assert not page.find_element("id", "push-button").is_displayed()
    finally:
        page.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", number)


def test_certificate_that_is_not_trusted_is_named(start, page):
    secure = start("--source", "demo:320x240", "--tls", "self-signed", "--no-record")
    page.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
    permit(page, secure, "granted")
    try:
        page.get(f"{secure.url}/alerts")
        eventually(lambda: text(page, "#push-button"))
        press(page, "Send alerts to this device")
        eventually(lambda: text(page, "#push-trouble").startswith(
            "This browser does not trust the certificate of this server"))
    finally:
        page.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": False})



"""The file of browsers that are sent alerts: bounds, sessions, other processes, damage."""

import stat
from dataclasses import replace

import pytest

from browsers import Browser
from pyimagesearch.errors import AccessError, SettingsError
from pyimagesearch.notifications.delivery.push_encryption import public_key
from pyimagesearch.notifications.delivery.push_subscription import (
    check_endpoint,
    is_public,
    parse_subscription,
)
from pyimagesearch.notifications.delivery.push_subscriptions import PushSubscriptions

pytestmark = pytest.mark.usefixtures("no_fsync")

FILE = "web-push.json"
ENDPOINT = "https://push.example.org/send"
KEYS = Browser().subscription["keys"]       # a pair takes time to make


@pytest.fixture
def open_file(config_folder):
    """Return the subscriptions as a server or a command opens them."""
    return lambda: PushSubscriptions(config_folder)


def made(number=1, session="", role="owner"):
    parsed = parse_subscription({"endpoint": f"{ENDPOINT}/{number}", "keys": KEYS})
    return replace(parsed, session=session or f"session {number}", role=role, stamp="stamp",
                   device="Chrome on Android")


def test_subscription_is_kept_in_a_private_file(open_file, config_folder):
    open_file().add(made())
    assert open_file().all() == (made(),)
    assert stat.S_IMODE((config_folder.path / FILE).stat().st_mode) == 0o600
    assert open_file().remove(made().endpoint, "https://other.example.org/") == 1
    assert open_file().all() == ()
    assert open_file().remove(made().endpoint) == 0


def test_key_stays_the_same_for_all_processes(open_file):
    first, second = open_file(), open_file()
    key = first.key()
    assert len(key) == 43
    assert len(public_key(key)) == 87
    first.add(made())
    assert [first.key(), second.key(), open_file().key()] == [key] * 3
    assert key not in repr(first._current)


def test_subscription_holds_no_secret_in_its_text():
    shown = repr(made())
    assert "Chrome on Android" in shown
    for secret in (ENDPOINT, KEYS["p256dh"], KEYS["auth"]):
        assert secret not in shown


def test_new_subscription_replaces_that_of_the_same_browser(open_file):
    kept = open_file()
    for each in (made(1), made(2), made(1, session="after the next login")):
        kept.add(each)
    assert [each.session for each in kept.all()] == ["session 2", "after the next login"]
    kept.add(made(3, session="session 2"))      # a session is of one browser
    assert [each.endpoint[-1] for each in kept.all()] == ["1", "3"]
    kept.add(made(4), replaces=f"{ENDPOINT}/1")     # the browser replaced it by itself
    assert [each.endpoint[-1] for each in kept.all()] == ["3", "4"]


def test_browsers_without_a_session_are_kept_apart(open_file):
    kept = open_file()
    for number in (1, 2):
        kept.add(replace(made(number), session="", stamp=""))
    kept.end_sessions("", "session 1")
    assert len(kept.all()) == 2


def test_renewal_follows_the_session_and_adds_nothing(open_file):
    kept, changes = open_file(), []
    kept.add(made(1))
    assert kept.renew(made(1, session="new"))
    assert [each.session for each in kept.all()] == ["new"]
    assert not kept.renew(made(2))
    assert len(kept.all()) == 1
    version = kept._folder.version(FILE)
    kept.on_change.append(lambda: changes.append(kept.all()))
    assert kept.renew(made(1, session="new"))
    assert kept._folder.version(FILE) == version      # a visit of the page writes nothing
    kept.move_session("new", "newer", "viewer", "stamp of viewers")
    assert [(each.session, each.role, each.stamp) for each in kept.all()] == [
        ("newer", "viewer", "stamp of viewers")]
    kept.move_session("", "newest", "owner", "")
    assert changes[-1] == kept.all()


def test_ended_session_gets_no_more_alerts(open_file):
    kept = open_file()
    for number in (1, 2, 3):
        kept.add(made(number))
    assert kept.end_sessions("session 1", "session 3", "of a browser without push") == 2
    assert [each.session for each in kept.all()] == ["session 2"]
    assert kept.end_sessions("session 1") == 0


def test_viewers_cannot_take_all_places(open_file):
    kept = open_file()
    for number in range(10):
        kept.add(made(number, role="viewer"))
    with pytest.raises(SettingsError, match="10 browsers of viewers get alerts, the maximum"):
        kept.add(made(10, role="viewer"))
    kept.add(made(9, role="viewer", session="another"))
    for number in range(10, 20):
        kept.add(made(number))
    with pytest.raises(SettingsError, match="20 browsers get alerts, the maximum"):
        kept.add(made(20))
    assert len(kept.all()) == 20


def test_changes_of_other_processes_count_at_once(open_file):
    server, command = open_file(), open_file()
    server.add(made(1))
    command.add(made(2))
    assert len(server.all()) == 2
    command.remove(made(1).endpoint)
    server.add(made(3))
    assert [each.endpoint[-1] for each in command.all()] == ["2", "3"]


@pytest.mark.parametrize("content", [
    "", "[]", "{}", '{"key": 5, "subscriptions": []}', '{"key": "", "subscriptions": [5]}',
    '{"key": "", "subscriptions": [{"endpoint": "https://x.example.org"}]}',
    '{"key": "", "subscriptions": ' + "[" * 5000])
def test_damaged_file_is_not_written_over(open_file, config_folder, caplog, content):
    kept = open_file()
    kept.add(made())
    config_folder.keep_secret(FILE, content.encode())
    assert kept.all() == (made(),)      # the last content stays in force
    assert "it is damaged; remove it to start over without web push" in caplog.text
    for change in (lambda: kept.add(made(2)), lambda: kept.remove(made().endpoint)):
        with pytest.raises(AccessError, match="damaged"):
            change()
    with pytest.raises(AccessError, match="damaged"):
        open_file().key()
    assert config_folder.secret(FILE) == content.encode()


def test_folder_that_cannot_be_written_is_an_error(open_file, config_folder):
    config_folder.path.parent.joinpath("config").write_text("a file, not a folder")
    with pytest.raises(AccessError, match=r"web-push\.json cannot be (read|written)"):
        open_file().key()


@pytest.mark.parametrize("url", [
    "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf",
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABkFCv-abc_",
    "https://web.push.apple.com/QGuQyavXutnMH-Z9cYBCXR_yE8Lqs",
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAADrcKlLIj%2bWJHOLFtc%3d",
    "https://push.example.org:443/"])
def test_endpoints_of_push_services_are_taken(url):
    check_endpoint(url)


@pytest.mark.parametrize("url", [
    "", "http://push.example.org/x", "ftp://push.example.org/x", "HTTPS://push.example.org",
    "https://", "https:///x", "https://localhost/x", "https://raspberrypi/x",
    "https://127.0.0.1/x", "https://192.168.1.1/cgi-bin/reboot", "https://10.0.0.1./",
    "https://169.254.169.254/latest/meta-data", "https://[::1]/x", "https://[fe80::1%25eth0]/",
    "https://[::ffff:192.168.1.1]/", "https://224.0.0.1/", "https://100.64.0.1/",
    "https://push.example.org:8443/x", "https://push.example.org:x/", "https://[::1/",
    "https://user:password@push.example.org/", "https://push.example.org/#x",
    "https://push.example.org/a b", "https://push.example.org/\r\nX: 1", "https://pu\u015fh.org/",
    f"https://push.example.org/{'x' * 1500}"])
def test_other_endpoints_are_refused(url):
    with pytest.raises(SettingsError, match="must be the https URL of a push service on"):
        check_endpoint(url)


@pytest.mark.parametrize(("address", "public"), [
    ("142.250.1.95", True), ("2a00:1450:4001::5f", True), ("127.0.0.1", False),
    ("192.168.178.1", False), ("fd00::1", False), ("fe80::1%eth0", False), ("::", False),
    ("::ffff:10.0.0.1", False), ("0.0.0.0", False), ("255.255.255.255", False),
    ("ff02::1", False), ("64:ff9b::8.8.8.8", True), ("64:ff9b::169.254.169.254", False),
    ("64:ff9b:1::8.8.8.8", False), ("2002:a9fe:a9fe::1", False), ("::127.0.0.1", False),
    ("fec0::1", False)])
def test_push_services_have_public_addresses(address, public):
    assert is_public(address) == public


@pytest.mark.parametrize("values", [
    {}, {"endpoint": ENDPOINT}, {"endpoint": ENDPOINT, "keys": "x"},
    {"endpoint": 5, "keys": KEYS}, {"endpoint": ENDPOINT, "keys": {"auth": "x"}},
    {"endpoint": ENDPOINT, "keys": {"auth": None, "p256dh": ""}}])
def test_incomplete_subscription_is_refused(values):
    with pytest.raises(SettingsError, match="what the browser made"):
        parse_subscription(values)


@pytest.mark.parametrize("keys", [
    {"p256dh": ""}, {"p256dh": "AAAA"}, {"p256dh": "B" + "A" * 86}, {"auth": ""},
    {"auth": "AAAA"}, {"auth": KEYS["auth"] + "AAAA"}, {"auth": "\u00e9" * 22},
    {"p256dh": "x"}])
def test_keys_that_no_browser_makes_are_refused(open_file, keys):
    wrong = parse_subscription({"endpoint": ENDPOINT, "keys": {**KEYS, **keys}})
    with pytest.raises(SettingsError, match="keys of the subscription"):
        open_file().add(wrong)

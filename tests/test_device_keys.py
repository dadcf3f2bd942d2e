"""Device keys: made, found, used, revoked; their file, shared and damaged."""

import json
import stat

import pytest

from harness import in_this_thread
from pyimagesearch.access.device_keys import DeviceKeys, with_login
from pyimagesearch.errors import AccessError, SettingsError

pytestmark = pytest.mark.usefixtures("no_fsync")

FILE = "device-keys.json"


@pytest.fixture
def open_keys(config_folder, clock):
    """Return the keys as a server or a command opens them."""
    return lambda: DeviceKeys(config_folder, clock, in_this_thread)


def test_key_is_kept_as_a_hash_in_a_private_file(open_keys, config_folder):
    secret = open_keys().add(" tv ", None)
    assert open_keys().find(secret).name == "tv"
    content = config_folder.secret(FILE)
    assert len(secret) == 32
    assert secret.encode() not in content
    assert stat.S_IMODE((config_folder.path / FILE).stat().st_mode) == 0o600
    for wrong in ("", "x", secret[:-1], secret + "x", secret.swapcase(),
                  json.loads(content)[0]["digest"]):
        assert open_keys().find(wrong) is None


def test_key_lives_until_it_is_revoked_or_its_days_are_over(open_keys, clock):
    keys = open_keys()
    lasting, passing = keys.add("tv", None), keys.add("guest", 2.5)
    clock.now += 2.5 * 86400 - 1
    assert keys.find(passing)
    clock.now += 1
    assert keys.find(passing) is None
    assert [(each.name, keys.has_expired(each)) for each in keys.all()] == [
        ("guest", True), ("tv", False)]
    clock.now += 10_000 * 86400
    assert keys.is_valid(keys.find(lasting).id)
    tv = keys.find(lasting)
    keys.revoke(tv)
    assert not keys.is_valid(tv.id)
    assert open_keys().find(lasting) is None


def test_keys_of_another_process_count_at_once(open_keys):
    server, command = open_keys(), open_keys()
    secret = command.add("tv", None)
    found = server.find(secret)
    server.touch(found, "192.0.2.1")
    command.revoke(command.all()[0])
    assert server.find(secret) is None
    assert not server.is_valid(found.id)
    server.touch(found, "192.0.2.1")        # by a request that was under way
    assert command.all() == server.all() == []


def test_last_use_is_saved_at_first_and_then_once_a_minute(open_keys, config_folder, clock):
    keys = open_keys()
    secret = keys.add("tv", None)
    assert keys.all()[0].used is None
    versions = set()
    for second in range(59):
        keys.touch(keys.find(secret), f"192.0.2.{second}")
        versions.add(config_folder.version(FILE))
        clock.now += 1
    assert len(versions) == 1
    assert keys.all()[0].address == "192.0.2.58"
    assert open_keys().all()[0].address == "192.0.2.0"
    clock.now += 1
    keys.touch(keys.find(secret), "192.0.2.99")
    saved = open_keys().all()[0]
    assert (saved.address, saved.used) == ("192.0.2.99", clock.now)


def test_servers_with_one_folder_keep_the_latest_use(open_keys, clock):
    one, other = open_keys(), open_keys()
    secret = one.add("tv", None)
    one.touch(one.find(secret), "192.0.2.1")
    clock.now += 30
    other.touch(other.find(secret), "192.0.2.2")
    clock.now += 31
    other.add("another", None)
    assert {each.address for each in one.all()} == {"192.0.2.2", ""}


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\nb", "\x1b[2J", "\ud800"])
def test_unsuitable_names_are_refused(open_keys, name):
    with pytest.raises(SettingsError, match=r"the name of the device key is .* 1 to 40 printable"):
        open_keys().add(name, None)


def test_names_are_unique_and_keys_are_bounded(open_keys):
    keys = open_keys()
    for number in range(100):
        keys.add(f"Gerät {number}", None)
    with pytest.raises(SettingsError, match="'Gerät 7' already; choose another name"):
        keys.add("Gerät 7", None)
    with pytest.raises(SettingsError, match="there are 100 device keys, the maximum"):
        keys.add("one more", None)
    keys.revoke(keys.all()[0])
    assert keys.find(keys.add("one more", None))


@pytest.mark.parametrize("content", [
    b"", b"{", b"{}", b"[1]", b"null", b"\xff", b'[{"id": "x"}]', b"[" * 100_000,
    b'[{"id": "a", "name": "x", "digest": "", "since": 0}]',
    b'[{"id": "a", "name": 1, "digest": "' + b"0" * 64 + b'", "since": 0}]',
    b'[{"id": "a", "name": "x", "digest": "' + b"0" * 64 + b'", "since": "never"}]',
    b'[{"id": "a", "name": "x", "digest": "' + b"0" * 64 + b'", "since": NaN}]',
    b'[{"id": "a", "name": "x", "digest": "' + b"0" * 64 + b'", "since": 1e300}]'])
def test_damaged_file_grants_nothing_and_is_kept(open_keys, config_folder, caplog, content):
    secret = open_keys().add("tv", None)
    running = open_keys()
    assert running.find(secret)
    config_folder.keep_secret(FILE, content)
    assert running.find(secret)             # as with passwords, the last ones stay
    started = open_keys()
    assert started.find(secret) is None
    assert "the last keys stay in force" in caplog.text
    assert "until then none is valid" in caplog.text
    with pytest.raises(AccessError, match=r"device-keys\.json cannot be read: it is damaged; "
                       "remove it to start over without device keys"):
        started.add("other", None)
    assert config_folder.secret(FILE) == content
    (config_folder.path / FILE).unlink()
    assert running.find(secret) is None
    assert started.find(started.add("tv", None))


def test_use_in_a_folder_that_cannot_be_written_is_allowed(
        open_keys, config_folder, clock, monkeypatch, caplog):
    secret = open_keys().add("tv", None)
    keys = open_keys()
    monkeypatch.setattr(config_folder, "keep_secret", lambda *_: (_ for _ in ()).throw(
        OSError(30, "Read-only file system")))
    for _ in range(50):
        keys.touch(keys.find(secret), "192.0.2.1")
    assert caplog.text.count("device-keys.json cannot be written: Read-only file system") == 1
    with pytest.raises(AccessError, match="cannot be written: Read-only file system"):
        keys.revoke(keys.all()[0])
    assert keys.find(secret)


def test_addresses_hold_name_and_key():
    assert with_login("https://cam.example.org/cam/video_feed", "Küche 1:@/", "s3cret") == (
        "https://K%C3%BCche%201%3A%40%2F:s3cret@cam.example.org/cam/video_feed")

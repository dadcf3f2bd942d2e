"""Access control without HTTP: throttle, passwords, credentials, sessions, origins."""

import contextlib
import json
import os
import re
import stat
import subprocess
import sys
import threading
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from harness import DEADLINE, ROOT, InBackground, ManualClock, eventually
from product import run_program
from pyimagesearch.access.authenticator import ANONYMOUS, Authenticator, TooManyAttempts
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.login_links import in_journal, login_lines, qr_code
from pyimagesearch.access.login_throttle import LoginThrottle
from pyimagesearch.access.passwords import Busy, PasswordChecker, hash_password
from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.access.sessions import Sessions
from pyimagesearch.access.signing import Signer
from pyimagesearch.addresses import is_loopback, network_of
from pyimagesearch.errors import AccessError
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.web.request_origin import is_own_host, is_same_origin, own_names

OWNER, VIEWER = Role.OWNER, Role.VIEWER
CHANGES = """if True:    # in a process of its own: the password of a role, again and again
    import sys
    from pyimagesearch.folders import ConfigFolder
    from pyimagesearch.access.credentials import CredentialsFile
    from pyimagesearch.access.roles import Role
    file, role = CredentialsFile(ConfigFolder(sys.argv[1])), Role(sys.argv[2])
    for number in range(20):
        file.change(lambda found: found.with_password(role, str(number)))
    """


def at_once(work):
    return work()


@pytest.fixture(autouse=True)
def hasty_disk(monkeypatch):
    """What must outlive a power cut is not waited for."""
    monkeypatch.setattr("os.fsync", lambda number: None)


@pytest.fixture
def folder(tmp_path):
    return ConfigFolder(str(tmp_path / "config"))


@pytest.fixture
def make_authenticator(folder, clock):
    def make(folder=folder, **more):
        refused_logins = RefusedLogins(EventStore(folder.path / "events.db", clock), clock)
        return Authenticator(folder, clock, refused_logins, **{
            "auth": True, "local_only": False, "in_thread": at_once, **more})
    return make


# --- login throttle

NEW_ADDRESSES = [f"198.51.100.{number}" for number in range(8)]
ATTEMPTS = st.lists(st.tuples(
    st.floats(0, 40), st.sampled_from(["owner", "viewer"]),
    st.sampled_from([*NEW_ADDRESSES, "192.168.1.5"]),
    st.sampled_from(["", "", "phone"]), st.booleans()), max_size=120)


def most_in_a_minute(times):
    return max((sum(start <= time < start + 60 for time in times) for start in times),
               default=0)


@given(ATTEMPTS)
def test_ten_wrong_passwords_a_minute_at_most(attempts):
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    throttle.add_known("owner", "192.168.1.5")
    known = {("owner", "192.168.1.5")}
    wrong = defaultdict(list)
    for pause, account, address, device, right in attempts:
        clock.now += pause
        attempt = throttle.admit(account, address, device)
        assert attempt.wait >= 0
        if attempt.wait > 0:
            continue
        if right:
            attempt.discard()
            throttle.add_known(account, address)
            known.add((account, address))
        elif device:
            wrong[device, account].append(clock.now)
        elif (account, address) in known:
            wrong[account, address].append(clock.now)
        else:
            wrong["new addresses", account].append(clock.now)
            wrong["new address", address].append(clock.now)
    for name, times in wrong.items():
        assert most_in_a_minute(times) <= (5 if name[0] == "new address" else 10), name


@given(ATTEMPTS)
def test_new_addresses_never_block_known_clients(attempts):
    clock = ManualClock()
    throttle = LoginThrottle(clock)
    throttle.add_known("owner", "192.168.1.5")
    for pause, account, address, _, _ in attempts:
        clock.now += pause
        if address in NEW_ADDRESSES:
            throttle.admit(account, address)
    assert throttle.admit("owner", "192.168.1.5").wait == 0
    assert throttle.admit("owner", NEW_ADDRESSES[0], "phone").wait == 0


def test_all_known_devices_share_thirty_attempts(clock):
    throttle = LoginThrottle(clock)
    admitted = [throttle.admit("owner", NEW_ADDRESSES[0], f"phone {number % 9}").wait == 0
                for number in range(90)]
    assert sum(admitted) == 30
    assert throttle.admit("viewer", NEW_ADDRESSES[0], "phone 1").wait == 0


def test_one_new_address_leaves_attempts_for_another(clock):
    throttle = LoginThrottle(clock)
    for _ in range(1000):
        throttle.admit("owner", NEW_ADDRESSES[0])
        clock.now += 0.005
    assert throttle.admit("owner", NEW_ADDRESSES[0]).wait > 50
    assert throttle.admit("owner", NEW_ADDRESSES[1]).wait == 0


def test_simultaneous_attempts_count(clock):
    throttle = LoginThrottle(clock)
    admitted = [throttle.admit("owner", NEW_ADDRESSES[0]) for _ in range(20)]
    assert sum(each.wait == 0 for each in admitted) == 5


def test_attempt_is_admitted_after_the_announced_wait(clock):
    throttle = LoginThrottle(clock)
    while (attempt := throttle.admit("owner", NEW_ADDRESSES[0])).wait == 0:
        clock.now += 1
    clock.now += attempt.wait
    assert throttle.admit("owner", NEW_ADDRESSES[0]).wait == 0


def test_right_passwords_do_not_count(clock):
    throttle = LoginThrottle(clock)
    for _ in range(50):
        attempt = throttle.admit("owner", NEW_ADDRESSES[0])
        assert attempt.wait == 0
        attempt.discard()


def test_rejected_attempts_use_no_memory(clock):
    throttle = LoginThrottle(clock)
    for number in range(5000):
        throttle.admit("owner", f"2001:db8:{number:x}::1")
    assert len(throttle._windows) < 20
    clock.now += 61
    throttle.admit("owner", NEW_ADDRESSES[0])
    assert len(throttle._windows) == 2


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")])
def test_network_is_an_ipv4_address_or_an_ipv6_64(address, network):
    assert network_of(address) == network


# --- passwords


def test_password_is_hashed_by_scrypt():
    assert hash_password("long enough").startswith("scrypt:32768:8:1$")


@pytest.mark.parametrize("poor", ["", "1234567", "x" * 1001])
def test_password_of_wrong_length_is_refused(poor):
    with pytest.raises(AccessError, match="must have 8 to 1000; nothing was changed"):
        hash_password(poor)


def test_passwords_are_checked_one_at_a_time(monkeypatch):
    under_way, most, go_on = [0], [0], threading.Event()

    def slow(hashed, password):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        go_on.wait(10)
        under_way[0] -= 1
        return True
    monkeypatch.setattr("pyimagesearch.access.passwords.check_password_hash", slow)
    checker = PasswordChecker(at_once)
    checks = [InBackground(checker.check, VIEWER, "", "") for _ in range(3)]
    eventually(lambda: checker._pending[VIEWER] == 3)
    with pytest.raises(Busy):
        checker.check(VIEWER, "", "")
    checks.append(InBackground(checker.check, OWNER, "", ""))     # not blocked by viewers
    eventually(lambda: checker._pending[OWNER] == 1)
    go_on.set()
    assert all(each.result() for each in checks)
    assert most == [1]
    assert checker.check(VIEWER, "", "")


def test_overlong_password_is_not_hashed():
    def never(work):
        raise AssertionError("was checked")
    assert PasswordChecker(never).check(OWNER, "scrypt:…", "x" * 10_000) is False


# --- credentials


def test_credentials_file_is_private_and_survives(folder):
    file = CredentialsFile(folder)
    assert file.current() is None
    file.save(Credentials.new().with_password(OWNER, "hash"))
    found = CredentialsFile(folder).current()
    assert found == file.current()
    assert stat.S_IMODE((folder.path / "access.json").stat().st_mode) == 0o600
    assert found.role_of(found.tokens[OWNER]) is OWNER
    assert found.role_of(found.tokens[VIEWER]) is VIEWER
    assert found.role_of("") is found.role_of("né") is None


def test_repr_of_credentials_shows_no_secret():
    found = Credentials.new().with_password(OWNER, "scrypt$hash")
    shown = repr(found)
    for secret in (found.key, *found.tokens.values(), "scrypt$hash"):
        assert secret not in shown


def test_change_by_another_process_counts_at_once(folder):
    server, command = CredentialsFile(folder), CredentialsFile(folder)
    command.save(Credentials.new())
    first = server.current()
    command.save(first.renewed())
    second = server.current()
    assert second.key != first.key
    assert second.name == first.name
    assert not set(second.tokens.values()) & set(first.tokens.values())
    assert not set(second.stamps.values()) & set(first.stamps.values())


def test_setting_a_password_restores_no_old_tokens(folder):
    """Another process renewed the tokens while the password was typed."""
    asked, other = CredentialsFile(folder), CredentialsFile(folder)
    first = asked.change(lambda found: found)
    renewed = other.change(Credentials.renewed)
    last = asked.change(lambda found: found.with_password(OWNER, "hash"))
    assert last.tokens == renewed.tokens != first.tokens
    assert last.key == renewed.key
    assert CredentialsFile(folder).current() == last


def test_changes_by_several_processes_are_all_saved(folder):
    changes = [subprocess.Popen([sys.executable, "-c", CHANGES, folder.path, role], cwd=ROOT)
               for role in Role]
    assert [change.wait(DEADLINE) for change in changes] == [0, 0]
    assert CredentialsFile(folder).current().passwords == {OWNER: "19", VIEWER: "19"}


def test_printing_the_links_writes_nothing(folder):
    arguments = "token", "--config-dir", str(folder.path)
    _, *shown = run_program(*arguments).stdout.splitlines()
    before = (folder.path / "access.json").stat()
    assert run_program(*arguments).stdout.splitlines()[1:] == shown
    assert len(shown) == 2
    assert (folder.path / "access.json").stat() == before


def test_new_password_of_one_role_keeps_the_other_role():
    first = Credentials.new()
    second = first.with_password(VIEWER, "hash")
    assert second.stamps[OWNER] == first.stamps[OWNER]
    assert second.stamps[VIEWER] != first.stamps[VIEWER]
    assert second.tokens == first.tokens


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"name": 1}', b"null"])
def test_damaged_credentials_end_the_start(folder, content):
    folder.keep_secret("access.json", content)
    with pytest.raises(AccessError, match=r"access\.json cannot be read: it is damaged; remove"):
        CredentialsFile(folder)


@pytest.mark.parametrize("change", ["damage", "remove"])
def test_damaged_credentials_do_not_grant_access(
        make_authenticator, folder, caplog, change):
    authenticator = make_authenticator(local_only=True)
    CredentialsFile(folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.requires_login()
    if change == "damage":
        folder.keep_secret("access.json", b"{}")
    else:
        (folder.path / "access.json").unlink()
    assert authenticator.requires_login()
    assert (change == "damage") == ("the last one stays in force" in caplog.text)


def test_login_works_though_the_folder_is_not_writable(make_authenticator, caplog):
    authenticator = make_authenticator(ConfigFolder("/proc/nowhere"))
    assert authenticator.by_token(authenticator.credentials().tokens[OWNER], "").role is OWNER
    assert "the login links change at each start" in caplog.text
    assert authenticator.by_cookie(authenticator.log_in(OWNER, "192.0.2.1", ""), "")


# --- sessions


def test_sessions_survive_a_restart_for_thirty_days(folder, clock):
    first = Sessions(folder, clock, at_once)
    one = first.begin(OWNER, "stamp", "192.0.2.1", "agent")
    again = Sessions(folder, clock, at_once)
    assert again.find(one.id) == one
    assert stat.S_IMODE((folder.path / "sessions.json").stat().st_mode) == 0o600
    clock.now += 30 * 86400 - 1
    assert again.find(one.id)
    clock.now += 2
    assert again.find(one.id) is None
    assert again.all() == []


def test_ended_session_stays_ended(folder, clock):
    sessions = Sessions(folder, clock, at_once)
    one, two = (sessions.begin(OWNER, "stamp", "", "") for _ in range(2))
    sessions.end(one.id, "none")
    assert [each.id for each in Sessions(folder, clock, at_once).all()] == [two.id]


def test_servers_with_one_folder_share_their_sessions(folder, clock):
    one, other = (Sessions(folder, clock, at_once) for _ in range(2))
    first = one.begin(OWNER, "stamp", "192.0.2.1", "")
    second = other.begin(OWNER, "stamp", "192.0.2.2", "")
    assert {each.id for each in one.all()} == {first.id, second.id}
    other.end(first.id)
    assert one.find(first.id) is None
    clock.now += 301
    one.touch(one.find(second.id), "192.0.2.3")      # saves, and restores no ended session
    assert [each.id for each in other.all()] == [second.id]
    assert other.find(second.id).address == "192.0.2.3"


def test_unsaved_session_is_saved_with_the_next_one(folder, clock, monkeypatch):
    one, other = (Sessions(folder, clock, at_once) for _ in range(2))
    with monkeypatch.context() as full:
        full.setattr(folder, "keep_secret", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        first = one.begin(OWNER, "stamp", "192.0.2.1", "")
    other.begin(OWNER, "stamp", "192.0.2.2", "")
    assert one.find(first.id)
    one.begin(OWNER, "stamp", "192.0.2.3", "")
    assert len(other.all()) == 3


def test_time_last_seen_is_saved_every_five_minutes(folder, clock):
    sessions = Sessions(folder, clock, at_once)
    one = sessions.begin(OWNER, "stamp", "192.0.2.1", "")
    clock.now += 299
    sessions.touch(sessions.find(one.id), "192.0.2.2")
    assert sessions.find(one.id).address == "192.0.2.2"
    assert Sessions(folder, clock, at_once).find(one.id).address == "192.0.2.1"
    clock.now += 2
    sessions.touch(sessions.find(one.id), "192.0.2.2")
    assert Sessions(folder, clock, at_once).find(one.id).seen == clock.now


def test_too_many_sessions_end_the_oldest_of_their_role(folder, clock):
    sessions = Sessions(folder, clock, at_once)
    owner = sessions.begin(OWNER, "stamp", "", "")
    first = sessions.begin(VIEWER, "stamp", "", "")
    for number in range(100):
        clock.now += 1
        sessions.begin(VIEWER, "stamp", f"192.0.2.{number}", "x" * 10_000)
    assert len(sessions.all()) == 101
    assert sessions.find(owner.id)
    assert sessions.find(first.id) is None
    assert len(sessions.all()[0].agent) == 300


def test_logins_from_one_network_end_no_other_session(folder, clock):
    sessions = Sessions(folder, clock, at_once)
    phone = sessions.begin(VIEWER, "stamp", "192.0.2.1", "")
    for number in range(150):
        clock.now += 1
        last = sessions.begin(VIEWER, "stamp", f"2001:db8::{number:x}", "")
    assert len(sessions.all()) == 26
    assert sessions.find(phone.id)
    assert sessions.find(last.id)


@pytest.mark.parametrize("content", [b"{", b"{}", b'[{"id": 1}]', b"[1]", b"null",
    b'[{"id": "x", "role": "owner", "stamp": "", "since": 0, "seen": 0, "address": null, "agent": ""}]'])
def test_damaged_sessions_file_means_a_new_login(folder, clock, content):
    folder.keep_secret("sessions.json", content)
    assert Sessions(folder, clock, at_once).all() == []


# --- authenticator

CHEAP = generate_password_hash("the right one", "scrypt:1024:8:1")     # quick to check


def test_login_is_required_unless_local_and_no_password(make_authenticator, folder):
    assert make_authenticator(local_only=False).requires_login()
    assert not make_authenticator(local_only=True).requires_login()
    assert make_authenticator(local_only=True).requires_login(forwarded=True)
    assert not make_authenticator(auth=False).requires_login(forwarded=True)
    authenticator = make_authenticator(local_only=True)
    CredentialsFile(folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.requires_login()


def test_revoked_clients_lose_their_streams(make_authenticator, folder):
    class Stream:
        ended = 0

        def end(self):
            self.ended += 1
    authenticator = make_authenticator()
    token = authenticator.by_token(authenticator.credentials().tokens[VIEWER], "")
    browsers = [authenticator.by_cookie(authenticator.log_in(OWNER, "", ""), "") for _ in range(2)]
    player = authenticator.by_stream_key(authenticator.stream_key(browsers[0], "/video_feed"), "/video_feed")
    streams = [Stream() for _ in range(4)]
    for stream, visitor in zip(streams, [token, *browsers, player], strict=True):
        authenticator.add_stream(visitor, stream)
    authenticator.end_revoked_streams()
    assert [stream.ended for stream in streams] == [0, 0, 0, 0]
    authenticator.log_out(browsers[0].session)
    assert [stream.ended for stream in streams] == [0, 1, 0, 1]
    other = CredentialsFile(folder)
    other.save(other.current().renewed())
    authenticator.end_revoked_streams()
    assert all(stream.ended for stream in streams)


def test_first_password_revokes_anonymous_clients(make_authenticator, folder):
    authenticator = make_authenticator(local_only=True)
    assert authenticator.is_valid(ANONYMOUS)
    CredentialsFile(folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert not authenticator.is_valid(ANONYMOUS)


def test_owner_can_log_in_while_an_attacker_guesses(make_authenticator, folder, caplog):
    file = CredentialsFile(folder)
    file.save(Credentials.new().with_password(OWNER, CHEAP))
    authenticator = make_authenticator()
    for _ in range(50):
        with contextlib.suppress(TooManyAttempts):
            assert not authenticator.check_password(OWNER, "a wrong one", "198.51.100.1")
    assert authenticator.refused_logins.total == 50
    wrong, throttled = (f"login refused: {reason} from 198.51.100.1"
                        for reason in ("wrong password of owner", "too many wrong passwords"))
    assert caplog.messages == [wrong] * 5 + [throttled]
    with pytest.raises(TooManyAttempts):
        authenticator.check_password(OWNER, "the right one", "198.51.100.1")
    assert authenticator.check_password(OWNER, "the right one", "192.168.1.5")
    device = authenticator.device_cookie(OWNER)
    assert authenticator.check_password(OWNER, "the right one", "198.51.100.1", device)
    with pytest.raises(TooManyAttempts):
        authenticator.check_password(OWNER, "the right one", "198.51.100.1", device[:-9] + device[-9:].swapcase())


def test_device_is_known_for_a_year(make_authenticator, folder, clock):
    CredentialsFile(folder).save(Credentials.new().with_password(OWNER, CHEAP))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(OWNER)
    for days, known in ((364, True), (2, False)):
        clock.now += days * 86_400
        for number in range(12):
            with contextlib.suppress(TooManyAttempts):
                authenticator.check_password(OWNER, "wrong", f"198.51.100.{number}")
        assert may_try(authenticator, device) is known


def may_try(authenticator, device):
    try:
        return authenticator.check_password(OWNER, "the right one", "203.0.113.5", device)
    except TooManyAttempts:
        return False


def test_viewers_device_gives_no_extra_owner_attempts(make_authenticator, folder):
    file = CredentialsFile(folder)
    file.save(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(VIEWER)
    for _ in range(5):
        authenticator.check_password(OWNER, "wrong", "198.51.100.1", device)
    with pytest.raises(TooManyAttempts):
        authenticator.check_password(OWNER, "wrong", "198.51.100.1", device)


def test_attempt_that_was_not_checked_does_not_count(make_authenticator, folder):
    def busy(work):
        raise Busy
    CredentialsFile(folder).save(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator(in_thread=busy)
    for _ in range(20):
        with pytest.raises(Busy):
            authenticator.check_password(OWNER, "password", "198.51.100.1")


# --- signing


@pytest.fixture
def signer(clock):
    return Signer(clock)


def test_stream_key_opens_one_path_for_an_hour(signer, clock):
    key = signer.stream_key("secret", Client(OWNER, "stamp", "id"), "/video_feed")
    found = signer.verify_stream_key("secret", key, "/video_feed")
    assert (found.may(VIEWER), found.may(OWNER), found.session) == (True, False, "id")
    assert signer.verify_stream_key("secret", key, "/video_feed/front") is None
    assert signer.verify_stream_key("other", key, "/video_feed") is None
    clock.now += 3601
    assert signer.verify_stream_key("secret", key, "/video_feed") is None


@given(st.text(max_size=60))
def test_invented_stream_key_opens_nothing(text):
    assert Signer(ManualClock()).verify_stream_key("secret", text, "/video_feed") is None


def test_signatures_of_other_purposes_are_refused(signer):
    content = ["/video_feed", 2e9, "owner", "stamp", ""]
    for purpose in ("session", "device"):
        signed = signer.sign("secret", purpose, content)
        assert signer.verify_stream_key("secret", signed, "/video_feed") is None
    assert signer.verify_stream_key("secret", signer.sign("secret", "stream", "x"), "/") is None


# --- origin of requests

OWN = "http://cam.local:8000"


@pytest.mark.parametrize(("headers", "cookie", "accepted"), [
    ({"Origin": OWN}, True, True),
    ({"Origin": "http://evil.example"}, False, False),
    ({"Origin": "https://cam.local:8000"}, True, False),
    ({"Origin": "http://cam.local:8001"}, True, False),
    ({"Origin": "null"}, False, False),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True, True),
    ({"Sec-Fetch-Site": "none"}, True, True),
    ({"Sec-Fetch-Site": "same-site", "Origin": OWN}, True, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": OWN}, True, False),
    ({"Sec-Fetch-Site": ""}, False, False),
    ({}, False, True),
    ({}, True, False)])
def test_changes_are_accepted_from_own_pages_and_programs(headers, cookie, accepted):
    assert is_same_origin(headers, OWN, has_cookie=cookie) is accepted


@pytest.mark.parametrize(("host", "accepted"), [
    ("192.168.1.7:8000", True), ("192.168.1.7", True), ("[::1]:8000", True),
    ("localhost:1", True), ("LOCALHOST.", True), ("cam.example.org", True), (None, True),
    ("pi.local:8000", True), ("pi", True), ("evil.example", False), ("", False),
    ("pi.evil.example", False), ("127.0.0.1.evil.example", False), ("[::1", False),
    ("evil.example@127.0.0.1", False), ("127.0.0.1/x", False), ("127.0.0.1\n", False),
    ("localhost:80:80", False), ("é", False)])
def test_host_must_be_an_address_or_an_own_name(monkeypatch, host, accepted):
    monkeypatch.setattr("socket.gethostname", lambda: "Pi")
    assert is_own_host(host, own_names(("Cam.Example.org",))) is accepted


@given(st.text(max_size=30))
def test_any_host_header_is_accepted_or_refused(host):
    assert is_own_host(host, frozenset()) in (True, False)


def test_loopback_addresses_are_recognised():
    assert [is_loopback(ip) for ip in ("127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "::",
                                       "192.168.1.7")] == [True, True, True, *[False] * 3]


# --- log lines and login links


def test_wrong_password_is_not_logged(make_authenticator, folder, caplog):
    CredentialsFile(folder).save(
        Credentials.new().with_password(OWNER, CHEAP))
    make_authenticator().check_password(OWNER, "hunter2hunter2", "198.51.100.1")
    assert "login refused: wrong password of owner from 198.51.100.1" in caplog.text
    assert "hunter2" not in caplog.text


def test_qr_code_is_readable_on_dark_and_light_terminals():
    lines = list(qr_code("http://192.168.1.7:8000/login?token=x", "utf-8"))
    for line in lines:
        assert re.fullmatch(r"\x1b\[97;40m[█▀▄ ]{33}\x1b\[0m", line)
    assert list(qr_code("http://192.168.1.7/", "ascii")) == []


def test_login_links_are_not_written_to_the_journal(monkeypatch, tmp_path, capfd):
    found = Credentials.new()
    url = "http://192.168.1.7:8000/"
    lines = list(login_lines(found, url))
    assert f"{url}login?token={found.tokens[OWNER]}" in lines[0]
    assert f"{url}login?token={found.tokens[VIEWER]}" in lines[1]
    with (tmp_path / "journal").open("w") as file:
        there = os.fstat(file.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")
        assert in_journal(file.fileno())
        assert not in_journal(0)


def test_sessions_file_is_plain_json(folder, clock):
    Sessions(folder, clock, at_once).begin(OWNER, "stamp", "192.0.2.1", "agent")
    (kept,) = json.loads(folder.secret("sessions.json"))
    assert kept["role"] == "owner"

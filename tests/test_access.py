"""Who may look, without the web: wrong tries, secrets, sessions, keys, origins."""

import contextlib
import json
import os
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
from pyimagesearch.access.authenticator import ANONYMOUS, Authenticator, Wait
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.login_links import in_journal, invitation, qr_code
from pyimagesearch.access.login_throttle import Attempts
from pyimagesearch.access.passwords import Busy, PasswordCheck, hash_password
from pyimagesearch.access.refusals import Refusals
from pyimagesearch.access.roles import Client, Role
from pyimagesearch.access.sessions import Sessions
from pyimagesearch.access.signing import Keys
from pyimagesearch.addresses import is_loopback, network_of
from pyimagesearch.errors import AccessError
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.web.request_origin import from_our_pages, is_ours, own_names

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
    def make(**more):
        return Authenticator(folder, clock, **{"auth": True, "local": False,
                                      "in_thread": at_once, **more})
    return make


# --- wrong tries

STRANGERS = [f"198.51.100.{number}" for number in range(8)]
TRIES = st.lists(st.tuples(
    st.floats(0, 40), st.sampled_from(["owner", "viewer"]),
    st.sampled_from([*STRANGERS, "192.168.1.5"]),
    st.sampled_from(["", "", "phone"]), st.booleans()), max_size=120)


def most_in_a_minute(times):
    return max((sum(start <= time < start + 60 for time in times) for start in times),
               default=0)


@given(TRIES)
def test_nobody_guesses_faster_than_ten_times_a_minute(tries):
    clock = ManualClock()
    attempts = Attempts(clock)
    attempts.remember("owner", "192.168.1.5")
    known = {("owner", "192.168.1.5")}
    wrong = defaultdict(list)
    for pause, account, address, device, right in tries:
        clock.now += pause
        attempt = attempts.admit(account, address, device)
        assert attempt.wait >= 0
        if attempt.wait > 0:
            continue
        if right:
            attempt.succeeded()
            attempts.remember(account, address)
            known.add((account, address))
        elif device:
            wrong[device, account].append(clock.now)
        elif (account, address) in known:
            wrong[account, address].append(clock.now)
        else:
            wrong["strangers", account].append(clock.now)
            wrong["stranger", address].append(clock.now)
    for name, times in wrong.items():
        assert most_in_a_minute(times) <= (5 if name[0] == "stranger" else 10), name


@given(TRIES)
def test_strangers_never_shut_out_who_was_here_before(tries):
    clock = ManualClock()
    attempts = Attempts(clock)
    attempts.remember("owner", "192.168.1.5")
    for pause, account, address, _, _ in tries:
        clock.now += pause
        if address in STRANGERS:
            attempts.admit(account, address)
    assert attempts.admit("owner", "192.168.1.5").wait == 0
    assert attempts.admit("owner", STRANGERS[0], "phone").wait == 0


def test_many_known_devices_together_are_slowed_too(clock):
    attempts = Attempts(clock)
    admitted = [attempts.admit("owner", STRANGERS[0], f"phone {number % 9}").wait == 0
                for number in range(90)]
    assert sum(admitted) == 30
    assert attempts.admit("viewer", STRANGERS[0], "phone 1").wait == 0


def test_one_stranger_leaves_room_for_another(clock):
    attempts = Attempts(clock)
    for _ in range(1000):
        attempts.admit("owner", STRANGERS[0])
        clock.now += 0.005
    assert attempts.admit("owner", STRANGERS[0]).wait > 50
    assert attempts.admit("owner", STRANGERS[1]).wait == 0


def test_tries_at_the_same_moment_count_too(clock):
    attempts = Attempts(clock)
    admitted = [attempts.admit("owner", STRANGERS[0]) for _ in range(20)]
    assert sum(each.wait == 0 for each in admitted) == 5


def test_waiting_as_long_as_told_is_enough(clock):
    attempts = Attempts(clock)
    while (attempt := attempts.admit("owner", STRANGERS[0])).wait == 0:
        clock.now += 1
    clock.now += attempt.wait
    assert attempts.admit("owner", STRANGERS[0]).wait == 0


def test_right_passwords_are_not_counted(clock):
    attempts = Attempts(clock)
    for _ in range(50):
        attempt = attempts.admit("owner", STRANGERS[0])
        assert attempt.wait == 0
        attempt.succeeded()


def test_refused_tries_leave_nothing_behind(clock):
    attempts = Attempts(clock)
    for number in range(5000):
        attempts.admit("owner", f"2001:db8:{number:x}::1")
    assert len(attempts._windows) < 20
    clock.now += 61
    attempts.admit("owner", STRANGERS[0])
    assert len(attempts._windows) == 2


@pytest.mark.parametrize(("address", "place"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")])
def test_a_place_is_an_address_or_a_network(address, place):
    assert network_of(address) == place


# --- passwords


def test_password_is_kept_as_scrypt():
    assert hash_password("long enough").startswith("scrypt:32768:8:1$")


@pytest.mark.parametrize("poor", ["", "1234567", "x" * 1001])
def test_poor_password_is_refused_in_a_sentence(poor):
    with pytest.raises(AccessError, match="must have 8 to 1000; nothing was changed"):
        hash_password(poor)


def test_passwords_are_checked_one_at_a_time_and_few_wait(monkeypatch):
    under_way, most, go_on = [0], [0], threading.Event()

    def slow(hashed, password):
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        go_on.wait(10)
        under_way[0] -= 1
        return True
    monkeypatch.setattr("pyimagesearch.access.passwords.check_password_hash", slow)
    check = PasswordCheck(at_once)
    checks = [InBackground(check.fits, VIEWER, "", "") for _ in range(3)]
    eventually(lambda: check._waiting[VIEWER] == 3)
    with pytest.raises(Busy):
        check.fits(VIEWER, "", "")
    checks.append(InBackground(check.fits, OWNER, "", ""))     # is kept out by no viewer
    eventually(lambda: check._waiting[OWNER] == 1)
    go_on.set()
    assert all(each.result() for each in checks)
    assert most == [1]
    assert check.fits(VIEWER, "", "")


def test_endless_password_costs_no_check():
    def never(work):
        raise AssertionError("was checked")
    assert PasswordCheck(never).fits(OWNER, "scrypt:…", "x" * 10_000) is False


# --- secrets


def test_secrets_are_for_our_eyes_only_and_survive(folder):
    file = CredentialsFile(folder)
    assert file.current() is None
    file.keep(Credentials.new().with_password(OWNER, "hash"))
    found = CredentialsFile(folder).current()
    assert found == file.current()
    assert stat.S_IMODE((folder.path / "access.json").stat().st_mode) == 0o600
    assert found.role_of(found.tokens[OWNER]) is OWNER
    assert found.role_of(found.tokens[VIEWER]) is VIEWER
    assert found.role_of("") is found.role_of("né") is None


def test_secrets_show_nowhere():
    found = Credentials.new().with_password(OWNER, "scrypt$hash")
    shown = repr(found)
    for secret in (found.key, *found.tokens.values(), "scrypt$hash"):
        assert secret not in shown


def test_change_by_another_process_counts_at_once(folder):
    server, command = CredentialsFile(folder), CredentialsFile(folder)
    command.keep(Credentials.new())
    first = server.current()
    command.keep(first.renewed())
    second = server.current()
    assert second.key != first.key
    assert second.name == first.name
    assert not set(second.tokens.values()) & set(first.tokens.values())
    assert not set(second.stamps.values()) & set(first.stamps.values())


def test_password_brings_no_ended_link_back(folder):
    """It was asked for while somebody else had all links end."""
    asked, other = CredentialsFile(folder), CredentialsFile(folder)
    first = asked.change(lambda found: found)
    renewed = other.change(Credentials.renewed)
    last = asked.change(lambda found: found.with_password(OWNER, "hash"))
    assert last.tokens == renewed.tokens != first.tokens
    assert last.key == renewed.key
    assert CredentialsFile(folder).current() == last


def test_changes_of_several_processes_are_all_kept(folder):
    changes = [subprocess.Popen([sys.executable, "-c", CHANGES, folder.path, role], cwd=ROOT)
               for role in Role]
    assert [change.wait(DEADLINE) for change in changes] == [0, 0]
    assert CredentialsFile(folder).current().passwords == {OWNER: "19", VIEWER: "19"}


def test_links_are_shown_without_writing(folder):
    arguments = "token", "--config-dir", str(folder.path)
    _, *shown = run_program(*arguments).stdout.splitlines()
    before = (folder.path / "access.json").stat()
    assert run_program(*arguments).stdout.splitlines()[1:] == shown
    assert len(shown) == 2
    assert (folder.path / "access.json").stat() == before


def test_other_password_of_one_role_leaves_the_other_alone():
    first = Credentials.new()
    second = first.with_password(VIEWER, "hash")
    assert second.stamps[OWNER] == first.stamps[OWNER]
    assert second.stamps[VIEWER] != first.stamps[VIEWER]
    assert second.tokens == first.tokens


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"name": 1}', b"null"])
def test_damaged_secrets_end_the_start_in_a_sentence(folder, content):
    folder.keep_secret("access.json", content)
    with pytest.raises(AccessError, match=r"access\.json cannot be read: it is damaged; remove"):
        CredentialsFile(folder)


@pytest.mark.parametrize("spoil", ["damage", "remove"])
def test_spoilt_lock_does_not_open_the_door(make_authenticator, folder, caplog, spoil):
    authenticator = make_authenticator(local=True)
    CredentialsFile(folder).keep(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.asks()
    if spoil == "damage":
        folder.keep_secret("access.json", b"{}")
    else:
        (folder.path / "access.json").unlink()
    assert authenticator.asks()
    assert (spoil == "damage") == ("the last one stays in force" in caplog.text)


def test_folder_that_cannot_be_written_still_gives_links(clock, caplog):
    authenticator = Authenticator(ConfigFolder("/proc/nowhere"), clock, auth=True, local=False,
                in_thread=at_once)
    assert authenticator.by_token(authenticator.credentials().tokens[OWNER], "").role is OWNER
    assert "the links change at each start" in caplog.text
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
    one.note(one.find(second.id), "192.0.2.3")      # writes, and brings nothing back
    assert [each.id for each in other.all()] == [second.id]
    assert other.find(second.id).address == "192.0.2.3"


def test_session_that_could_not_be_kept_is_kept_with_the_next(folder, clock, monkeypatch):
    one, other = (Sessions(folder, clock, at_once) for _ in range(2))
    with monkeypatch.context() as full:
        full.setattr(folder, "keep_secret", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        first = one.begin(OWNER, "stamp", "192.0.2.1", "")
    other.begin(OWNER, "stamp", "192.0.2.2", "")
    assert one.find(first.id)
    one.begin(OWNER, "stamp", "192.0.2.3", "")
    assert len(other.all()) == 3


def test_last_seen_is_kept_now_and_then(folder, clock):
    sessions = Sessions(folder, clock, at_once)
    one = sessions.begin(OWNER, "stamp", "192.0.2.1", "")
    clock.now += 299
    sessions.note(sessions.find(one.id), "192.0.2.2")
    assert sessions.find(one.id).address == "192.0.2.2"
    assert Sessions(folder, clock, at_once).find(one.id).address == "192.0.2.1"
    clock.now += 2
    sessions.note(sessions.find(one.id), "192.0.2.2")
    assert Sessions(folder, clock, at_once).find(one.id).seen == clock.now


def test_sessions_without_end_push_out_the_oldest_of_their_role_only(folder, clock):
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


def test_link_that_is_opened_again_and_again_ends_nobody_elses_session(folder, clock):
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
def test_damaged_sessions_only_mean_a_new_login(folder, clock, content):
    folder.keep_secret("sessions.json", content)
    assert Sessions(folder, clock, at_once).all() == []


# --- the authenticator

CHEAP = generate_password_hash("the right one", "scrypt:1024:8:1")     # quick to check


def test_gate_asks_nobody_only_where_nobody_else_can_come(make_authenticator, folder):
    assert make_authenticator(local=False).asks()
    assert not make_authenticator(local=True).asks()
    assert make_authenticator(local=True).asks(forwarded=True)
    assert not make_authenticator(auth=False).asks(forwarded=True)
    authenticator = make_authenticator(local=True)
    CredentialsFile(folder).keep(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.asks()


def test_shut_out_viewer_is_sent_nothing_more(make_authenticator, folder):
    class Stream:
        ended = 0

        def end(self):
            self.ended += 1
    authenticator = make_authenticator()
    token = authenticator.by_token(authenticator.credentials().tokens[VIEWER], "")
    browsers = [authenticator.by_cookie(authenticator.log_in(OWNER, "", ""), "") for _ in range(2)]
    player = authenticator.by_key(authenticator.stream_key(browsers[0], "/video_feed"), "/video_feed")
    streams = [Stream() for _ in range(4)]
    for stream, visitor in zip(streams, [token, *browsers, player], strict=True):
        authenticator.watches(visitor, stream)
    authenticator.refresh()
    assert [stream.ended for stream in streams] == [0, 0, 0, 0]
    authenticator.log_out(browsers[0].session)
    assert [stream.ended for stream in streams] == [0, 1, 0, 1]
    other = CredentialsFile(folder)
    other.keep(other.current().renewed())
    authenticator.refresh()
    assert all(stream.ended for stream in streams)


def test_open_door_that_closes_ends_the_streams(make_authenticator, folder):
    authenticator = make_authenticator(local=True)
    assert authenticator.admits(ANONYMOUS)
    CredentialsFile(folder).keep(Credentials.new().with_password(OWNER, "hash"))
    assert not authenticator.admits(ANONYMOUS)


def test_owner_gets_in_while_a_stranger_guesses(make_authenticator, folder, clock):
    file = CredentialsFile(folder)
    file.keep(Credentials.new().with_password(OWNER, CHEAP))
    refused = []
    authenticator = make_authenticator(on_refused=lambda *told: refused.append(told))
    for _ in range(50):
        with contextlib.suppress(Wait):
            assert not authenticator.try_password(OWNER, "a wrong one", "198.51.100.1")
    assert refused == [("198.51.100.1", "owner")] * 5 + [("198.51.100.1", "unseen")] * 45
    assert authenticator.refused == 50
    with pytest.raises(Wait):
        authenticator.try_password(OWNER, "the right one", "198.51.100.1")
    assert authenticator.try_password(OWNER, "the right one", "192.168.1.5")
    device = authenticator.device_cookie(OWNER)
    assert authenticator.try_password(OWNER, "the right one", "198.51.100.1", device)
    with pytest.raises(Wait):
        authenticator.try_password(OWNER, "the right one", "198.51.100.1", device[:-9] + device[-9:].swapcase())


def test_device_is_known_for_a_year(make_authenticator, folder, clock):
    CredentialsFile(folder).keep(Credentials.new().with_password(OWNER, CHEAP))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(OWNER)
    for days, known in ((364, True), (2, False)):
        clock.now += days * 86_400
        for number in range(12):
            with contextlib.suppress(Wait):
                authenticator.try_password(OWNER, "wrong", f"198.51.100.{number}")
        assert may_try(authenticator, device) is known


def may_try(authenticator, device):
    try:
        return authenticator.try_password(OWNER, "the right one", "203.0.113.5", device)
    except Wait:
        return False


def test_device_of_a_viewer_gives_no_more_tries_at_the_owner(make_authenticator, folder):
    file = CredentialsFile(folder)
    file.keep(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(VIEWER)
    for _ in range(5):
        authenticator.try_password(OWNER, "wrong", "198.51.100.1", device)
    with pytest.raises(Wait):
        authenticator.try_password(OWNER, "wrong", "198.51.100.1", device)


def test_try_that_was_not_checked_does_not_count(make_authenticator, folder):
    def busy(work):
        raise Busy
    CredentialsFile(folder).keep(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator(in_thread=busy)
    for _ in range(20):
        with pytest.raises(Busy):
            authenticator.try_password(OWNER, "password", "198.51.100.1")


# --- keys


@pytest.fixture
def keys(clock):
    return Keys(clock)


def test_key_opens_one_path_for_an_hour_and_only_to_look(keys, clock):
    key = keys.stream_key("secret", Client(OWNER, "stamp", "id"), "/video_feed")
    found = keys.by_stream_key("secret", key, "/video_feed")
    assert (found.may(VIEWER), found.may(OWNER), found.session) == (True, False, "id")
    assert keys.by_stream_key("secret", key, "/video_feed/front") is None
    assert keys.by_stream_key("other", key, "/video_feed") is None
    clock.now += 3601
    assert keys.by_stream_key("secret", key, "/video_feed") is None


@given(st.text(max_size=60))
def test_invented_key_opens_nothing(text):
    assert Keys(ManualClock()).by_stream_key("secret", text, "/video_feed") is None


def test_no_sort_of_signature_passes_for_another(keys):
    content = ["/video_feed", 2e9, "owner", "stamp", ""]
    for sort in ("session", "device"):
        signed = keys.sign("secret", sort, content)
        assert keys.by_stream_key("secret", signed, "/video_feed") is None
    assert keys.by_stream_key("secret", keys.sign("secret", "stream", "x"), "/") is None


# --- where requests come from

OWN = "http://cam.local:8000"


@pytest.mark.parametrize(("headers", "cookie", "ours"), [
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
def test_changes_come_from_our_own_pages_or_from_programs(headers, cookie, ours):
    assert from_our_pages(headers, OWN, has_cookie=cookie) is ours


@pytest.mark.parametrize(("host", "ours"), [
    ("192.168.1.7:8000", True), ("192.168.1.7", True), ("[::1]:8000", True),
    ("localhost:1", True), ("LOCALHOST.", True), ("cam.example.org", True), (None, True),
    ("pi.local:8000", True), ("pi", True), ("evil.example", False), ("", False),
    ("pi.evil.example", False), ("127.0.0.1.evil.example", False), ("[::1", False),
    ("evil.example@127.0.0.1", False), ("127.0.0.1/x", False), ("127.0.0.1\n", False),
    ("localhost:80:80", False), ("é", False)])
def test_names_are_ours_or_addresses(monkeypatch, host, ours):
    monkeypatch.setattr("socket.gethostname", lambda: "Pi")
    assert is_ours(host, own_names(("Cam.Example.org",))) is ours


@given(st.text(max_size=30))
def test_any_host_is_judged(host):
    assert is_ours(host, frozenset()) in (True, False)


def test_loopback_is_known():
    assert [is_loopback(ip) for ip in ("127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "::",
                                       "192.168.1.7")] == [True, True, True, *[False] * 3]


# --- what is told


def test_flood_of_refusals_is_one_line_a_second(clock, caplog):
    told = []
    refusals = Refusals(clock, lambda *who: told.append(who))
    for _ in range(500):
        refusals.tell("192.0.2.1", "token")
        refusals.count("192.0.2.1")
        clock.now += 1 / 64
    assert refusals.total == 1000
    assert len(told) == 1000
    assert len(caplog.records) == 16
    assert "(and 63 more since the last line, from anywhere)" in caplog.text


def test_wrong_password_is_told_with_the_address_only(make_authenticator, folder, caplog):
    CredentialsFile(folder).keep(
        Credentials.new().with_password(OWNER, CHEAP))
    make_authenticator().try_password(OWNER, "hunter2hunter2", "198.51.100.1")
    assert "refused 198.51.100.1: wrong password of owner" in caplog.text
    assert "hunter2" not in caplog.text


def test_code_is_blocks_where_the_terminal_has_them():
    (picture,) = qr_code("http://192.168.1.7:8000/login?token=x", "utf-8")
    assert set(picture) <= set("█▀▄ \n")
    assert list(qr_code("http://192.168.1.7/", "ascii")) == []


def test_links_do_not_go_into_the_journal(monkeypatch, tmp_path, capfd):
    found = Credentials.new()
    url = "http://192.168.1.7:8000/"
    lines = list(invitation(found, url))
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

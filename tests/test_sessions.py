"""Sessions survive a restart, end in time, and are limited in number."""

import json
import stat

import pytest

from harness import in_this_thread
from protected import OWNER, VIEWER
from pyimagesearch.access.sessions import Sessions

pytestmark = pytest.mark.usefixtures("no_fsync")


def test_sessions_survive_a_restart_for_thirty_days(config_folder, clock):
    first = Sessions(config_folder, clock, in_this_thread)
    one = first.begin(OWNER, "stamp", "192.0.2.1", "agent")
    again = Sessions(config_folder, clock, in_this_thread)
    assert again.find(one.id) == one
    assert stat.S_IMODE((config_folder.path / "sessions.json").stat().st_mode) == 0o600
    clock.now += 30 * 86400 - 1
    assert again.find(one.id)
    clock.now += 2
    assert again.find(one.id) is None
    assert again.all() == []


def test_clock_that_is_ahead_for_a_while_logs_no_one_out(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    one = sessions.begin(OWNER, "stamp", "192.0.2.1", "agent")
    clock.ahead = 400 * 86_400
    assert sessions.find(one.id) is None
    other = sessions.begin(OWNER, "stamp", "192.0.2.2", "agent")
    clock.ahead = 0
    assert sessions.find(one.id)
    sessions.touch(sessions.find(other.id), "192.0.2.2")
    clock.now += 30 * 86_400 + 1
    assert sessions.find(other.id) is None      # it does not last a year longer


def test_use_before_the_clock_is_set_logs_no_one_out(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    one = sessions.begin(OWNER, "stamp", "192.0.2.1", "agent")
    clock.ahead = 60 - clock.now
    sessions.touch(sessions.find(one.id), "192.0.2.1")
    clock.ahead = 0
    assert sessions.find(one.id)


def test_ended_session_stays_ended(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    one, two = (sessions.begin(OWNER, "stamp", "", "") for _ in range(2))
    sessions.end(one.id, "none")
    assert [each.id for each in Sessions(config_folder, clock, in_this_thread).all()] == [two.id]


def test_servers_with_one_folder_share_their_sessions(config_folder, clock):
    one, other = (Sessions(config_folder, clock, in_this_thread) for _ in range(2))
    first = one.begin(OWNER, "stamp", "192.0.2.1", "")
    second = other.begin(OWNER, "stamp", "192.0.2.2", "")
    assert {each.id for each in one.all()} == {first.id, second.id}
    other.end(first.id)
    assert one.find(first.id) is None
    clock.now += 301
    one.touch(one.find(second.id), "192.0.2.3")      # saves, and restores no ended session
    assert [each.id for each in other.all()] == [second.id]
    assert other.find(second.id).address == "192.0.2.3"


def test_unsaved_session_is_saved_with_the_next_one(config_folder, clock, monkeypatch):
    one, other = (Sessions(config_folder, clock, in_this_thread) for _ in range(2))
    with monkeypatch.context() as full:
        full.setattr(config_folder, "keep_secret", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        first = one.begin(OWNER, "stamp", "192.0.2.1", "")
    other.begin(OWNER, "stamp", "192.0.2.2", "")
    assert one.find(first.id)
    one.begin(OWNER, "stamp", "192.0.2.3", "")
    assert len(other.all()) == 3


def test_time_last_seen_is_saved_every_five_minutes(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    one = sessions.begin(OWNER, "stamp", "192.0.2.1", "")
    clock.now += 299
    sessions.touch(sessions.find(one.id), "192.0.2.2")
    assert sessions.find(one.id).address == "192.0.2.2"
    assert Sessions(config_folder, clock, in_this_thread).find(one.id).address == "192.0.2.1"
    clock.now += 2
    sessions.touch(sessions.find(one.id), "192.0.2.2")
    assert Sessions(config_folder, clock, in_this_thread).find(one.id).seen == clock.now


def test_too_many_sessions_end_the_oldest_of_their_role(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    owner = sessions.begin(OWNER, "stamp", "", "")
    first = sessions.begin(VIEWER, "stamp", "", "")
    for number in range(100):
        clock.now += 1
        sessions.begin(VIEWER, "stamp", f"192.0.2.{number}", "x" * 10_000)
    assert len(sessions.all()) == 101
    assert sessions.find(owner.id)
    assert sessions.find(first.id) is None
    assert len(sessions.all()[0].agent) == 300


def test_logins_from_one_network_end_no_other_session(config_folder, clock):
    sessions = Sessions(config_folder, clock, in_this_thread)
    phone = sessions.begin(VIEWER, "stamp", "192.0.2.1", "")
    for number in range(150):
        clock.now += 1
        last = sessions.begin(VIEWER, "stamp", f"2001:db8::{number:x}", "")
    assert len(sessions.all()) == 26
    assert sessions.find(phone.id)
    assert sessions.find(last.id)


@pytest.mark.parametrize("content", [b"{", b"{}", b'[{"id": 1}]', b"[1]", b"null",
    b'[{"id": "x", "role": "owner", "stamp": "", "since": 0, "seen": 0, "address": null, "agent": ""}]'])
def test_damaged_sessions_file_means_a_new_login(config_folder, clock, content):
    config_folder.keep_secret("sessions.json", content)
    assert Sessions(config_folder, clock, in_this_thread).all() == []


def test_sessions_file_is_plain_json(config_folder, clock):
    Sessions(config_folder, clock, in_this_thread).begin(OWNER, "stamp", "192.0.2.1", "agent")
    (kept,) = json.loads(config_folder.secret("sessions.json"))
    assert kept["role"] == "owner"

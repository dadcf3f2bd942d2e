"""The authenticator: required logins, passwords, revocation."""

import contextlib
from collections import Counter
from functools import partial

import pytest
from werkzeug.security import generate_password_hash

from harness import in_this_thread
from protected import OWNER, VIEWER
from pyimagesearch.access.authenticator import Authenticator
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.passwords import TooManyAttempts
from pyimagesearch.access.refused_logins import RefusedLogins
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder

pytestmark = pytest.mark.usefixtures("no_fsync")


@pytest.fixture
def make_authenticator(config_folder, clock):
    def make(config_folder=config_folder, **more):
        refused_logins = RefusedLogins(EventStore(config_folder.path / "events.db", clock), clock)
        return Authenticator(config_folder, clock, refused_logins, **{
            "open_to": None, "local_only": False, "in_thread": in_this_thread,
            "check_in_thread": in_this_thread, **more})
    return make


CHEAP = generate_password_hash("the right one", "scrypt:1024:8:1")     # quick to check


def test_login_is_required_unless_local_and_no_password(make_authenticator, config_folder):
    assert make_authenticator(local_only=False).requires_login()
    assert not make_authenticator(local_only=True).requires_login()
    assert make_authenticator(local_only=True).anonymous(forwarded=True) is None
    assert make_authenticator(open_to=OWNER).anonymous(forwarded=True).may(OWNER)
    authenticator = make_authenticator(local_only=True)
    CredentialsFile(config_folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.requires_login()


def test_revoked_clients_lose_their_streams(make_authenticator, config_folder):
    ended = Counter()
    authenticator = make_authenticator()
    token = authenticator.by_token(authenticator.credentials().tokens[VIEWER], "")
    browsers = [authenticator.by_cookies([authenticator.log_in(OWNER, "", "")], "") for _ in range(2)]
    player = authenticator.by_stream_key(authenticator.stream_key(browsers[0], "/video_feed"), "/video_feed")
    ends = [partial(ended.update, [number]) for number in range(4)]
    for end, client in zip(ends, [token, *browsers, player], strict=True):
        authenticator.add_stream(client, end)
    authenticator.end_revoked_streams()
    assert not ended
    authenticator.log_out(browsers[0].session)
    assert ended == {1: 1, 3: 1}
    other = CredentialsFile(config_folder)
    other.save(other.current().renewed())
    authenticator.end_revoked_streams()
    assert set(ended) == {0, 1, 2, 3}


def test_first_password_revokes_anonymous_clients(make_authenticator, config_folder):
    authenticator = make_authenticator(local_only=True)
    anonymous = authenticator.anonymous()
    assert authenticator.is_valid(anonymous)
    CredentialsFile(config_folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert not authenticator.is_valid(anonymous)


def test_watching_can_be_open_and_changing_not(make_authenticator):
    authenticator = make_authenticator(open_to=VIEWER, local_only=True)
    for forwarded in (False, True):
        anonymous = authenticator.anonymous(forwarded)
        assert anonymous.is_anonymous
        assert (anonymous.may(VIEWER), anonymous.may(OWNER)) == (True, False)
        assert authenticator.is_valid(anonymous)
    assert not authenticator.requires_login()
    assert [line.partition(" (")[0] for line in authenticator.login_lines("http://x/")] == [
        "log in as owner", "log in as viewer"]


def test_owner_can_log_in_while_an_attacker_guesses(make_authenticator, config_folder, caplog):
    file = CredentialsFile(config_folder)
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
    assert authenticator.check_password(OWNER, "the right one", "198.51.100.1", [device])
    with pytest.raises(TooManyAttempts):
        authenticator.check_password(OWNER, "the right one", "198.51.100.1", ["x", device[:-9] + device[-9:].swapcase()])


def test_device_is_known_for_a_year(make_authenticator, config_folder, clock):
    CredentialsFile(config_folder).save(Credentials.new().with_password(OWNER, CHEAP))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(OWNER)
    for days, known in ((364, True), (2, False)):
        clock.now += days * 86_400
        for number in range(12):
            with contextlib.suppress(TooManyAttempts):
                authenticator.check_password(OWNER, "wrong", f"198.51.100.{number}")
        assert can_log_in(authenticator, device) is known


def can_log_in(authenticator, device):
    try:
        return authenticator.check_password(OWNER, "the right one", "203.0.113.5", ["x", device])
    except TooManyAttempts:
        return False


def test_viewers_device_gives_no_extra_owner_attempts(make_authenticator, config_folder):
    file = CredentialsFile(config_folder)
    file.save(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator()
    device = authenticator.device_cookie(VIEWER)
    for _ in range(5):
        authenticator.check_password(OWNER, "wrong", "198.51.100.1", [device])
    with pytest.raises(TooManyAttempts):
        authenticator.check_password(OWNER, "wrong", "198.51.100.1", [device])


def test_attempt_that_was_not_checked_does_not_count(make_authenticator, config_folder):
    def busy(work):
        raise TooManyAttempts("Busy.", 1)
    CredentialsFile(config_folder).save(Credentials.new().with_password(OWNER, "hash"))
    authenticator = make_authenticator(check_in_thread=busy)
    for _ in range(20):
        with pytest.raises(TooManyAttempts):
            authenticator.check_password(OWNER, "password", "198.51.100.1")


@pytest.mark.parametrize("change", ["damage", "remove"])
def test_damaged_credentials_do_not_grant_access(
        make_authenticator, config_folder, caplog, change):
    authenticator = make_authenticator(local_only=True)
    CredentialsFile(config_folder).save(Credentials.new().with_password(OWNER, "hash"))
    assert authenticator.requires_login()
    if change == "damage":
        config_folder.keep_secret("access.json", b"{}")
    else:
        (config_folder.path / "access.json").unlink()
    assert authenticator.requires_login()
    assert (change == "damage") == ("the last one stays in force" in caplog.text)


def test_login_works_though_the_folder_is_not_writable(make_authenticator, caplog):
    authenticator = make_authenticator(ConfigFolder("/proc/nowhere"))
    assert authenticator.by_token(authenticator.credentials().tokens[OWNER], "").role is OWNER
    assert "the login links change at each start" in caplog.text
    assert authenticator.by_cookies([authenticator.log_in(OWNER, "192.0.2.1", "")], "")


def test_wrong_password_is_not_logged(make_authenticator, config_folder, caplog):
    CredentialsFile(config_folder).save(
        Credentials.new().with_password(OWNER, CHEAP))
    make_authenticator().check_password(OWNER, "hunter2hunter2", "198.51.100.1")
    assert "login refused: wrong password of owner from 198.51.100.1" in caplog.text
    assert "hunter2" not in caplog.text

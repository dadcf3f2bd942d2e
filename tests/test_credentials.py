"""Credentials survive, and several processes may change them."""

import stat
import subprocess
import sys

import pytest

from harness import DEADLINE, ROOT
from protected import OWNER, VIEWER
from pyimagesearch.access.credentials import Credentials, CredentialsFile
from pyimagesearch.access.roles import Role
from pyimagesearch.errors import AccessError

pytestmark = pytest.mark.usefixtures("no_fsync")

CHANGES = """if True:    # in a process of its own: the password of a role, again and again
    import sys
    from pyimagesearch.folders import ConfigFolder
    from pyimagesearch.access.credentials import CredentialsFile
    from pyimagesearch.access.roles import Role
    file, role = CredentialsFile(ConfigFolder(sys.argv[1])), Role(sys.argv[2])
    for number in range(20):
        file.change(lambda found: found.with_password(role, str(number)))
    """


def test_credentials_file_is_private_and_survives(config_folder):
    file = CredentialsFile(config_folder)
    assert file.current() is None
    file.save(Credentials.new().with_password(OWNER, "hash"))
    found = CredentialsFile(config_folder).current()
    assert found == file.current()
    assert stat.S_IMODE((config_folder.path / "access.json").stat().st_mode) == 0o600
    assert found.role_of(found.tokens[OWNER]) is OWNER
    assert found.role_of(found.tokens[VIEWER]) is VIEWER
    assert found.role_of("") is found.role_of("né") is None


def test_repr_of_credentials_shows_no_secret():
    found = Credentials.new().with_password(OWNER, "scrypt$hash")
    shown = repr(found)
    for secret in (found.key, *found.tokens.values(), "scrypt$hash"):
        assert secret not in shown


def test_change_by_another_process_counts_at_once(config_folder):
    server, command = CredentialsFile(config_folder), CredentialsFile(config_folder)
    command.save(Credentials.new())
    first = server.current()
    command.save(first.renewed())
    second = server.current()
    assert second.key != first.key
    assert second.name == first.name
    assert not set(second.tokens.values()) & set(first.tokens.values())
    assert not set(second.stamps.values()) & set(first.stamps.values())


def test_new_tokens_and_passwords_are_logged(config_folder, caplog):
    caplog.set_level("INFO")
    server, command = CredentialsFile(config_folder), CredentialsFile(config_folder)
    command.save(Credentials.new())
    server.current()
    command.save(server.current().with_password(OWNER, "hash"))
    server.current()
    command.save(server.current().renewed())
    server.current()
    assert caplog.messages == ["new password of owner: its sessions have ended",
                               "new tokens: all sessions and login links have ended"]


def test_setting_a_password_restores_no_old_tokens(config_folder):
    """Another process renewed the tokens while the password was typed."""
    asked, other = CredentialsFile(config_folder), CredentialsFile(config_folder)
    first = asked.change(lambda found: found)
    renewed = other.change(Credentials.renewed)
    last = asked.change(lambda found: found.with_password(OWNER, "hash"))
    assert last.tokens == renewed.tokens != first.tokens
    assert last.key == renewed.key
    assert CredentialsFile(config_folder).current() == last


def test_changes_by_several_processes_are_all_saved(config_folder):
    changes = [subprocess.Popen([sys.executable, "-c", CHANGES, config_folder.path, role], cwd=ROOT)
               for role in Role]
    assert [change.wait(DEADLINE) for change in changes] == [0, 0]
    assert CredentialsFile(config_folder).current().passwords == {OWNER: "19", VIEWER: "19"}


def test_new_password_of_one_role_keeps_the_other_role():
    first = Credentials.new()
    second = first.with_password(VIEWER, "hash")
    assert second.stamps[OWNER] == first.stamps[OWNER]
    assert second.stamps[VIEWER] != first.stamps[VIEWER]
    assert second.tokens == first.tokens


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"name": 1}', b"null"])
def test_damaged_credentials_end_the_start(config_folder, content):
    config_folder.keep_secret("access.json", content)
    with pytest.raises(AccessError, match=r"access\.json cannot be read: it is damaged; remove"):
        CredentialsFile(config_folder)

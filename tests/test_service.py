"""The systemd unit and its installation, in a folder that stands in for the machine's root."""

import os
import re
import shlex
import stat
import subprocess
import sys
import tomllib
from xml.etree import ElementTree

import pytest

from harness import DEADLINE, ROOT, missing, needs
from product import run_program
from pyimagesearch.errors import SurveillanceError
from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.settings import Settings
from pyimagesearch.system.service import announce, service, unit

PROGRAM = "/opt/webstreaming/bin/webstreaming"


@pytest.fixture
def installed_program(monkeypatch):
    monkeypatch.setattr(sys, "argv", [PROGRAM])


@pytest.fixture
def machine(tmp_path):
    """Return a folder like the root of a machine with systemd."""
    if os.geteuid():
        missing("only root may create users; run the tests as root")
    needs("systemd-sysusers", "systemd")
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    return tmp_path


def analyze(tmp_path, text, *arguments):
    """Check the unit *text* with systemd's own tool; return its status and output."""
    file = tmp_path / "webstreaming.service"
    file.write_text(text)
    ended = subprocess.run(
        [needs("systemd-analyze", "systemd"), *arguments, str(file)], capture_output=True,
        text=True, timeout=120)
    return ended.returncode, ended.stdout + ended.stderr


def test_command_prints_the_unit_in_deploy(installed_program, capsys):
    service(install=False)
    assert capsys.readouterr().out == (ROOT / "deploy/webstreaming.service").read_text()


def test_unit_runs_the_program_from_a_checkout_too(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["/opt/checkout/webstreaming.py"])
    service(install=False)
    assert (f"\nExecStart={sys.executable} /opt/checkout/webstreaming.py\n"
            in capsys.readouterr().out)


def test_unit_is_rated_safe_by_systemd(tmp_path):
    status, printed = analyze(tmp_path, unit(PROGRAM), "security", "--offline=yes",
                              "--threshold=30", "--no-pager")
    exposure = re.search(r"Overall exposure level.*: ([\d.]+)", printed)
    if not exposure:
        missing(f"systemd-analyze rates no file here ({printed[:200]}); systemd 250 does")
    assert float(exposure[1]) <= 3.0
    assert status == 0


def test_unit_is_understood_by_systemd(tmp_path):
    text = unit(f"{sys.executable} webstreaming.py")
    assert analyze(tmp_path, text, "verify") == (0, "")
    broken = text.replace("ProtectSystem=strict", "ProtectSystem=%q")
    assert analyze(tmp_path, broken, "verify")[1] != ""     # so it would have said so


def test_install_creates_unit_user_and_settings(installed_program, machine):
    service(install=True, root=machine)
    copied = machine / "etc/systemd/system/webstreaming.service"
    assert copied.read_text() == (ROOT / "deploy/webstreaming.service").read_text()
    assert stat.S_IMODE(copied.stat().st_mode) == 0o644
    users = (machine / "etc/passwd").read_text()
    home, shell = re.findall(r"^webstreaming:[^:]*:\d+:\d+:[^:]*:(.*):(.*)$", users, re.M)[0]
    assert (home, shell) == ("/var/lib/webstreaming", "/usr/sbin/nologin")
    groups = (machine / "etc/group").read_text()
    assert re.search(r"^video:.*:webstreaming$", groups, re.M)
    config = (machine / "etc/webstreaming/settings.toml").stat()
    assert stat.S_IMODE(config.st_mode) == 0o600
    owner = re.findall(r"^webstreaming:[^:]*:(\d+):(\d+):", users, re.M)[0]
    assert (str(config.st_uid), str(config.st_gid)) == owner


def test_settings_of_an_older_installation_move(installed_program, machine):
    (machine / "etc/webstreaming.toml").write_text("quality = 50\n")
    service(install=True, root=machine)
    assert (machine / "etc/webstreaming/settings.toml").read_text() == "quality = 50\n"
    assert not (machine / "etc/webstreaming.toml").exists()


def test_install_prints_the_commands_that_are_left(installed_program, machine, capsys):
    service(install=True, root=machine)
    _, first, *commands = capsys.readouterr().out.splitlines()
    assert str(machine / "etc/systemd/system/webstreaming.service") in first
    commands = [shlex.split(line) for line in commands]
    assert ["sudoedit", "/etc/webstreaming/settings.toml"] in commands
    assert ["sudo", "systemctl", "enable", "--now", "webstreaming"] in commands
    assert commands[-1][:5] == ["sudo", "-u", "webstreaming", PROGRAM, "token"]


def test_second_install_keeps_the_settings(installed_program, machine):
    service(install=True, root=machine)
    (machine / "etc/webstreaming/settings.toml").write_text("quality = 50\n")
    unit_file = machine / "etc/systemd/system/webstreaming.service"
    unit_file.write_text("old")
    users = (machine / "etc/passwd").read_text()
    service(install=True, root=machine)
    assert (machine / "etc/webstreaming/settings.toml").read_text() == "quality = 50\n"
    assert unit_file.read_text() != "old"
    assert (machine / "etc/passwd").read_text() == users


def test_install_lets_avahi_announce_the_port_in_use(installed_program, machine, capsys):
    service(install=True, root=machine)
    assert "as avahi is not installed; to install it: sudo apt install" in capsys.readouterr().out
    (machine / "etc/avahi/services").mkdir(parents=True)
    service(install=True, root=machine)
    file = machine / "etc/avahi/services/webstreaming.service"
    assert file.read_text() == (ROOT / "deploy/avahi.service").read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    (machine / "etc/webstreaming/settings.toml").write_text('port = 8443\ntls = "self-signed"\n')
    service(install=True, root=machine)
    announced = ElementTree.parse(file).find("service")
    assert [announced.findtext(name) for name in ("type", "port")] == ["_https._tcp", "8443"]
    assert "Announced in the network on port 8443" in capsys.readouterr().out


@pytest.mark.parametrize(("text", "why"), [
    ('base_path = "/cam"', "a reverse proxy is in front"), ("port = 0", "port is 0")])
def test_server_at_another_address_is_not_announced(machine, text, why):
    file = machine / "etc/avahi/services/webstreaming.service"
    file.parent.mkdir(parents=True)
    file.write_text("old")
    (machine / "etc/webstreaming").mkdir()
    (machine / "etc/webstreaming/settings.toml").write_text(text)
    assert announce(machine) == f"Not announced in the network, as {why}."
    assert not file.exists()


@pytest.mark.parametrize("uncommented", [False, True])
def test_example_settings_are_valid(tmp_path, uncommented):
    text = (ROOT / "deploy/webstreaming.toml").read_text()
    if uncommented:
        text = re.sub(r"^#(?=[a-z\[])", "", text, flags=re.M)
    (tmp_path / "webstreaming.toml").write_text(text)
    settings = parse_command_line(
        ["--config", str(tmp_path / "webstreaming.toml")], {}).settings
    assert len(tomllib.loads(text).get("cameras", {})) == (2 if uncommented else 0)
    assert settings.ip == ("0.0.0.0" if uncommented else Settings().ip)


def test_other_users_are_given_the_sudo_command():
    code = """if True:
        import os, shutil, sys      # shutil is imported late by argparse
        from pyimagesearch.system.service import service
        if not os.geteuid():
            os.seteuid(65534)
        sys.argv[0] = "/opt/webstreaming/bin/webstreaming"
        service(install=True)
        """
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True,
                           text=True, timeout=DEADLINE)
    assert ended.stderr.splitlines()[-1].endswith(
        "only root may install the service; run: sudo "
        "/opt/webstreaming/bin/webstreaming service --install")


@pytest.mark.parametrize("program", ["/home/pi/cam/webstreaming.py", "/opt/100%/webstreaming"])
def test_program_that_the_unit_cannot_run_is_refused(monkeypatch, machine, program):
    monkeypatch.setattr(sys, "argv", [program])
    with pytest.raises(SurveillanceError, match="cannot see it there; install it below /opt/"):
        service(install=True, root=machine)
    assert not (machine / "etc/webstreaming/settings.toml").exists()


def test_machine_without_systemd_is_one_sentence(installed_program, tmp_path):
    with pytest.raises(SurveillanceError, match=r"cannot be installed: .*; is systemd in use here"):
        service(install=True, root=tmp_path)


def test_unknown_option_ends_with_status_2():
    ended = run_program("service", "--port", "70000")
    assert ended.returncode == 2
    assert "--port is not an option" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_container_is_built_from_files_that_exist():
    recipe = (ROOT / "deploy/Dockerfile").read_text()
    for source in re.findall(r"^COPY (.*) \S+$", recipe, re.M):
        for name in source.split():
            assert (ROOT / name).exists(), name
    assert "\nUSER webstreaming\n" in recipe
    assert "/healthz" in recipe
    compose = (ROOT / "deploy/compose.yaml").read_text()
    assert "dockerfile: deploy/Dockerfile" in compose
    assert "\t" not in compose

"""The systemd unit: safe, understood by systemd, and started with what was given."""

import os
import re
import shlex
import stat
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import ROOT, missing, needs
from product import run_program
from pyimagesearch.errors import ServiceError
from pyimagesearch.settings.settings import Settings
from pyimagesearch.system import service as command
from pyimagesearch.system.service import service
from pyimagesearch.system.systemd_unit import expanded, quoted, unit

AWKWARD = ("front=rtsp://eve:p%40ss$HOME%d@cam/\"a\\b'c\" ;|`id`", "yard=demo:320x240@5", ";")


@pytest.fixture
def at_home(monkeypatch):
    """As if the program had been installed where a service finds it."""
    monkeypatch.setattr(sys, "argv", ["/opt/webstreaming/bin/webstreaming"])


def words_of(text):
    """Return the words that systemd would read in the unit's ExecStart."""
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.M)
    found = []
    for plain, inside in re.findall(r'([^\s"]+)|"((?:\\.|[^"\\])*)"', line):
        word = plain or re.sub(r"\\(x[0-9a-f]{2}|.)", lambda match: chr(int(match[1][1:], 16))
                               if match[1][0] == "x" else match[1], inside)
        assert not re.search(r"(?<!%)(%%)*%(?!%)|(?<!\$)(\$\$)*\$(?!\$)", word), word
        found.append(word.replace("%%", "%").replace("$$", "$"))
    return found


def analyze(tmp_path, text, *arguments):
    """Have systemd's own tool read the unit; return its status and what it says."""
    file = tmp_path / "webstreaming.service"
    file.write_text(text)
    ended = subprocess.run(
        [needs("systemd-analyze", "systemd"), *arguments, str(file)], capture_output=True,
        text=True, timeout=120)
    return ended.returncode, ended.stdout + ended.stderr


def test_unit_in_deploy_is_what_the_command_writes(at_home, capsys):
    assert service(["service"]) == 0
    told = capsys.readouterr()
    assert told.out == (ROOT / "deploy/webstreaming.service").read_text()
    assert told.err == ""


@pytest.mark.parametrize("more", [{}, {"port": 443}, {"data": "/srv/cam eras"}], ids=str)
def test_unit_is_rated_safe_by_systemd(tmp_path, more):
    text = unit([sys.executable, "webstreaming.py"], **more)
    status, told = analyze(tmp_path, text, "security", "--offline=yes", "--threshold=30",
                           "--no-pager")
    exposure = re.search(r"Overall exposure level.*: ([\d.]+)", told)
    if not exposure:
        missing(f"systemd-analyze rates no file here ({told.strip()[:200]}); systemd 250 does")
    assert float(exposure[1]) <= 3.0
    assert status == 0


@pytest.mark.parametrize("more", [{}, {"port": 443}, {"data": "/srv/cam \"eras\" 100%"}], ids=str)
def test_unit_is_understood_by_systemd(tmp_path, more):
    text = unit([sys.executable, "webstreaming.py", *AWKWARD], **more)
    assert analyze(tmp_path, text, "verify") == (0, "")
    broken = text.replace("ProtectSystem=strict", "ProtectSystem=%q")
    assert analyze(tmp_path, broken, "verify")[1] != ""     # so it would have said so


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
                min_size=1))
def test_any_word_reaches_the_program_as_it_is(words):
    assert words_of("ExecStart=" + " ".join(map(expanded, words)) + "\n") == words


def test_plain_words_stay_readable():
    assert expanded("--source=rtsp://cam/1") == "--source=rtsp://cam/1"
    assert expanded("$HOME is 100%") == '"$$HOME is 100%%"'
    assert quoted("$x") == '"$x"'


def test_settings_given_are_those_of_the_service(at_home, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SURVEILLANCE_PORT", "1234")     # of this shell, not of the service
    (tmp_path / "clip.mp4").touch()
    (tmp_path / "cameras.toml").write_text("quality = 50\n")
    given = ["-i", "0.0.0.0", "--no-record", "--source", "door=clip.mp4", "--source", AWKWARD[0],
             "--config", "cameras.toml", "--data", "~/kept here"]
    assert service(["service", *given]) == 0
    program, *words = words_of(capsys.readouterr().out)
    assert program == "/opt/webstreaming/bin/webstreaming"
    settings = Settings.from_command_line(words, {})
    assert (settings.ip, settings.port, settings.record, settings.quality) == (
        "0.0.0.0", 8000, False, 50)
    assert settings.source == (f"door={tmp_path}/clip.mp4", AWKWARD[0])
    assert settings.config == str(tmp_path / "cameras.toml")
    assert settings.data == os.path.expanduser("~/kept here")


def test_settings_of_this_shell_are_told_as_left_behind(at_home, capsys, monkeypatch):
    monkeypatch.setenv("SURVEILLANCE_QUALITY", "50")
    assert service(["service"]) == 0
    assert ("SURVEILLANCE_QUALITY is set here, but not for the service; give --quality to this"
            in capsys.readouterr().err)


def test_video_file_that_is_not_there_yet_has_its_whole_path(at_home, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    service(["service", "--source", "a=later.mp4", "--source", "demo:640x480@7.5"])
    words = words_of(capsys.readouterr().out)
    assert f"--source=a={tmp_path}/later.mp4" in words
    assert "--source=demo:640x480@7.5" in words


def test_port_below_1024_brings_the_one_right_it_takes(at_home, capsys):
    service(["service", "--port", "443"])
    text = capsys.readouterr().out
    assert text.count("=CAP_NET_BIND_SERVICE\n") == 2
    service(["service"])
    assert "CapabilityBoundingSet=\n" in capsys.readouterr().out


def test_folder_of_its_own_may_be_written(at_home, capsys):
    service(["service", "--data", "/srv/cam eras"])
    text = capsys.readouterr().out
    assert 'ReadWritePaths="-/srv/cam eras"\n' in text
    assert 'RequiresMountsFor="/srv/cam eras"\n' in text
    assert "/var/lib/webstreaming" not in words_of(text)


def test_folder_that_the_file_names_may_be_written_too(at_home, capsys, tmp_path):
    (tmp_path / "cameras.toml").write_text('data = "/srv/cameras"\n')
    service(["service", "--config", str(tmp_path / "cameras.toml")])
    text = capsys.readouterr().out
    assert "ReadWritePaths=-/srv/cameras\n" in text
    assert "--data=/srv/cameras" in words_of(text)
    assert "/var/lib/webstreaming" not in words_of(text)


def test_install_writes_the_unit_and_says_what_is_next(at_home, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "is_user", lambda name: False)
    assert service(["service", "--install", "--port", "9000", "--cert", "/etc/ssl/cam.pem",
                    "--key", "/etc/ssl/cam.key"], tmp_path) == 0
    path = tmp_path / "webstreaming.service"
    assert words_of(path.read_text())[1] == "--port=9000"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    told = capsys.readouterr()
    following = [shlex.split(line) for line in told.out.splitlines()[1:]]
    assert str(path) in told.out.splitlines()[0]
    assert ["sudo", "systemctl", "enable", "--now", "webstreaming"] in following
    assert following[0][:2] == ["sudo", "useradd"]
    assert ["sudo", "chgrp", "webstreaming", "/etc/ssl/cam.key"] in following
    assert following[-1] == ["sudo", "-u", "webstreaming", "/opt/webstreaming/bin/webstreaming",
                             "token", "--data", "/var/lib/webstreaming"]
    assert told.err == ""
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_password_of_a_camera_is_for_root_alone_and_told(at_home, tmp_path, capsys):
    (tmp_path / "webstreaming.service").touch(0o644)
    assert service(["service", "--source", "rtsp://eve:secret@cam/", "--install"], tmp_path) == 0
    assert stat.S_IMODE((tmp_path / "webstreaming.service").stat().st_mode) == 0o600
    told = capsys.readouterr()
    assert "better write the camera into a file for --config" in told.err
    assert "secret" not in told.out + told.err


def test_who_is_not_root_is_told_the_command(at_home, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ServiceError) as refused:
        service(["service", "--install", "--source=a b.mp4"], tmp_path)
    sentence, _, remedy = str(refused.value).partition("; run: ")
    assert sentence.startswith("only root may write ")
    assert shlex.split(remedy) == ["sudo", "/opt/webstreaming/bin/webstreaming", "service",
                                   "--install", "--source=a b.mp4"]


def test_what_the_service_cannot_see_is_told(at_home, tmp_path, capsys, monkeypatch):
    with pytest.raises(ServiceError, match="--data is '/home/pi/kept', but the service sees "
                                           "nothing below /home; put it elsewhere"):
        service(["service", "--install", "--data", "/home/pi/kept"], tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(sys, "argv", ["/root/cam/webstreaming.py"])
    assert service(["service"]) == 0
    assert "the program is '/root/cam/webstreaming.py', but" in capsys.readouterr().err


def test_wrong_setting_is_status_2_and_one_sentence():
    ended = run_program("service", "--install", "--port", "70000")
    assert ended.returncode == 2
    assert "--port is 70000, but must be a whole number" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


def test_folder_that_is_not_there_is_one_sentence(at_home, tmp_path):
    with pytest.raises(ServiceError, match="cannot be written: No such file or directory; is"):
        service(["service", "--install"], tmp_path / "none")


def test_container_is_made_of_what_is_there():
    """There was no engine to build it with: what can be checked without one."""
    recipe = (ROOT / "deploy/Dockerfile").read_text()
    for source in re.findall(r"^COPY (.*) \S+$", recipe, re.M):
        for name in source.split():
            assert (ROOT / name).exists(), name
    (extras,) = re.findall(r"\.\[([\w,]+)\]", recipe)
    setup = (ROOT / "setup.cfg").read_text()
    assert all(f"\n{extra} = " in setup for extra in extras.split(","))
    assert "\nUSER webstreaming\n" in recipe
    assert "/healthz" in recipe
    compose = (ROOT / "deploy/compose.yaml").read_text()
    assert "dockerfile: deploy/Dockerfile" in compose
    assert "\t" not in compose

"""One table, many uses: flags, environment and file agree."""


from dataclasses import replace

import pytest

from pyimagesearch.settings.command_line import parse_command_line
from pyimagesearch.settings.loading import unknown_variables
from pyimagesearch.settings.settings import Settings, SettingsError


def refused(capsys, argv=(), environ=None):
    with pytest.raises(SystemExit) as end:
        parse_command_line(list(argv), environ or {})
    assert end.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_precedence_is_command_line_environment_file_default(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("port = 1\nwidth = 2000\nquality = 3\n")
    environ = {"SURVEILLANCE_PORT": "9000", "SURVEILLANCE_WIDTH": "800",
               "SURVEILLANCE_CONFIG": str(file)}
    settings = parse_command_line(["-o", "9001"], environ).settings
    assert (settings.port, settings.width, settings.quality, settings.threshold) == (
        9001, 800, 3, 25)


def test_defaults_are_those_of_the_tutorial():
    settings = parse_command_line([], {}).settings
    assert (settings.ip, settings.port, settings.frame_count) == ("127.0.0.1", 8000, 32)
    assert (settings.threshold, settings.accum_weight, settings.width) == (25, 0.1, 640)


def test_tutorial_flags_still_work():
    settings = parse_command_line(
        ["--ip", "0.0.0.0", "--port", "8000", "--frame-count", "64"], {}).settings
    assert (settings.ip, settings.port, settings.frame_count) == ("0.0.0.0", 8000, 64)
    settings = parse_command_line(["-i", "::", "-o", "1", "-f", "2"], {}).settings
    assert (settings.ip, settings.port, settings.frame_count) == ("::", 1, 2)


@pytest.mark.parametrize(("name", "value"), [
    ("port", -1), ("port", 65536), ("frame_count", 0), ("accum_weight", 1.5),
    ("accum_weight", float("nan")), ("fps", 0.0), ("quality", 101), ("port", True),
    ("port", "8000"), ("log_level", "loud"), ("ip", "")])
def test_value_out_of_range_cannot_be_constructed(name, value):
    with pytest.raises(SettingsError, match=name.replace("_", "-")):
        Settings(**{name: value})


def test_misspelt_variable_is_reported_with_a_suggestion():
    assert unknown_variables({"SURVEILLANCE_PROT": "1", "SURVEILLANCE_PORT": "2", "PATH": "/bin",
                              "SURVEILLANCE_X": ""}) == [
        "SURVEILLANCE_PROT in the environment is not a setting; did you mean SURVEILLANCE_PORT?",
        "SURVEILLANCE_X in the environment is not a setting"]


@pytest.mark.parametrize(("argv", "environ", "sentence"), [
    (["--port", "70000"], {}, "--port is 70000, but must be a whole number from 0 to 65535"),
    (["--port", "lots"], {}, "--port is 'lots', but must be a whole number from 0"),
    (["--data", "caf\udce9"], {}, "--data has bytes that are not text in UTF-8; rename the"),
    (["--source", "rtsp://me:s\udce9@cam"], {}, "--source has bytes that are not text in UTF-8"),
    ([], {"SURVEILLANCE_PORT": "lots"}, "SURVEILLANCE_PORT is 'lots', but must be a whole"),
    (["--keep", "10"], {}, "--keep is '10', but must be 100kB or more, written like 10GB"),
    *[(["--pre-roll-memory", size], {},
       f"--pre-roll-memory is '{size}', but must be from 1MB to 9999GB, written like 16MB")
      for size in ("0", "0.5MB", "900kB", "16", "1TB", "10000MB", "much")],
    (["--keep", "0"], {}, "--keep is '0', but must be 100kB or more, written like 10GB"),
    (["--host", "http://x"], {}, "--host is 'http://x', but must be written"),
    (["--source", "front door=demo"], {}, "--source names a camera 'front door', but a name must"),
    (["--source", "T\u00fcr=demo"], {}, "--source names a camera 'T\u00fcr', but a name must be up"),
    (["--source", "..=demo"], {}, "--source names a camera '..', but a name must be up to 32"),
    (["--host", "5"], {}, "--host is '5', but must be written like cam.example.org"),
    (["--base-path", "/a/../b"], {}, "--base-path is '/a/../b', but must be written like /PATH"),
    (["--mask", "0,0 500,0 900,0"], {}, "--mask of camera 'camera' is '0,0 500,0 900,0', which is flat"),
    (["--source", "=demo"], {}, "--source names a camera '', but a name must be up to 32"),
    (["--fps", "none"], {}, "--fps is 'none', but must be a number from 0.1 to 240"),
    (["--log-level", "loud"], {}, "--log-level: invalid choice: 'loud' (choose from 'debug', 'info'"),
    ([], {"SURVEILLANCE_TLS": "on"}, "SURVEILLANCE_TLS is 'on', but must be one of off, self-signed"),
    ([], {"SURVEILLANCE_LOOP": "maybe"}, "LOOP is 'maybe', but must be true or false"),
    (["--public-url", "https://me:secret@cam.example.org/"], {},
     "--public-url is 'https://***@cam.example.org/', but must be written like https://cam.example.org/, "),
    (["--mqtt-prefix", "a/#"], {}, "--mqtt-prefix is 'a/#', but must be a topic of up to 64 characters"),
    (["--auth", "some"], {}, "--auth: invalid choice: 'some' (choose from 'on', 'changes', 'off')"),
    ([], {"SURVEILLANCE_AUTH": "some"}, "AUTH is 'some', but must be one of on, changes, off"),
    (["--config", "/nowhere.toml"], {}, "'/nowhere.toml', which cannot be read: No such")])
def test_wrong_value_is_one_sentence_and_status_2(capsys, argv, environ, sentence):
    assert sentence in refused(capsys, argv, environ)


@pytest.mark.parametrize(("content", "sentence"), [
    ("port = 'lots'", "port in {file} is 'lots', but must be a whole number"),
    ("prot = 1", "prot in {file} is not a setting; did you mean port?"),
    ("port = ", "which is not TOML"),
    ("fps = 0x1" + 300 * "0", "fps in {file} is a number of 1201 bits, but must be a number"),
    ("source = [0x1" + 5000 * "0" + "]", "source in {file} is a number of 20001 bits, but"),
    ("loop = 3", "loop in {file} is 3, but must be true or false")])
def test_wrong_file_is_one_sentence_and_status_2(capsys, tmp_path, content, sentence):
    file = tmp_path / "s.toml"
    file.write_text(content)
    assert sentence.format(file=file) in refused(capsys, ["--config", str(file)])


def test_settings_file_of_windows_editors_is_read_as_utf_8(capsys, tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('source = "M\u00fcll.mp4"', encoding="utf-8-sig")
    settings = parse_command_line(["--config", str(file)], {}).settings
    assert settings.source == ("M\u00fcll.mp4",)
    file.write_text('source = "M\u00fcll.mp4"', encoding="latin-1")
    assert "not UTF-8; save it as that" in refused(capsys, ["--config", str(file)])


@pytest.mark.parametrize(("argv", "environ", "content", "auth"), [
    ([], "", "", "on"), (["--auth"], "false", "", "on"), (["--no-auth"], "changes", "", "off"),
    (["--auth", "changes", "--port", "1"], "", "", "changes"), (["--auth=off"], "", "", "off"),
    (["--auth", "true"], "", "", "on"), ([], "no", "auth = true", "off"),
    ([], "changes", "auth = false", "changes"), ([], "1", "", "on"),
    ([], "", "auth = false", "off"), ([], "", "auth = true", "on"),
    ([], "", 'auth = "changes"', "changes"), ([], "", 'auth = "off"', "off")])
def test_auth_is_a_switch_with_a_third_position(tmp_path, argv, environ, content, auth):
    file = tmp_path / "s.toml"
    file.write_text(content)
    settings = parse_command_line([*argv, "--config", str(file)], {
        "SURVEILLANCE_AUTH": environ}).settings
    assert settings.auth == auth


def test_switches_and_numbers_are_read_from_every_place(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("loop = true\nfps = 5\nsource = 1\n")
    settings = parse_command_line(["--config", str(file)], {}).settings
    assert (settings.loop, settings.fps, settings.source) == (True, 5.0, ("1",))
    settings = parse_command_line(["--config", str(file), "--no-loop"], {}).settings
    assert settings.loop is False
    assert parse_command_line([], {"SURVEILLANCE_LOOP": "yes"}).settings.loop is True


# --- cameras


def test_cameras_have_names_or_numbers():
    settings = Settings(source=("front=rtsp://h/x?a=b", "demo", "yard=0"))
    assert [(camera.name, camera.source) for camera in settings.cameras()] == [
        ("front", "rtsp://h/x?a=b"), ("2", "demo"), ("yard", "0")]
    assert Settings(source=("http://h/?x=y",)).cameras()[0].name == "camera"


def test_two_cameras_of_one_name_are_refused():
    with pytest.raises(SettingsError, match="names two cameras 'a'"):
        Settings(source=("a=0", "a=1"))


def test_camera_tables_of_the_file_have_their_own_settings(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text('quality = 60\n[cameras.front]\nsource = "demo"\nthreshold = 40\n'
                    "[cameras.yard]\nsource = 0\nfps = 5\nresolution = \"320x240\"\n")
    front, yard = parse_command_line(["--config", str(file)], {}).settings.cameras()
    assert (front.name, front.source, front.threshold, front.quality) == (
        "front", "demo", 40, 60)
    assert (yard.source, yard.fps, yard.size, yard.threshold) == ("0", 5.0, (320, 240), 25)
    (only,) = parse_command_line(
        ["--config", str(file), "--source", "yard=demo"], {}).settings.cameras()
    assert (only.source, only.fps) == ("demo", 5.0)


@pytest.mark.parametrize(("table", "sentence"), [
    ("[cameras.front]\nsource = ''", "is empty, but must name its camera"),
    ("[cameras.front]\nsuorce = 0", "did you mean source?"),
    ("source = 0\n[cameras.front]\nsource = 1", "must be in a table [cameras.NAME]"),
    ("[camera.front]\nsource = 0", "did you mean cameras?"),
    ("[cameras.front]\nsuorce = 0\nsource = 0", "did you mean source?"),
    ("[cameras.front]\nsource = 0\nport = 5", "is not a setting of a single camera"),
    ("[cameras.front]\nsource = 0\nfps = 'x'", "fps in [cameras.front]"),
    ("[cameras.'../x']\nsource = 0", "must be tables [cameras.NAME]"),
    ("cameras = 3", "must be tables [cameras.NAME]")])
def test_wrong_camera_table_is_one_sentence(tmp_path, capsys, table, sentence):
    file = tmp_path / "s.toml"
    file.write_text(table)
    with pytest.raises(SystemExit):
        parse_command_line(["--config", str(file)], {})
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line


def test_camera_that_the_sources_leave_out_is_reported(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text("[cameras.front]\nsource = 0\n[cameras.yard]\nsource = 1")
    settings = parse_command_line(["--config", str(file), "--source", "front=demo"], {}).settings
    assert settings.unwatched() == [
        f"[cameras.yard] of {file} is not watched, as --source names the cameras"]
    assert parse_command_line(["--config", str(file)], {}).settings.unwatched() == []


def test_environment_may_name_several_cameras(monkeypatch):
    settings = parse_command_line([], {"SURVEILLANCE_SOURCE": "a=demo b=0"}).settings
    assert [camera.name for camera in settings.cameras()] == ["a", "b"]


def test_environment_may_name_several_services():
    urls = ("tgram://12:key/1", "d7sms://user:a word@1", "json://host")
    assert parse_command_line([], {"SURVEILLANCE_APPRISE": " ".join(urls)}).settings.apprise == urls


def test_settings_of_one_camera_do_not_change_another():
    one, two = Settings(source=("a=0", "b=0"), tables={"a": {"width": 100}}).cameras()
    assert (one.width, replace(one, width=640, name="b")) == (100, two)

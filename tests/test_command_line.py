"""Help, usage errors, suggestions and shell completion of the command line."""

import re
import shlex
import subprocess

import pytest

from conftest import needs
from product import run_program
from pyimagesearch.settings.command_line import COMMANDS, parse_command_line
from pyimagesearch.settings.settings import FLAG_OPTIONS

NARROW = {"COLUMNS": "80"}
FLAGS = {flag for item in FLAG_OPTIONS.values() for flag in item.flags}


def help_of(*words):
    ended = run_program(*words, env=NARROW)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def usage_error(*words):
    ended = run_program(*words)
    assert (ended.returncode, ended.stdout) == (2, "")
    (line,) = ended.stderr.splitlines()
    return line


def test_help_is_grouped_and_is_short():
    shown = help_of("--help")
    assert shown.count("\n") <= 66
    headings = re.findall(r"^(\w+):$", shown, re.M)
    assert headings == ["options", "server", "cameras", "detection", "recording", "alerts", "storage",
                        "access", "commands"]
    assert max(map(len, shown.splitlines())) <= 80
    assert "--trusted-proxies" not in shown


def test_help_all_lists_every_option():
    shown = help_of("--help-all")
    assert {word for word in FLAGS if not re.search(rf"^  .*{word}\b", shown, re.M)} == set()


@pytest.mark.parametrize(("command", "option"), [
    ("doctor", "SPEC"), ("token", "--new"), ("password", "--viewer"), ("service", "--install"),
    ("device-key", "--days"), ("completion", "SHELL")])
def test_command_has_help_of_its_own(command, option):
    shown = help_of(command, "--help")
    usage, _, listed = shown.partition("\n\n")
    assert usage.startswith(f"usage: webstreaming {command} [-h] ")
    assert option in usage
    assert f"\n  {option} " in listed
    assert shown.count("\n") < 25
    assert "--threshold" not in shown


def test_help_of_replay_ends_with_examples_that_are_valid():
    shown = help_of("replay", "--help")
    assert "--sensitivity low|normal|high" in shown
    assert "--port" not in shown
    _, _, listed = shown.partition("\n\n")
    assert max(map(len, listed.splitlines())) <= 80
    examples = listed.partition("\nexamples:\n")[2].splitlines()
    assert len(examples) > 3
    for example in examples:
        program, command, *words = shlex.split(example)
        assert (program, parse_command_line([command, *words], {}).command) == (
            "webstreaming", "replay")


@pytest.mark.parametrize(("words", "sentence"), [
    (["--prot", "9000"], "webstreaming: error: --prot is not an option; did you mean --port?"),
    (["--keepdays=3"], "webstreaming: error: --keepdays is not an option; did you mean --keep-days?"),
    (["--no-recrod"], "webstreaming: error: --no-recrod is not an option; did you mean --no-record?"),
    (["rtsp://me:secret@cam/"], "webstreaming: error: a URL is not an argument; use --source URL"),
    (["tokn"], "webstreaming: error: tokn is not a command; did you mean token?"),
    (["--config", "cameras.toml", "alerts", "--test"],
     "webstreaming: error: the command alerts must come first: webstreaming alerts [options] (see"),
    (["token", "--nwe"], "webstreaming token: error: --nwe is not an option; did you mean --new?"),
    (["service", "--port", "80"], "webstreaming service: error: --port is not an option (see"),
    (["doctor", "demo", "--fsp", "5"],
     "webstreaming doctor: error: --fsp is not an option; did you mean --fps?"),
    (["password", "x"], "webstreaming password: error: x is not an argument (see --help)"),
    (["completion"], "webstreaming completion: error: the following arguments are required: SHELL"),
    (["--port"], "webstreaming: error: argument -o/--port: expected one argument"),
    (["--xyzzy"], "webstreaming: error: --xyzzy is not an option (see --help)")])
def test_usage_error_is_one_line_with_a_suggestion(words, sentence):
    assert usage_error(*words).startswith(sentence)


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version_is_printed(flag):
    assert re.fullmatch(r"webstreaming \d+\.\d+\.\d+\n", run_program(flag).stdout)


def test_value_may_begin_with_a_minus():
    line = parse_command_line(["--place", "-33.87,151.21", "--source", "demo"], {})
    assert (line.settings.place, line.settings.source) == ("-33.87,151.21", ("demo",))
    assert usage_error("--port", "-5").startswith("webstreaming: error: --port is -5, but must be")


def test_commands_have_an_argument_and_take_settings():
    line = parse_command_line(["token", "--new", "--port", "80"], {})
    assert (line.command, line.arguments, line.settings.port) == ("token", {"new": True}, 80)
    line = parse_command_line(["doctor", "demo", "--fps", "5"], {"SURVEILLANCE_SOURCE": "0"})
    assert (line.command, line.settings.source, line.settings.fps) == ("doctor", ("demo",), 5.0)
    assert parse_command_line(["doctor"], {}).settings.source == ("auto",)
    line = parse_command_line(["device-key", "add", "tv", "--days", "3"], {})
    assert line.arguments == {"action": "add", "name": "tv", "days": "3"}
    assert parse_command_line(["device-key", "list"], {}).arguments == {
        "action": "list", "name": None, "days": None}
    assert parse_command_line([], {})[:2] == ("", {})


@pytest.fixture(scope="module")
def script():
    return run_program("completion", "bash").stdout


def completed(script, line, cwd):
    """Return what bash offers for the last word of *line*."""
    words = shlex.split(line) + ([""] if line.endswith(" ") else [])
    code = f"""{script}
        COMP_WORDS=({" ".join(map(shlex.quote, words))})
        COMP_CWORD={len(words) - 1}
        COMP_LINE={shlex.quote(line)}
        COMP_POINT={len(line)}
        $(complete -p webstreaming | sed 's/.*-F \\([^ ]*\\).*/\\1/') webstreaming
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    ended = subprocess.run([needs("bash", "bash"), "--norc", "-c", code], cwd=cwd, check=True,
                           capture_output=True, text=True)
    assert ended.stderr == ""
    return {word.strip() for word in ended.stdout.split("\n")} - {""}


def test_bash_completes_commands_options_and_values(script, tmp_path):
    (tmp_path / "cameras.toml").touch()
    assert completed(script, "webstreaming ", tmp_path) >= set(COMMANDS)
    assert completed(script, "webstreaming --", tmp_path) >= {
        word for word in FLAGS if word.startswith("--")}
    assert completed(script, "webstreaming --max-viewers-", tmp_path) == {
        "--max-viewers-per-address"}
    assert completed(script, "webstreaming --log-level w", tmp_path) == {"warning"}
    assert completed(script, "webstreaming --config cam", tmp_path) == {"cameras.toml"}
    assert "--new" in completed(script, "webstreaming token --", tmp_path)
    assert "zsh" in completed(script, "webstreaming completion z", tmp_path)
    assert completed(script, "webstreaming replay --sensitivity l", tmp_path) == {"low"}
    assert "cameras.toml" in completed(script, "webstreaming replay cam", tmp_path)


@pytest.mark.parametrize("shell", ["zsh", "fish", "tcsh"])
def test_other_shells_have_a_script_too(shell):
    script = run_program("completion", shell).stdout
    assert "webstreaming" in script
    assert "max-viewers-per-address" in script

"""The command line: its options and commands, their help, and shell completion."""

import argparse
import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import shtab

from pyimagesearch import __version__
from pyimagesearch.errors import SettingsError

from .loading import did_you_mean, merge
from .option import ENV_PREFIX, GROUPS, Option
from .settings import ALL_OPTIONS, Settings

PROGRAM = "webstreaming"
COMPLETIONS = {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY}      # by metavar


class Command(NamedTuple):
    """A command: the first word of a command line, and what may follow it."""

    summary: str
    argument: str               # its own option or positional argument
    shape: Mapping[str, Any]    # of that argument, for argparse
    listed: tuple[str, ...] = ()    # settings in its help, if it accepts any


COMMANDS = {
    "doctor": Command(
        "list the cameras of this machine and test one", "SPEC",
        {"nargs": "?", "help": "camera to test, written as for --source"},
        ("config", "log_level", "resolution", "fps")),
    "token": Command(
        "print the links that log in", "--new",
        {"action": "store_true", "help": "end these links and print new ones"},
        ("config", "data", "config_dir")),
    "password": Command(
        "set the password of the owner or the viewer", "--viewer",
        {"action": "store_true", "help": "set the viewer's password, not the owner's"},
        ("config", "data", "config_dir")),
    "service": Command(
        "print the systemd unit of the program, or install it", "--install",
        {"action": "store_true", "help": "install the unit, create its user and "
         "settings where they are missing, and print the next steps"}),
    "completion": Command(
        "print a script that completes this command line in a shell", "SHELL",
        {"choices": shtab.SUPPORTED_SHELLS,
         "help": "one of " + ", ".join(shtab.SUPPORTED_SHELLS)}),
}
EPILOG = "\n".join([
    "commands:", *(f"  {name:12}{each.summary}" for name, each in COMMANDS.items()), "",
    f"Options can also be set as {ENV_PREFIX}NAME in the environment, or in the file",
    "given by --config. COMMAND --help shows the options of a command."])


class CommandLine(NamedTuple):
    """A valid command line, merged with the environment and the file."""

    command: str        # empty: run the server
    argument: Any       # the value of the command's own argument
    settings: Settings


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def parse_command_line(argv: Sequence[str], environ: Mapping[str, str]) -> CommandLine:
    """Parse *argv*; print what is wrong and exit with status 2 if something is."""
    command = argv[0] if argv and argv[0] in COMMANDS else ""
    parser = make_parser(command, everything="--help-all" in argv)
    found, unknown = parser.parse_known_args(argv[1:] if command else argv)
    if unknown:
        parser.error(explain_unknown(unknown[0].partition("=")[0], command))
    typed = vars(found)
    argument = typed.pop("argument", None)
    if command == "doctor" and argument is not None:
        typed["source"] = [argument]
    try:
        return CommandLine(command, argument, Settings(**merge(typed, environ)))
    except SettingsError as error:
        parser.error(str(error))


def explain_unknown(word: str, command: str) -> str:
    """Return a sentence about *word*, which *command* does not know."""
    if "://" in word and not word.startswith("-"):      # it may hold a password
        return "a URL is not an argument; use --source URL"
    if not word.startswith("-"):
        return (f"{word} is not an argument" if command else
                f"{word} is not a command{did_you_mean(word, COMMANDS)}")
    own = COMMANDS.get(command)
    known = [own.argument, "--help"] if own else ["--help", "--help-all", "--version"]
    for item in ALL_OPTIONS.values() if not own or own.listed else ():
        known += [item.flag, *(["--no-" + item.flag[2:]] * (item.default is True))]
    return f"{word} is not an option" + did_you_mean(
        word.lstrip("-"), [each.lstrip("-") for each in known], "--")


def make_parser(command: str, *, everything: bool) -> Parser:
    """
    Return the parser of *command*, which converts nothing; "" is the server.

    Its help lists *everything*, or the common options only.
    """
    own = COMMANDS.get(command)
    name = f"{PROGRAM} {command}".strip()
    parser = Parser(
        prog=name, allow_abbrev=False, epilog=None if own else EPILOG,
        usage=None if own else f"{name} [COMMAND] [options]",
        description=own.summary.capitalize() + "." if own else
        "Watch cameras: stream live video and record motion.",
        formatter_class=functools.partial(
            argparse.RawDescriptionHelpFormatter, max_help_position=26))
    add_arguments(parser, command, everything)
    return parser


def add_arguments(parser: argparse.ArgumentParser, command: str,
                  everything: bool) -> None:
    """Add all arguments of *command*."""
    own = COMMANDS.get(command)
    if own and own.argument.startswith("-"):
        parser.add_argument(own.argument, dest="argument", **own.shape)
    elif own:
        parser.add_argument("argument", metavar=own.argument, **own.shape)
    else:
        parser.add_argument("--help-all", action="help",
                            help="show all options, and exit")
        parser.add_argument("-V", "--version", action="version",
                            version=f"%(prog)s {__version__}")
    if own and not own.listed:
        return
    groups = {name: parser.add_argument_group(name) for name in GROUPS}
    for item in ALL_OPTIONS.values():
        add_option(groups[item.group], item, listed=everything or (
            item.name in own.listed if own else not item.advanced))


def add_option(group: Any, item: Option, listed: bool) -> None:
    """Add the option of one setting to *group*; it is accepted even if not *listed*."""
    default = f" (default: {item.shown_default})" if item.shown_default else ""
    shape: dict[str, Any] = {"metavar": item.metavar, "choices": item.choices or None}
    if item.kind is bool:
        shape = {"action": argparse.BooleanOptionalAction}
    elif item.kind is tuple:
        shape["action"] = "append"
    action = group.add_argument(
        *item.flags, dest=item.name, default=argparse.SUPPRESS,
        help=item.help + default if listed else argparse.SUPPRESS, **shape)
    if item.metavar in COMPLETIONS:
        action.complete = COMPLETIONS[item.metavar]


def completion_script(shell: str) -> str:
    """Return the script that completes command lines of the program in *shell*."""
    root = Parser(prog=PROGRAM)
    add_arguments(root, "", everything=True)
    commands = root.add_subparsers()
    for name, each in COMMANDS.items():
        add_arguments(commands.add_parser(name, help=each.summary), name, False)
    return shtab.complete(root, shell)

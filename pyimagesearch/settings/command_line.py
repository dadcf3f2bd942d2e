"""The command line: its options and commands, their help, and shell completion."""

import argparse
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

import shtab

from pyimagesearch import __version__
from pyimagesearch.errors import SettingsError

from .loading import merge
from .option import ENV_PREFIX, GROUPS, Option, as_switch, did_you_mean
from .settings import ALL_OPTIONS, FLAG_OPTIONS, Settings

PROGRAM = "webstreaming"
COMPLETIONS = {     # by metavar
    "FILE": shtab.FILE, "DIR": shtab.DIRECTORY, "VIDEO": shtab.FILE,
    "PICTURE": shtab.FILE, "MODEL": shtab.FILE}


class Command(NamedTuple):
    """A command, and what may follow it."""

    summary: str
    arguments: Mapping[str, Mapping[str, Any]]  # its own, with their shape for argparse
    listed: tuple[str, ...] = ()    # settings in its help, if it accepts any
    examples: tuple[str, ...] = ()  # command lines that its help ends with


COMMANDS = {
    "doctor": Command(
        "list the cameras of this machine and its networks, and test one",
        {"spec": {"metavar": "SPEC", "nargs": "?",
                  "help": "camera to test, written as for --source"}},
        ("config", "log_level", "resolution", "fps")),
    "alerts": Command(
        "list the channels of alerts in the --config file, and test them",
        {"--test": {"action": "store_true",
                    "help": "send a test alert by each of them"}},
        ("config", "data", "config_dir")),
    "objects": Command(
        "fetch the model that names what moves, or try it on a picture",
        {"picture": {"metavar": "PICTURE", "nargs": "?",
                     "help": "picture in which to look for objects"},
         "--get": {"action": "store_true",
                   "help": "fetch the model, unless it is there"}},
        ("objects", "labels", "object_score", "config", "data")),
    "token": Command(
        "print the links that log in",
        {"--new": {"action": "store_true",
                   "help": "end these links and print new ones"}},
        ("config", "data", "config_dir")),
    "password": Command(
        "set the password of the owner or the viewer",
        {"--viewer": {"action": "store_true",
                      "help": "set the viewer's password, not the owner's"}},
        ("config", "data", "config_dir")),
    "device-key": Command(
        "make, list or revoke the keys of programs that watch",
        {"action": {"metavar": "ACTION", "choices": ("add", "list", "revoke"),
                    "help": "add NAME, list, or revoke NAME"},
         "name": {"metavar": "NAME", "nargs": "?", "help": "name of the key"},
         "--days": {"metavar": "N", "help": "days after which it expires; default: "
                    "never"}},
        ("config", "data", "config_dir")),
    "replay": Command(
        "detect motion in videos, with these settings or others",
        {"video": {"metavar": "VIDEO", "nargs": "*",
                   "help": "clip, other video file, or folder of them"},
         "--camera": {"metavar": "NAME",
                      "help": "use the settings of this camera; default: the clip's"},
         "--compare": {"metavar": "A,B", "action": "append",
                       "help": "compare detectors, each with settings of its own if "
                       "need be; repeatable"},
         "--report": {"metavar": "FILE",
                      "help": "write a page with charts and pictures (HTML)"},
         "--suggest": {"action": "store_true",
                       "help": "find the settings that keep all real events with the "
                       "fewest false ones: in clips, or without any, in all marked "
                       "events"},
         "--json": {"action": "store_true", "help": "print JSON"}},
        ("detector", "sensitivity", "frame_count", "threshold", "accum_weight",
         "min_area", "min_frames", "post_roll", "fps", "config", "data"),
        ("garden.mp4", "clips/front --report front.html",
         "garden.mp4 --compare single,mog2 --min-area 2",
         "garden.mp4 --compare 'single, single threshold=40'",
         "--suggest --camera front")),
    "service": Command(
        "print the systemd unit of the program, or install it",
        {"--install": {"action": "store_true", "help": "install the unit, create its "
                       "user and settings where they are missing, let avahi announce "
                       "the server, and print the next steps"}}),
    "completion": Command(
        "print a script that completes this command line in a shell",
        {"shell": {"metavar": "SHELL", "choices": shtab.SUPPORTED_SHELLS,
                   "help": "one of " + ", ".join(shtab.SUPPORTED_SHELLS)}}),
}
SERVER = Command(       # runs without a command
    "watch cameras: stream live video and record motion",
    {"--help-all": {"action": "help", "help": "show all options, and exit"}},
    tuple(name for name, item in FLAG_OPTIONS.items() if not item.advanced))
EPILOG = "\n".join([
    "commands:", *(f"  {name:12}{each.summary}" for name, each in COMMANDS.items()), "",
    f"Options can also be set as {ENV_PREFIX}NAME in the environment, or in the file",
    "given by --config. COMMAND --help shows the options of a command."])


class CommandLine(NamedTuple):
    """A valid command line, merged with the environment and the file."""

    command: str        # empty: run the server
    arguments: Mapping[str, Any]    # of the command, by name without dashes
    settings: Settings


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print *message* and exit with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def parse_command_line(argv: Sequence[str], environ: Mapping[str, str]) -> CommandLine:
    """Parse *argv*; print what is wrong and exit with status 2 if something is."""
    name = argv[0] if argv and argv[0] in COMMANDS else ""
    parser = make_parser(name, everything="--help-all" in argv)
    found, unknown = parser.parse_known_intermixed_args(
        with_negatives(argv[1:] if name else argv))
    if unknown:
        parser.error(explain_unknown(unknown[0].partition("=")[0], name, argv))
    typed = vars(found)
    own = COMMANDS[name].arguments if name else ()
    arguments = {each: typed.pop(each) for each in (word.lstrip("-") for word in own)}
    if arguments.get("spec") is not None:
        typed["source"] = [arguments["spec"]]
    try:
        return CommandLine(name, arguments, Settings(**merge(typed, environ)))
    except SettingsError as error:
        parser.error(str(error))


def with_negatives(argv: Sequence[str]) -> list[str]:
    """Return *argv* with each value that begins like ``-33.87,151`` joined to its flag.

    The parser takes what begins with - and is more than one number for an option.
    """
    joined: list[str] = []
    for word in argv:
        if joined and re.match(r"-\d", word) and re.fullmatch("--[a-z-]+", joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def explain_unknown(word: str, name: str, argv: Sequence[str]) -> str:
    """Return a sentence about *word* of *argv*, unknown to the command *name*."""
    if ":" in word and not word.startswith("-"):
        return "a URL is not an argument; use --source URL"
    is_option = word.startswith("--") and "@" not in word
    private = ALL_OPTIONS.get(word.removeprefix("--").replace("-", "_"))
    if is_option and private and private.private:
        return (f"{word} is not an option, as all users of this machine could read its "
                f"value; set {private.variable} in the environment, or {private.name} "
                "in the file given by --config")
    if is_option and private and private.file_only:
        return (f"{word} is not an option; set {private.name} in the file given by "
                "--config")
    if word in COMMANDS and not name:
        return f"the command {word} must come first: {PROGRAM} {word} [options]"
    if "@" in "".join(argv) and not is_option and word not in argv[:1]:
        # perhaps a part of a password: a URL with a blank in it
        return "there is an argument too many; put the URL after --source in quotes"
    if not word.startswith("-"):
        return (f"{word} is not an argument" if name else
                f"{word} is not a command{did_you_mean(word, COMMANDS)}")
    own = COMMANDS.get(name, SERVER)
    known = ["--help", *own.arguments, *["--version"] * (own is SERVER)]
    for item in FLAG_OPTIONS.values() if own.listed else ():
        known += [item.flag, *([item.negation] * (item.default in (True, "on")))]
    return f"{word} is not an option" + did_you_mean(
        word.lstrip("-"), [each.lstrip("-") for each in known], "--")


def make_parser(name: str, *, everything: bool) -> Parser:
    """
    Return the parser of the command *name*, which converts nothing; "" is the server.

    Its help lists *everything*, or the common options only.
    """
    own = COMMANDS.get(name, SERVER)
    parser = Parser(
        prog=f"{PROGRAM} {name}".strip(), allow_abbrev=False,
        usage=None if name else f"{PROGRAM} [COMMAND] [options]",
        description=own.summary.capitalize() + ".",
        epilog=epilog_of(name, own) if name else EPILOG,
        formatter_class=functools.partial(
            argparse.RawDescriptionHelpFormatter, max_help_position=26))
    add_arguments(parser, own, everything)
    return parser


def epilog_of(name: str, own: Command) -> str | None:
    """Return the examples of the command *name* for the end of its help."""
    if not own.examples:
        return None
    return "\n".join(["examples:", *(f"  {PROGRAM} {name} {each}"
                                     for each in own.examples)])


def add_arguments(parser: argparse.ArgumentParser, own: Command, everything: bool
                  ) -> None:
    """Add all arguments of a command."""
    for name, shape in own.arguments.items():
        action = parser.add_argument(name, **shape)
        complete(action)
    if own is SERVER:
        parser.add_argument("-V", "--version", action="version",
                            version=f"%(prog)s {__version__}")
    if own.listed:
        groups = {name: parser.add_argument_group(name) for name in GROUPS}
        for item in FLAG_OPTIONS.values():
            add_option(groups[item.group], item, everything or item.name in own.listed)


def add_option(group: Any, item: Option, listed: bool) -> None:
    """Add the option of one setting to *group*; it is accepted even if not *listed*."""
    default = f" (default: {item.shown_default})" if item.shown_default else ""
    shape: dict[str, Any] = {"metavar": item.metavar, "choices": item.choices or None}
    if item.kind is bool:
        shape = {"action": argparse.BooleanOptionalAction}
    elif item.kind is tuple:
        shape["action"] = "append"
    elif item.has_switch:
        shape |= {"nargs": "?", "const": "on", "type": as_switch}
        group.add_argument(item.negation, dest=item.name, default=argparse.SUPPRESS,
                           help=argparse.SUPPRESS, action="store_const", const="off")
    action = group.add_argument(
        *item.flags, dest=item.name, default=argparse.SUPPRESS,
        help=(item.help + default).replace("%", "%%") if listed else argparse.SUPPRESS,
        **shape)
    complete(action)


def complete(action: Any) -> None:
    """Have shells complete the value of *action* by its metavar."""
    if action.metavar in COMPLETIONS:
        action.complete = COMPLETIONS[action.metavar]


def completion_script(shell: str) -> str:
    """Return the script that completes command lines of the program in *shell*."""
    root = make_parser("", everything=True)
    commands = root.add_subparsers()
    for name, each in COMMANDS.items():
        add_arguments(commands.add_parser(name, help=each.summary), each, False)
    return shtab.complete(root, shell)

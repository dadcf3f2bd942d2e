"""Run a program for each alert, without a shell; variables describe the alert."""

import contextlib
import errno
import logging
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyimagesearch.errors import reason

from ..alert import Alert
from ..channel import DeliveryFailed, channel_key
from .child_environment import child_environment

log = logging.getLogger(__name__)

COMMAND_SECONDS = 29.0      # for the program, and one more second to end it
GRACE_SECONDS = 1.0         # from asking it to end to killing it
CLOSE_SECONDS = 0.3         # the same, when this program ends
MAX_VARIABLE_CHARACTERS = 10_000


class CommandChannel:
    """
    The program at *path*, run for one alert after the other.

    It may take *seconds*; then it is asked to end, and killed after the seconds of
    *grace*, with all processes in its process group. An exit status other than 0 counts
    as a failure.
    """

    takes_updates = True

    def __init__(self, path: str, seconds: float = COMMAND_SECONDS,
                 grace: float = GRACE_SECONDS) -> None:
        self.name = f"command {Path(path).name}"
        self.key = channel_key("command", path)
        self._path = path
        self._seconds = seconds
        self._grace = grace
        self._lock = threading.Lock()       # guards the next attribute
        self._process: subprocess.Popen[bytes] | None = None    # that runs now

    def send(self, alert: Alert) -> None:
        """Run the program for *alert*; raises :exc:`DeliveryFailed`. Blocks."""
        with still_file(alert.still) as still:
            status = self._run({**child_environment(), **variables(alert, still)})
        if status is None:
            raise DeliveryFailed("the program was ended, as it took longer than "
                                 f"{self._seconds:g} seconds")
        if status:
            raise DeliveryFailed(
                f"the program ended with the exit status {status}" if status > 0
                else f"the program was ended by the signal {signal_name(-status)}",
                is_refusal=True)

    def close(self) -> None:
        """End what :meth:`send` does now, after a moment by force. Blocks for that."""
        with self._lock:
            process = self._process
        if process:
            signal_group(process, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(CLOSE_SECONDS)
            signal_group(process, signal.SIGKILL)

    def _run(self, environment: Mapping[str, str | bytes]) -> int | None:
        """Run the program; return its exit status, ``None`` if it took too long."""
        nothing = subprocess.DEVNULL
        try:
            with self._lock:
                self._process = process = subprocess.Popen(
                    [self._path], env=environment, cwd="/", stdin=nothing,
                    stdout=nothing, stderr=nothing, start_new_session=True)
        except OSError as error:
            raise DeliveryFailed("the program cannot be started: "
                                 f"{start_trouble(error, self._path)}") from None
        try:
            return process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            end_group(process, self._grace)
            return None
        finally:
            with self._lock:
                self._process = None


def start_trouble(error: OSError, path: str) -> str:
    """Return why the program at *path* cannot be started."""
    if error.errno == errno.ENOEXEC:
        return "its first line names no interpreter, such as #!/bin/sh"
    if error.errno == errno.ENOENT and Path(path).exists():
        return "the interpreter that its first line names does not exist here"
    return reason(error).lower()


def variables(alert: Alert, still: str) -> dict[str, bytes]:
    """Return the variables that describe *alert*, with the path of its *still*."""
    fields = {**alert.as_json(), "key": alert.key, "title": alert.title,
              "text": alert.text, "still": still}
    return {f"ALERT_{name.upper()}": as_text(value) for name, value in fields.items()}


def as_text(value: object) -> bytes:
    """Return the *value* of a variable, which is text, a number, a list or a dict."""
    if isinstance(value, dict):
        value = [f"{name}={count}" for name, count in value.items()]
    text = "" if value is None else (
        ",".join(map(str, value)) if isinstance(value, list) else str(value))
    return text.replace("\0", "")[:MAX_VARIABLE_CHARACTERS].encode("utf-8", "replace")


@contextlib.contextmanager
def still_file(still: bytes | None) -> Iterator[str]:
    """Keep *still* in a file meanwhile, and yield its path; empty if there is none."""
    with contextlib.ExitStack() as stack:
        path = ""
        if still is not None:
            try:
                path = written(still, stack)
            except OSError as error:
                log.warning("the still of an alert cannot be written: %s",
                            reason(error))
        yield path


def written(still: bytes, stack: contextlib.ExitStack) -> str:
    """Write *still* to a file, which *stack* removes; raises :exc:`OSError`."""
    handle, path = tempfile.mkstemp(prefix="alert-", suffix=".jpg")
    stack.callback(Path(path).unlink, missing_ok=True)
    with open(handle, "wb") as file:
        file.write(still)
    return path


def end_group(process: subprocess.Popen[bytes], grace: float) -> None:
    """End all processes in the group of *process*, after *grace* [s] by force."""
    signal_group(process, signal.SIGTERM)
    time.sleep(grace)       # the number of the group stays taken until wait()
    signal_group(process, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the signal to all processes in the group of *process*."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def signal_name(number: int) -> str:
    """Return the name of a signal, such as SIGKILL."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)

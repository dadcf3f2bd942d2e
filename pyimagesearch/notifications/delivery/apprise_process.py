"""The child process in which Apprise sends alerts, while there are any to send."""

import contextlib
import itertools
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pyimagesearch.errors import SurveillanceError

from .child_environment import child_environment

CHILD_PROGRAM = Path(__file__).with_name("apprise_child.py")    # imports Apprise
ANSWER_SECONDS = 30.0       # from the request, with the start of the child
JOIN_SECONDS = 5.0          # age up to which a child takes more requests
END_SECONDS = 2.0           # for a child that has nothing to do any more


class ChildFailed(SurveillanceError):
    """The child process did not answer."""


class Answer(NamedTuple):
    """What the child says: whether the URL is valid, and why sending failed."""

    accepted: bool
    trouble: str


class AppriseProcess:
    """
    A child process that sends through Apprise, and ends once all is sent.

    Apprise takes 35 MB, and half a second of a small computer's time to import: so it
    is not imported here. Requests of several threads at the same time share a child,
    in which none waits for another. Any thread may call any method.
    """

    def __init__(self, seconds: float = ANSWER_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._newest: _Child | None = None
        self._children: set[_Child] = set()

    def ask(self, request: Mapping[str, Any]) -> Answer:
        """Let a child do what *request* says; raises :exc:`ChildFailed`. Blocks."""
        child = self._join_child()
        try:
            return child.ask(request)
        finally:
            self._leave(child)

    def prepare(self) -> None:
        """Start a child for a request that follows; raises :exc:`ChildFailed`."""
        with self._lock:
            if self._newest and self._newest.is_fresh:
                return
        timer = threading.Timer(JOIN_SECONDS, self._leave, [self._join_child()])
        timer.daemon = True
        timer.start()

    def _join_child(self) -> "_Child":
        with self._lock:
            if self._newest is None or not self._newest.is_fresh:
                try:
                    self._newest = _Child(self._seconds)
                except OSError as error:
                    raise ChildFailed("no process can be started for Apprise: "
                                      f"{error.strerror}") from None
                self._children.add(self._newest)
            self._newest.users += 1
            return self._newest

    def _leave(self, child: "_Child") -> None:
        with self._lock:
            child.users -= 1
            if child.users:
                return
            self._children.discard(child)
            if self._newest is child:
                self._newest = None
        child.end()

    def close(self) -> None:
        """End what :meth:`ask` waits for now."""
        with self._lock:
            for child in self._children:
                child.close()


class _Child:
    """One process; *users* is guarded by the lock of :class:`AppriseProcess`."""

    def __init__(self, seconds: float) -> None:
        self.users = 0
        self._seconds = seconds
        self._numbers = itertools.count()
        self._waiting: dict[int, queue.SimpleQueue[Answer | None]] = {}
        self._writing = threading.Lock()
        self._born = time.monotonic()
        self._socket, theirs = socket.socketpair()
        with theirs:        # a session of its own: Ctrl-C in a terminal is not for it
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(CHILD_PROGRAM)], stdin=theirs.fileno(),
                stdout=theirs.fileno(), stderr=subprocess.DEVNULL,
                env=child_environment(), start_new_session=True)
        self._hangs = self._closed = False
        self._socket.settimeout(seconds + END_SECONDS)
        threading.Thread(target=self._read, name="apprise", daemon=True).start()

    @property
    def is_fresh(self) -> bool:
        """Whether it takes another request, in time to answer it."""
        return (self._process.poll() is None
                and time.monotonic() - self._born < JOIN_SECONDS)

    def ask(self, request: Mapping[str, Any]) -> Answer:
        number, box = next(self._numbers), queue.SimpleQueue[Answer | None]()
        self._waiting[number] = box
        line = json.dumps({"id": number, **request}) + "\n"
        until = time.monotonic() + self._seconds
        try:
            with self._writing:
                self._socket.sendall(line.encode())
            answer = box.get(timeout=max(0.0, until - time.monotonic()))
        except (TimeoutError, queue.Empty):
            self._hangs = True
            raise ChildFailed(
                f"Apprise did not answer in {self._seconds:g} s") from None
        except OSError:     # it has gone
            answer = None
        if answer is None:
            raise ChildFailed(self._describe_end())
        return answer

    def _describe_end(self) -> str:
        if self._closed:
            return "it was given up, as the program ends"
        status = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(END_SECONDS)
        return (f"the process of Apprise ended early, with status {status}"
                + ("; check that apprise is installed" if status == 1 else ""))

    def _read(self) -> None:
        """Hand out the answers, until the child ends or hangs."""
        try:
            self._hand_out()
            self._process.wait(END_SECONDS)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._socket.close()
        for box in list(self._waiting.values()):
            box.put(None)

    def _hand_out(self) -> None:
        with self._socket.makefile() as lines:
            for line in lines:
                found = json.loads(line)
                self._waiting[found["id"]].put(
                    Answer(found["accepted"], found["trouble"]))

    def end(self) -> None:
        """Let the process end by itself, unless it hangs."""
        if self._hangs:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End the process at once."""
        self._closed = True
        self._process.kill()

"""
The program, started without waiting for its imports.

Starting Python and importing OpenCV takes longer than most tests. A template process
imports the program once; each start is a fork of it, which runs ``webstreaming.run``
with arguments, environment, folder and files of its own, as a fresh process would.
Several tests start the program in the ordinary way all the same.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PR_SET_CHILD_SUBREAPER = 36     # linux/prctl.h


# --- in the template

def serve_forks(requests):
    """Import what the program needs, then fork for each request until the end."""
    sys.path.insert(0, str(ROOT))
    for name in ("av", "cryptography.x509", "imutils.video"):   # imported late by it
        __import__(name)
    import webstreaming
    while True:
        message, files, _, _ = socket.recv_fds(requests, 1 << 20, 3)
        if not message:
            return
        middle = os.fork()
        if not middle:      # its child becomes the child of the tests when it ends
            child = os.fork()
            if child:
                requests.sendall(b"%d\n" % child)
                os._exit(0)
            become(json.loads(message), files, requests)
            webstreaming.run()
        os.waitpid(middle, 0)
        for file in files:
            os.close(file)


def become(wanted, files, requests):
    """Turn this fork into a process with the *wanted* surroundings."""
    requests.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdout = open(1, "w", closefd=False)    # noqa: SIM115
    if os.isatty(0):
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(wanted["cwd"])
    os.environ.clear()
    os.environ.update(wanted["env"])
    sys.argv = ["webstreaming.py", *wanted["arguments"]]


# --- in the tests

class Forked:
    """What the tests use of ``subprocess.Popen``, for a fork of the template."""

    def __init__(self, pid, *outputs):
        self.pid, self.returncode = pid, None
        self.stdout, self.stderr = map(open, outputs) if outputs else (None, None)

    def poll(self):
        if self.returncode is None:
            try:
                found, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:       # its parent has not ended yet
                return None
            if found:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=None):
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if until and time.monotonic() > until:
                raise subprocess.TimeoutExpired("webstreaming.py", timeout)
            time.sleep(0.005)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout=None):
        """Return what was printed, once the process has ended; little fits a pipe."""
        self.wait(timeout)
        with self.stdout, self.stderr:
            return self.stdout.read(), self.stderr.read()


class Template:
    """The process that forks, started when first needed."""

    def __init__(self):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._requests, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())], cwd=ROOT,
                pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})

    def start(self, arguments, env, cwd):
        """Return a new process of the program."""
        out, err = os.pipe(), os.pipe()
        with open(os.devnull) as nothing:
            pid = self._fork(arguments, env, cwd, nothing.fileno(), out[1], err[1])
        os.close(out[1])
        os.close(err[1])
        return Forked(pid, out[0], err[0])

    def start_in(self, terminal, arguments, env, cwd):
        """Return a new process of the program, in a session of the *terminal*'s own."""
        return Forked(self._fork(arguments, env, cwd, terminal, terminal, terminal))

    def _fork(self, arguments, env, cwd, *files):
        wanted = json.dumps({"arguments": list(map(str, arguments)), "env": dict(env),
                             "cwd": str(cwd)}).encode()
        socket.send_fds(self._requests, [wanted], files)
        with self._requests.makefile("rb", buffering=0) as answer:
            return int(answer.readline())

    def close(self):
        self._requests.close()
        self._process.wait()


if __name__ == "__main__":
    serve_forks(socket.socket(fileno=int(sys.argv[1])))

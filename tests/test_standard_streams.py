"""Standard streams that cannot be written, around the whole program."""

import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from harness import DEADLINE, ROOT, eventually, needs
from network import free_port
from product import template


def full_disk(arguments):
    with open("/dev/full", "r+b", buffering=0) as full:
        return template().start_in(full.fileno(), arguments, os.environ, ROOT)


def gone_reader(arguments):
    process = template().start(arguments, os.environ, ROOT)
    process.stdout.close()
    process.stderr.close()
    return process


@pytest.mark.parametrize("begin", [full_disk, gone_reader])
def test_server_needs_no_one_who_reads_what_it_says(tmp_path, begin):
    port = free_port()
    process = begin(["--source", "demo:160x120@10", "--port", port, "--log-level", "debug",
                     "--data", tmp_path])
    try:
        page = eventually(lambda: answer(f"http://127.0.0.1:{port}/readyz"))
        assert page == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()


def answer(url):
    """Return the status of the page at *url*, ``None`` while there is none."""
    try:
        with urllib.request.urlopen(url, timeout=DEADLINE) as page:
            return page.status
    except OSError:
        return None


def test_command_that_cannot_print_ends_with_one_sentence():
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        [needs("bash", "bash"), "-c", '"$0" webstreaming.py --help >/dev/full', sys.executable],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (ended.returncode, ended.stderr) == (
        1, "webstreaming: error: the output cannot be written: No space left on device\n")


@pytest.mark.parametrize(("words", "status"), [(["--data", "/dev/null"], 2), (["token"], 1)])
def test_status_is_right_though_the_error_cannot_be_printed(words, status):
    assert full_disk(words).wait(DEADLINE) == status


def test_interrupted_command_ends_without_a_traceback():
    process = template().start(["doctor", "--source", "demo:160x120"], os.environ, ROOT)
    with process.stdout, process.stderr:
        while "opening demo" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
        assert process.stderr.read().strip() == ""

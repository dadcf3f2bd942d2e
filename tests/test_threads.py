"""Worker threads, and errors that they do not catch."""

import signal
import threading

import pytest

from pyimagesearch.threads import SHUTDOWN_SECONDS, UncaughtErrors, Worker, be_nice


class Idle(Worker):
    def run(self):
        self.stopping.wait()


def test_worker_runs_until_it_is_stopped():
    worker = Idle("idle")
    worker.start()
    assert not worker.join(0.01)
    worker.stop()
    assert worker.join(60)


def test_worker_that_never_started_has_ended():
    assert Idle("idle").join(0)


@pytest.mark.parametrize(("before", "after"), [(0, 5), (10, 10)])
def test_writing_thread_has_a_lower_priority_than_the_camera(monkeypatch, before, after):
    """What was started with "nice" may not be less nice, and need not."""
    given = []
    monkeypatch.setattr("os.getpriority", lambda which, number: before)
    monkeypatch.setattr("os.setpriority", lambda which, number, value: given.append(value))
    be_nice()
    assert given == [after]


def test_thread_works_without_a_lower_priority(monkeypatch):
    def refused(which, number, value):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("os.setpriority", refused)
    be_nice()


@pytest.fixture
def uncaught_errors(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # put back afterwards
    alarms, ended = [], []
    monkeypatch.setattr(signal, "alarm", alarms.append)
    errors = UncaughtErrors(lambda: ended.append(True))
    errors.install()
    return errors, alarms, ended


@pytest.mark.parametrize("error", [ZeroDivisionError("a defect"), MemoryError()], ids=repr)
def test_uncaught_error_is_logged_and_ends_the_program(uncaught_errors, caplog, error):
    def die():
        raise error
    errors, alarms, ended = uncaught_errors
    thread = threading.Thread(target=die, name="recorder-front")
    thread.start()
    thread.join()
    assert "thread recorder-front failed, ending the program" in caplog.text
    assert "in die" in caplog.text
    assert (errors.status, alarms, ended) == (1, [SHUTDOWN_SECONDS], [True])


def test_thread_that_exits_does_not_end_the_program(uncaught_errors, caplog):
    thread = threading.Thread(target=lambda: exec("raise SystemExit"))
    thread.start()
    thread.join()
    assert uncaught_errors[0].status == 0
    assert caplog.text == ""

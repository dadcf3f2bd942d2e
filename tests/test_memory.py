"""Memory: what lies free is given back when it is much, and kept when it comes and goes."""

import subprocess
import sys

from conftest import DEADLINE, ROOT

HOLES = """if True:    # in a process of its own, whose heap nothing else has used
    from pyimagesearch import memory
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    assert memory.keep_freed_memory()
    blocks = [bytearray(b"x" * 200_000) for _ in range({})]
    before = resident()
    del blocks[::2]
    kept = resident()
    memory.give_back()
    print(before - kept, kept - resident())
    """


def given_back(blocks):
    """Return what was given back of so many blocks: at once, and when asked for [bytes]."""
    ended = subprocess.run([sys.executable, "-c", HOLES.format(blocks)], cwd=ROOT,
                           capture_output=True, text=True, timeout=DEADLINE, check=True)
    at_once, asked = map(int, ended.stdout.split())
    return at_once, asked


def test_few_holes_are_kept():
    at_once, asked = given_back(100)        # 10 MB
    assert abs(at_once) < 1_000_000
    assert abs(asked) < 1_000_000


def test_many_holes_are_given_back_but_not_before_it_is_time():
    at_once, asked = given_back(800)        # 80 MB
    assert abs(at_once) < 1_000_000
    assert asked > 70_000_000


def test_without_knowing_all_is_given_back(monkeypatch):
    """As with a glibc before 2.33."""
    from pyimagesearch import memory
    trimmed = []

    class Older:
        def malloc_trim(self, pad):
            trimmed.append(pad)
    monkeypatch.setattr(memory, "c_library", Older)
    memory.give_back()
    assert trimmed == [0]

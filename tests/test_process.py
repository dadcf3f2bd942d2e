"""Memory: what lies free is given back when it is much, and otherwise kept for what comes."""

import subprocess
import sys

from conftest import DEADLINE, ROOT

BEGIN = """if True:    # in a process of its own, whose heap nothing else has used
    import sys
    from pyimagesearch.system import process as memory
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    assert memory.keep_freed_memory()
    """
HOLES = BEGIN + """
    blocks = [bytearray(b"x" * 200_000) for _ in range(int(sys.argv[1]))]
    before = resident()
    del blocks[::2]
    kept = resident()
    memory.give_back()
    print(before - kept, kept - resident())
    """
ROOM = BEGIN + """
    blocks = [bytearray(b"x" * 200_000) for _ in range(400)]
    if sys.argv[1] == "roomy":
        memory.have_room()
    before = resident()
    more = [bytearray(b"x" * 100_000) for _ in range(70)]
    print(resident() - before)
    """


def told(program, word):
    """Return the numbers that *program* prints."""
    ended = subprocess.run([sys.executable, "-c", program, str(word)], cwd=ROOT,
                           capture_output=True, text=True, timeout=DEADLINE, check=True)
    return [int(number) for number in ended.stdout.split()]


def test_few_holes_are_kept():
    at_once, asked = told(HOLES, 100)       # 10 MB
    assert abs(at_once) < 1_000_000
    assert abs(asked) < 1_000_000


def test_many_holes_are_given_back_but_not_before_it_is_time():
    at_once, asked = told(HOLES, 800)       # 80 MB
    assert abs(at_once) < 1_000_000
    assert asked > 70_000_000


def test_room_is_there_before_it_is_needed():
    (grown,) = told(ROOM, "roomy")
    assert grown < 500_000
    (grown,) = told(ROOM, "as it comes")
    assert grown > 6_000_000


def test_without_knowing_all_is_given_back(monkeypatch):
    """As with a glibc before 2.33."""
    from pyimagesearch.system import process as memory
    trimmed = []

    class Older:
        def malloc_trim(self, pad):
            trimmed.append(pad)
    monkeypatch.setattr(memory, "c_library", Older)
    memory.give_back()
    memory.have_room()
    assert trimmed == [0]

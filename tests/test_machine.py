"""What a machine does to us, and we to it: when it stands still, and memory."""

import subprocess
import sys

import pytest

from conftest import ROOT
from machine import StoodStill


@pytest.mark.parametrize(("ran", "again"), [(10.0, False), (8.5, False), (7.5, True), (0.0, True)])
def test_only_a_machine_that_stood_still_gives_another_chance(ran, again):
    readings = iter([100.0, 110.0]), iter([50.0, 50.0 + ran])
    stood_still = StoodStill(*(one.__next__ for one in readings))
    stood_still.begin()
    assert stood_still() is again


NAMES = """if True:
    import ctypes, sys
    import webstreaming         # with all that it imports
    from pyimagesearch.system.process import names_have_room

    class Mallinfo(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
            "fordblks", "keepcost")]

    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = Mallinfo

    def most(places):
        found = []
        for number in range(places):
            sys.intern(f"2026-11-25/{number}.mp4")
            if number % 200 == 0:
                told = mallinfo2()
                found.append(told.uordblks + told.hblkhd)
        return max(found) - found[0]

    if "with" in sys.argv:
        names_have_room()
    print(most(16_000))
"""


def test_names_that_come_and_go_do_not_make_the_program_grow():
    """Its table of names was made anew in the middle of the first half hour."""
    grown = [int(subprocess.run([sys.executable, "-c", NAMES, word], cwd=ROOT, text=True,
                                capture_output=True, check=True).stdout)
             for word in ("with", "without")]
    assert grown[0] < 200_000 < grown[1]

"""Process-wide settings, each in a process of its own."""

import os
import resource
import subprocess
import sys

from harness import DEADLINE, ROOT, needs

FREE_10_MB = """if True:
    from pyimagesearch.system.process import keep_freed_memory
    def resident():
        return int(open("/proc/self/statm").read().split()[1]) * 4096
    assert keep_freed_memory()
    blocks = [bytearray(b"x" * 200_000) for _ in range(50)]
    before = resident()
    del blocks
    print(before - resident())
    """
DESCRIPTORS = """if True:
    import resource
    from pyimagesearch.system.process import raise_descriptor_limit
    print(raise_descriptor_limit(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    """
STREAMS = """if True:
    import sys
    from pyimagesearch.system.process import open_streams
    open_streams()
    print("lost"), sys.stderr.write("lost"), sys.stdin.read()
    with open(sys.argv[1], "w") as file:
        file.write(str(file.fileno()))
    """


def printed(program, **options):
    """Return the numbers that *program* prints."""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True,
                           text=True, timeout=DEADLINE, check=True, **options)
    return [int(number) for number in ended.stdout.split()]


def test_freed_picture_memory_is_kept():
    (returned,) = printed(FREE_10_MB)
    assert abs(returned) < 1_000_000


def test_descriptor_limit_is_raised_as_far_as_allowed():
    limit = (256, 3000)
    assert printed(DESCRIPTORS, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_NOFILE, limit)) == [3000, 3000]


def test_closed_standard_streams_are_no_files(tmp_path):
    number = tmp_path / "number"
    subprocess.run([needs("bash", "bash"), "-c", '"$0" "$@" <&- >&- 2>&-', sys.executable, "-c",
                    STREAMS, number], cwd=ROOT, timeout=DEADLINE, check=True)
    assert int(number.read_text()) > 2


def test_characters_unknown_to_the_terminal_are_escaped():
    ended = subprocess.run([sys.executable, "-c", (
        "from pyimagesearch.system.process import open_streams\n"
        "open_streams()\nprint('d\u00e9')")], cwd=ROOT, capture_output=True, check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert ended.stdout == b"d\\xe9\n"

"""Settings of the whole process: memory and open files."""

import ctypes
import io
import os
import resource
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8    # malloc.h of glibc
MAX_DESCRIPTORS = 4096          # enough for all sockets and files, and a small table
KEPT_BYTES = 16 * 1024 * 1024   # free at the end of the heap before it is trimmed
PICTURE_BYTES = 8 * 1024 * 1024     # smaller blocks come from the heap: a 1080p frame


def keep_freed_memory() -> bool:
    """
    Make glibc's malloc keep freed picture memory; return whether it accepted that.

    By default it returns the memory of each large picture to the kernel and faults
    it in again page by page for the next one: half of the time of decoding a JPEG at
    30 frames a second. All threads share one arena, as each would keep as much for
    itself. Does nothing with another C library.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, 1)
                and mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
                and mallopt(M_MMAP_THRESHOLD, PICTURE_BYTES))


def raise_descriptor_limit() -> int:
    """Raise the limit of open files as far as allowed; return the new one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(MAX_DESCRIPTORS, hard)     # Linux knows no infinite one
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


def open_streams() -> None:
    """
    Replace standard streams that the caller has closed by ``/dev/null``.

    Else their numbers would go to files, such as clips, into which libraries would
    then write their messages. To be called before any file is opened. Characters that
    stdout cannot encode are escaped, as on stderr.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))      # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")

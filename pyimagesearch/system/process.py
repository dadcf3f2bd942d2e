"""Memory and descriptors: what is asked of the C library, of Python and the kernel."""

import contextlib
import ctypes
import functools
import gc
import resource
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8    # malloc.h of glibc
DESCRIPTORS = 4096      # enough for all that is ever open, and still a small table
NAMES = 20_000          # that fill the table as it is after all is imported
NEVER = 1 << 30     # bytes at the end of the heap that are given back by themselves
PICTURES = 8 * 1024 * 1024      # bytes: a frame of 1080p, and some
HOLES = 16 * 1024 * 1024        # bytes that may lie free between what is used
SLACK = 10              # of what is used, which part is held free beside that
PIECE = 64 * 1024       # bytes, in which that is asked for: most holes are larger


class MallInfo(ctypes.Structure):
    """``struct mallinfo2`` of glibc's malloc.h [bytes]."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks",
        "uordblks", "fordblks", "keepcost"))
    uordblks: int       # what is used
    fordblks: int       # what lies free, given back or not


@functools.cache
def c_library() -> ctypes.CDLL:
    """Return the C library; each further one would be a kilobyte of garbage."""
    return ctypes.CDLL(None)


def keep_freed_memory() -> bool:
    """
    Have malloc keep what is freed, until :func:`give_back`; return whether it will.

    As it comes, glibc returns the memory of each large picture to the kernel
    and gets it back for the next one, page by page: that took half of the time
    of decoding a JPEG at 30 frames a second. The threads share one heap, or each
    would keep as much for itself. Other C libraries are left alone.
    """
    try:
        mallopt = c_library().mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, 1)
                and mallopt(M_TRIM_THRESHOLD, NEVER)
                and mallopt(M_MMAP_THRESHOLD, PICTURES))


def names_have_room() -> None:
    """
    Have Python's table of interned names be made anew now, and not in a while.

    Each part of a path takes a place in it, which nothing frees but a larger table: a
    megabyte more, after 20 minutes of recording. Takes some milliseconds.
    """
    for number in range(NAMES):
        sys.intern(f"a place for a name: {number}")


def stays_for_ever() -> None:
    """Have Python's collector pass over all that there is: it is there to the end."""
    gc.freeze()


def collect() -> None:
    """
    Free what points to itself in a circle, as a lost camera's errors and decoders do.

    Python would come round to it megabytes of pictures later. After
    :func:`stays_for_ever` it takes less than a millisecond.
    """
    gc.collect()


def give_back() -> None:
    """
    Have malloc return to the kernel what lies free between what is used, if it is much.

    Pictures of all sizes come and go, and encoders with them. The holes that they leave
    are filled again within seconds, mostly: given back each time, memory would go up
    and down by as much. An older glibc cannot tell how much it is.
    """
    with contextlib.suppress(AttributeError, OSError):      # another C library
        if much_is_free():
            c_library().malloc_trim(0)


def have_room() -> None:
    """
    Have a tenth of what is used lie free, beside the holes between it.

    How much is needed at the same moment is a matter of chance: recordings that begin
    together, viewers that fall behind. Without room, the heap would grow by a megabyte
    or two each time that it had never been as much, for hours. Takes milliseconds.
    """
    found = heap()
    if found:
        size = found.fordblks + found.uordblks // SLACK
        pieces = [bytearray(b"\1") * PIECE for _ in range(size // PIECE)]
        del pieces


def much_is_free() -> bool:
    """Return whether more lies free than what comes and goes all the time."""
    found = heap()
    return found is None or found.fordblks > max(HOLES, found.uordblks // 2)


def heap() -> MallInfo | None:
    """Return what malloc tells of its heap, ``None`` if it cannot."""
    try:
        mallinfo2 = c_library().mallinfo2
    except (AttributeError, OSError):
        return None
    mallinfo2.restype = MallInfo
    found: MallInfo = mallinfo2()
    return found


def many_descriptors() -> int:
    """
    Have the kernel give us as many open files as it may; return how many.

    Shells and systemd begin with 1,024 or even 256, and allow more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted

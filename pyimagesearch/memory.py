"""Keep the memory of one picture for the next."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8    # malloc.h of glibc
PICTURES = 32 * 1024 * 1024     # bytes; the most that glibc takes for the second


def keep_freed_memory() -> bool:
    """
    Have malloc keep up to 32 MB that were freed; return whether it will.

    As it comes, glibc returns the memory of each large picture to the kernel
    and gets it back for the next one, page by page: that took half of the time
    of decoding a JPEG at 30 frames a second. The threads share two heaps, or each
    thread that ever was would keep as much. Other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, 2)
                and mallopt(M_TRIM_THRESHOLD, PICTURES)
                and mallopt(M_MMAP_THRESHOLD, PICTURES))

"""Keep the memory of one picture for the next."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8    # malloc.h of glibc
PICTURES = 8 * 1024 * 1024      # bytes: a frame of 1080p, and some


def keep_freed_memory() -> bool:
    """
    Have malloc keep up to 8 MB that were freed; return whether it will.

    As it comes, glibc returns the memory of each large picture to the kernel
    and gets it back for the next one, page by page: that took half of the time
    of decoding a JPEG at 30 frames a second. The threads share one heap, or each
    would keep as much for itself. Other C libraries are left alone.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_ARENA_MAX, 1)
                and mallopt(M_TRIM_THRESHOLD, PICTURES)
                and mallopt(M_MMAP_THRESHOLD, PICTURES))

"""A disk whose power can be cut: ext4 in a file. Needs root."""

import contextlib
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SIZE_BYTES = 1_000_000_000
SHUT_DOWN = 0x8004587D          # EXT4_IOC_SHUTDOWN, from linux/fs/ext4/ext4.h
WITHOUT_LOG = struct.pack("I", 2)   # EXT4_GOING_FLAGS_NOLOGFLUSH
USUAL = "loop"
STRICT = "loop,commit=300,noauto_da_alloc"  # nothing that was not synced is written


class Ext4Disk:
    """
    An ext4 file system in a file in *folder*, mounted at :attr:`path`.

    As far as the file system is concerned, a power cut loses what it has not written:
    neither its log nor files in memory are written any more. What it has written is
    taken to be on the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "disk"
        self.path.mkdir()
        self._image = folder / "disk.img"
        with open(self._image, "wb") as file:
            file.truncate(SIZE_BYTES)
        run("mkfs.ext4", "-q", "-F", str(self._image))

    @contextlib.contextmanager
    def mounted(self, options: str) -> Iterator[None]:
        """
        Mount it, which replays its log, and unmount it when no process uses it.

        Each time it is a copy, as another namespace may keep the last one mounted.
        """
        copy = self._image.with_suffix(".copy")
        run("cp", "--sparse=always", str(self._image), str(copy))
        copy.replace(self._image)
        run("mount", "-t", "ext4", "-o", options, str(self._image), str(self.path))
        try:
            yield
        finally:
            run("umount", str(self.path))

    def cut(self) -> float:
        """Cut the power; return when [s, monotonic]."""
        number = os.open(self.path, os.O_RDONLY)
        try:
            now = time.monotonic()
            fcntl.ioctl(number, SHUT_DOWN, WITHOUT_LOG)
            return now
        finally:
            os.close(number)


def run(*command: str) -> None:
    """Run a command of the system; raises :exc:`CalledProcessError`."""
    subprocess.run(command, check=True)


def require() -> None:
    """Exit with a sentence unless this machine can do it."""
    missing = [each for each in ("mkfs.ext4", "mount") if not shutil.which(each)]
    if os.geteuid() or missing:
        sys.exit("power_cut: error: it mounts a file system, so run it as root"
                 + "".join(f"; {each} is not installed" for each in missing))

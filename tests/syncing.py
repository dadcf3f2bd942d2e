"""What a power cut would leave of files: what was synced, under names that were."""

import os
from pathlib import Path


class Disk:
    """
    Note what the program syncs below *folder*, which is on the disk by then.

    A power cut leaves of a file what it was at its last sync, and of a folder the
    names that it had at its own.
    """

    def __init__(self, folder, monkeypatch):
        self._folder = folder
        self._files = {}        # size of each, by its inode
        self._names = {number_of(folder): {}}   # inodes by name, by the inode of a folder
        for name in ("fsync", "fdatasync"):
            monkeypatch.setattr(os, name, self._noting(getattr(os, name)))

    def _noting(self, sync):
        def noted(number):
            sync(number)
            path = Path(f"/proc/self/fd/{number}").resolve()
            if path.is_dir():
                self._names[number_of(path)] = {
                    each.name: number_of(each) for each in path.iterdir()}
            else:
                self._files[number_of(path)] = path.stat().st_size
        return noted

    def keeps(self, path):
        """Return whether all of the file at *path* outlasts a power cut, and its name."""
        return (self._files.get(number_of(path)) == path.stat().st_size
                and self._leads_to(path))

    def forgot(self, path):
        """Return whether the deletion of the file at *path* outlasts a power cut."""
        folder = path.parent
        while not folder.exists():
            path, folder = folder, folder.parent
        return not path.exists() and path.name not in self._names.get(number_of(folder), {})

    def _leads_to(self, path):
        return path == self._folder or (
            self._names.get(number_of(path.parent), {}).get(path.name) == number_of(path)
            and self._leads_to(path.parent))


def number_of(path):
    return path.stat().st_ino

"""Keep other users of this machine from secrets and clips, or find out they can."""

import contextlib
import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = 0    # user id
FILE_MODE = 0o600
FOLDER_MODE = 0o700
OTHERS_MASK = 0o077     # all rights but those of the user


def exposures(folder: Path, names: Iterable[str]) -> list[str]:
    """
    Return a sentence for each way in which other users get at *names* in *folder*.

    Files that others can read are made private first, as they may be copies. That
    fails on file systems without permissions, as on USB sticks (exFAT, FAT, NTFS) and
    network shares: all files have the mode that the mount options say.
    """
    try:
        return list(find_exposures(folder, names))
    except OSError:     # a folder that cannot be examined is reported once it is needed
        return []


def find_exposures(folder: Path, names: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of :func:`exposures`; raises :exc:`OSError`."""
    found = folder.stat()
    if ROOT not in (found.st_uid, os.geteuid()) and found.st_uid != os.geteuid():
        yield (f"{folder} belongs to user {found.st_uid}, who can read and replace the "
               "logins in it; choose another folder with --config-dir")
    readable = [name for name in names if others_may(found, os.X_OK)
                and stays_readable(folder / name)]
    if readable:
        yield (f"other users of this machine can read {', '.join(readable)} in "
               f"{folder}, as the file system there does not keep permissions; choose "
               "a folder on another disk with --config-dir")
    elif others_may(found, os.W_OK) and not found.st_mode & stat.S_ISVTX:
        yield (f"other users of this machine can replace the logins in {folder}; run: "
               f"chmod go-w {shlex.quote(str(folder))}")


def others_may(found: os.stat_result, right: int) -> bool:
    """Return whether the mode gives *right* to others than the user and its group."""
    foreign_group = found.st_gid != os.getegid()
    return bool(found.st_mode & (right | foreign_group * right << 3))


def stays_readable(file: Path) -> bool:
    """Return whether others can read *file*, even after making it private."""
    try:
        if others_may(file.stat(), os.R_OK):
            with contextlib.suppress(PermissionError):      # it belongs to another user
                file.chmod(FILE_MODE)
        return others_may(file.stat(), os.R_OK)
    except FileNotFoundError:
        return False


def restrict(path: Path) -> None:
    """Take the file or folder at *path* from all other users, as far as possible."""
    # where that fails, others_can_enter() finds out; a file may also have gone
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode
        if mode & OTHERS_MASK:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS_MASK)


def restrict_below(folder: Path) -> Iterator[None]:
    """
    Take all below *folder*, which is closed, from other users; yield after each folder.

    Does nothing to folders that are closed already, nor to what is in them: the files
    were made by a version that closes them.
    """
    if folder.stat().st_mode & OTHERS_MASK:
        return      # in vain: the file system does not keep permissions
    for root, _, names in os.walk(folder):
        if os.stat(root).st_mode & OTHERS_MASK:
            for name in names:
                restrict(Path(root, name))
            restrict(Path(root))       # at last, as the sign that it is done
            yield


def others_can_enter(folder: Path) -> bool:
    """Return whether other users can get into *folder*, as far as that can be known."""
    try:
        path = folder.resolve()
        return all(others_may(each.stat(), os.X_OK) for each in (path, *path.parents))
    except OSError:     # a folder that cannot be examined is reported once it is needed
        return False


def is_protected(path: Path) -> bool:
    """Return whether the file is read-only, as those of starred events are."""
    return not path.stat().st_mode & stat.S_IWUSR


def protect(path: Path, starred: bool) -> None:
    """
    Make the file read-only if its event is *starred*, else writable.

    So a star survives the loss of the database, and a file manager warns.
    """
    mode = path.stat().st_mode
    path.chmod(mode & ~0o222 if starred else mode | stat.S_IWUSR)

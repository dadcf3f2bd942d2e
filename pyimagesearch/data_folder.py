"""The folder in which everything lies that is kept: clips, events, secrets."""

import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from .errors import DataFolderError, SettingsError

OWN = 0o600     # only the user who runs the program may read a secret
PRIVATE = 0o700     # and look into a folder that we made
DRAFT = re.compile(     # of a secret
    r"\.((access|sessions|privacy|elsewhere)\.json|tls-(cert|key)\.pem|name)\.[0-9a-f]{8}")
NAME = "name"       # in a folder that must be there: what tells it from others
ELSEWHERE = "elsewhere.json"    # in the platform's folder: which those are


class DataFolder:
    """
    Where clips, events and secrets are kept, *given* or the platform's own place.

    Nothing is made until it is needed: a stick that is not plugged in yet, or a
    folder that cannot be written, must not keep the live picture from starting.
    """

    def __init__(self, given: str | None) -> None:
        self.path = Path(given).expanduser() if given else platform_folder()
        if is_something_else(self.path):
            raise SettingsError(f"--data is {str(self.path)!r}, but must be a folder")
        self._lock: int | None = None   # the open file that holds it

    @property
    def clips(self) -> Path:
        """The tree of clips, a folder a camera and in it a folder a day."""
        return self.path / "clips"

    @property
    def database(self) -> Path:
        """The file with all events."""
        return self.path / "events.db"

    def make(self) -> None:
        """Make the folder, for us alone; raises :exc:`OSError` if that cannot be."""
        self.path.mkdir(PRIVATE, parents=True, exist_ok=True)

    def claim(self) -> None:
        """
        Keep every other server out, until this process ends.

        Raises :exc:`DataFolderError` if another one has it, and :exc:`OSError`
        if the folder cannot be written.
        """
        if self._lock is not None:
            return
        self.make()
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWN)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise DataFolderError(
                f"{str(self.path)!r} is in use by another webstreaming; stop that one, "
                "or choose another folder with --data") from None
        self._lock = lock
        self._remove_drafts()

    def release(self) -> None:
        """Let another server have the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def must_be_there(self) -> None:
        """
        Note that this folder says what must not be guessed: a password, a mask.

        If it lies on another disk than the platform's own folder, it gets a name, and
        that is kept there: a disk that is not there does not take it along.
        """
        home = DataFolder(None)
        path, known = str(self.path.absolute()), which_must_be_there()
        if path in known or disk_of(self.path) == disk_of(home.path):
            return
        with contextlib.suppress(OSError):
            name = self.secret(NAME) or secrets.token_hex(8).encode()
            self.keep_secret(NAME, name)
            home.keep_secret(ELSEWHERE, json.dumps(
                {**known, path: name.decode(errors="replace")}, indent=1).encode())

    def check(self) -> None:
        """
        Raise :exc:`DataFolderError` if the folder :meth:`must_be_there`, and is not.

        It is not, either, if another one is in its place.
        """
        wanted, found = which_must_be_there().get(str(self.path.absolute())), None
        if wanted is None:
            return
        with contextlib.suppress(OSError):
            found = self.secret(NAME)
        if found != wanted.encode():
            raise DataFolderError(
                f"{str(self.path)!r}, which says what is to be hidden or who may look, "
                "is not there; plug in its disk, or, to begin anew, remove "
                f"{str(platform_folder() / ELSEWHERE)!r}")

    def secret(self, name: str) -> bytes | None:
        """Return what :meth:`keep_secret` kept under *name*, or ``None``."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def keep_secret(self, name: str, content: bytes) -> None:
        """Keep *content* in file *name*, at once or not at all, for our eyes only."""
        self.make()
        draft = self.path / f".{name}.{secrets.token_hex(4)}"
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(content)
                file.flush()
                self._give_to_owner(number)
                os.fsync(number)
            draft.replace(self.path / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        with contextlib.suppress(OSError), self._open() as folder:
            os.fsync(folder)        # so that a cut of the power does not undo it

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, no other process is; raises :exc:`OSError` if that cannot be."""
        self.make()
        with self._open() as folder:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def _open(self) -> Iterator[int]:
        number = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield number
        finally:
            os.close(number)

    def _give_to_owner(self, number: int) -> None:
        """Have a file that root makes belong to the user whose folder it is in."""
        owner = self.path.stat()
        if os.geteuid() == 0 and owner.st_uid != 0:
            with contextlib.suppress(OSError):      # a root that has not that right
                os.fchown(number, owner.st_uid, owner.st_gid)

    def _remove_drafts(self) -> None:
        """Remove what was being written when the power was cut."""
        with contextlib.suppress(OSError), self.alone():
            for path in self.path.iterdir():
                if DRAFT.fullmatch(path.name):
                    path.unlink()


def which_must_be_there() -> dict[str, str]:
    """Return the folders of which that was noted, and their names."""
    try:
        found = json.loads((platform_folder() / ELSEWHERE).read_bytes())
        return {str(path): str(name) for path, name in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def disk_of(path: Path) -> int:
    """Return the number of the disk on which *path* lies, or would lie."""
    for each in (path.absolute(), *path.absolute().parents):
        with contextlib.suppress(OSError):
            return each.stat().st_dev
    return -1


def is_something_else(path: Path) -> bool:
    """Return whether *path* is there and no folder, as far as we may look."""
    try:
        return path.exists() and not path.is_dir()
    except OSError:
        return False


def platform_folder() -> Path:
    """Return the platform's folder for the data of a user's programs."""
    import platformdirs
    return Path(platformdirs.user_data_dir("webstreaming", appauthor=False))

"""The data folder with clips and events, and the config folder with secrets."""

import contextlib
import errno
import fcntl
import itertools
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

from .errors import FolderError, SettingsError, reason
from .permissions import FILE_MODE, FOLDER_MODE, exposures

log = logging.getLogger(__name__)

SETTINGS_FILE = "settings.toml"
OLD_SECRETS = ("access.json", "sessions.json", "device-keys.json", "privacy.json",
               "cameras.json", "web-push.json", "tls-cert.pem", "tls-key.pem")
SECRETS = (*OLD_SECRETS, SETTINGS_FILE)
DRAFT = re.compile(rf"\.({'|'.join(map(re.escape, SECRETS))})\.[0-9a-f]{{8}}")
DRAFT_SECONDS = 60.0    # after which a draft is what a power cut left


class DataFolder:
    """
    Clips and events: *given*, ``$STATE_DIRECTORY``, or the platform's data folder.

    Nothing is created until it is needed: a missing or read-only disk must not keep
    the live picture from starting.
    """

    def __init__(self, given: str | None) -> None:
        self.path = folder_path("--data", given or systemd_folder("STATE_DIRECTORY"),
                                platformdirs.user_data_dir)
        self._lock: int | None = None   # descriptor that holds it

    @property
    def clips(self) -> Path:
        """The tree of clips: ``CAMERA/DAY/TIME.mp4``."""
        return self.path / "clips"

    @property
    def database(self) -> Path:
        """The file with all events."""
        return self.path / "events.db"

    def claim(self) -> None:
        """
        Lock the folder against other servers until :meth:`release` or exit.

        Raises :exc:`FolderError` if another server holds it, and :exc:`OSError` if it
        cannot be written.
        """
        if self._lock is not None:
            return
        make_private(self.path)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                       FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise FolderError(
                f"{str(self.path)!r} is in use by another webstreaming; stop that one, "
                "or choose another folder with --data") from None
        self._lock = lock

    def keep_url(self, url: str) -> None:
        """Keep the *url* of the server in the lock, for :attr:`url`, if it is held."""
        if self._lock is not None:
            with contextlib.suppress(OSError):      # a full disk
                os.ftruncate(self._lock, 0)
                os.pwrite(self._lock, url.encode(), 0)

    @property
    def url(self) -> str | None:
        """The URL of the server that held the folder last, if that is known."""
        try:
            return (self.path / "lock").read_text() or None
        except (OSError, UnicodeDecodeError):
            return None

    def release(self) -> None:
        """Unlock the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class ConfigFolder:
    """
    Secrets: *given*, ``$CONFIGURATION_DIRECTORY``, or the platform's config folder.

    A user without a home folder has no platform's: then they are in *data*.
    Credentials, sessions, privacy settings, the settings file and the self-signed
    certificate, a file each. They are apart from the clips, so that a
    missing disk neither lifts a privacy mask nor a password. Servers and commands with
    the same folder share them: changes that depend on the content are made inside
    :meth:`locked`.
    """

    def __init__(self, given: str | None, data: Path | None = None) -> None:
        self.path = folder_path(
            "--config-dir", given or systemd_folder("CONFIGURATION_DIRECTORY"),
            platformdirs.user_config_dir, data and data / "config")
        self._reported: set[str] = set()

    def secret(self, name: str) -> bytes | None:
        """Return the content of file *name*, ``None`` if there is none."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None

    def version(self, name: str) -> tuple[int, int, int] | None:
        """Return what changes whenever file *name* does, ``None`` if it is missing."""
        try:
            found = (self.path / name).stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def keep_secret(self, name: str, content: bytes) -> None:
        """
        Replace file *name*, atomically and durably; raises :exc:`OSError`.

        Only the user can read it.
        """
        make_private(self.path)
        replace_file(self.path / name, content,
                     lambda number: give_to_owner(number, self.path))
        self.report_exposures()

    def exposures(self) -> list[str]:
        """Return a sentence for each way in which other users get at the secrets."""
        return exposures(self.path, SECRETS)

    def report_exposures(self) -> None:
        """Log once what :meth:`exposures` finds."""
        for sentence in self.exposures():
            if sentence not in self._reported:
                log.warning("%s", sentence)
                self._reported.add(sentence)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder against other processes; raises :exc:`OSError`."""
        make_private(self.path)
        with locked(self.path):
            yield

    def remove_drafts(self) -> None:
        """Remove what was being written when the power was cut."""
        with contextlib.suppress(OSError):
            for path in self.path.iterdir():
                if DRAFT.fullmatch(path.name) and (
                        time.time() - path.stat().st_mtime > DRAFT_SECONDS):
                    path.unlink()


def open_folders(data: str | None, config_dir: str | None
                 ) -> tuple[DataFolder, ConfigFolder]:
    """
    Return both folders, after moving secrets of older versions to the config folder.

    Raises :exc:`FolderError` if one cannot be moved, or differs from one that is there:
    which masks and passwords hold must not be guessed.
    """
    folder = DataFolder(data)
    config = ConfigFolder(config_dir, folder.path)
    config.remove_drafts()
    if names := old_secrets(folder.path, config):
        if config_dir is None:
            check_owner(folder.path)
        try:
            with config.locked():
                if not folder.path.samefile(config.path):
                    move_secrets(names, folder.path, config)
        except OSError as error:
            raise FolderError(
                f"{', '.join(names)} cannot be moved from {str(folder.path)!r} to "
                f"{str(config.path)!r}: {reason(error)}") from None
    config.report_exposures()
    return folder, config


def old_secrets(data: Path, config: ConfigFolder) -> list[str]:
    """
    Return the names of the secrets that an older version kept in *data*.

    A folder that cannot be read has none, once *config* is in use; else it raises
    :exc:`FolderError`.
    """
    try:
        return [name for name in OLD_SECRETS if (data / name).is_file()]
    except OSError as error:
        if not any(config.version(name) for name in SECRETS):
            raise FolderError(f"{str(data)!r} cannot be read: {reason(error)}"
                              ) from None
        log.warning("%s cannot be read: %s", data, reason(error))
        return []


def check_owner(data: Path) -> None:
    """Raise :exc:`FolderError` if root would take the secrets of another user."""
    if os.geteuid() == 0 and data.stat().st_uid != 0:
        raise FolderError(f"{str(data)!r} belongs to another user; run this as that "
                          "user, or give the config folder with --config-dir")


def move_secrets(names: list[str], data: Path, config: ConfigFolder) -> None:
    """Move files *names* from *data* to *config*; none of them if one differs."""
    contents = {name: (data / name).read_bytes() for name in names}
    for name, content in contents.items():
        if config.secret(name) not in (None, content):
            raise FolderError(
                f"{str(data / name)!r}, which an older version kept there, differs "
                f"from {str(config.path / name)!r}; remove one of them, or give this "
                "server its own folder with --config-dir")
    for name, content in contents.items():
        config.keep_secret(name, content)
        (data / name).unlink()
    sync_folder(data)
    log.info("moved %s from %s to %s", ", ".join(names), data, config.path)


def systemd_folder(variable: str) -> str | None:
    """Return the folder that systemd gives by *variable*, the first of several."""
    return os.environ.get(variable, "").partition(":")[0] or None


def folder_path(flag: str, given: str | None, platform: Callable[..., str],
                homeless: Path | None = None) -> Path:
    """
    Return the folder *given* by *flag* or systemd, or else the platform's.

    A user without a home folder has *homeless* for that. Raises :exc:`SettingsError`.
    """
    path = full_path(flag, given) if given else default_path(flag, platform, homeless)
    with contextlib.suppress(OSError):      # reported once the folder is needed
        if path.exists() and not path.is_dir():
            raise SettingsError(f"{flag} is {str(path)!r}, but must be a folder")
    return path


def full_path(flag: str, given: str) -> Path:
    """Return the absolute path of the folder *given* by *flag*."""
    try:    # absolute, as FFmpeg takes what is before a colon for a protocol
        return Path(given).expanduser().absolute()
    except RuntimeError:
        raise SettingsError(f"{flag} is {given!r}, but there is no such home folder; "
                            "give the whole path") from None
    except FileNotFoundError:
        raise SettingsError(f"{flag} is {given!r}, but the current folder does not "
                            "exist any more; give the whole path") from None


def default_path(flag: str, platform: Callable[..., str], homeless: Path | None
                 ) -> Path:
    """Return the folder of the *platform*, or *homeless* without a home folder."""
    try:
        return Path(platform("webstreaming", appauthor=False))
    except RuntimeError:    # neither HOME nor the system's list of users has one
        if homeless:
            return homeless
        raise SettingsError(f"{flag} is not given, but must be, as user {os.getuid()} "
                            "has no home folder and HOME is not set") from None


def replace_file(path: Path, content: bytes,
                 prepare: Callable[[int], object] = lambda number: None) -> None:
    """
    Replace the file at *path*, atomically and durably; raises :exc:`OSError`.

    Only the user can read it. *prepare* is called with its descriptor before that.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            prepare(number)
            os.fsync(number)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def give_to_owner(number: int, folder: Path) -> None:
    """Give what root creates, by its descriptor, to the owner of *folder*."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        with contextlib.suppress(OSError):      # root in a container may lack this
            os.fchown(number, owner.st_uid, owner.st_gid)


def make_private(path: Path) -> None:
    """
    Create the folder at *path* and those above it, durably; raises :exc:`OSError`.

    Only this user may enter the one at *path*.
    """
    for each in (path, *path.parents):
        if each.is_symlink() and not each.exists():     # a disk that is not mounted
            raise FileNotFoundError(errno.ENOENT, f"{each} is a link to "
                                    f"{os.readlink(each)}, which is missing")
    missing = list(itertools.takewhile(lambda each: not each.exists(),
                                       (path, *path.parents)))
    path.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    for each in missing:
        sync_folder(each.parent)


def sync_folder(path: Path) -> None:
    """Make renames and removals in *path* outlast a power cut, if it can."""
    with contextlib.suppress(OSError), opened(path) as folder:
        os.fsync(folder)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the folder at *path* against other processes; raises :exc:`OSError`."""
    with opened(path) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Open the folder at *path*; yield its descriptor."""
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield number
    finally:
        os.close(number)

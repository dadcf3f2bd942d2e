"""The text of the settings file on the disk: read, locked and replaced atomically."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pyimagesearch.errors import FolderError, reason
from pyimagesearch.folders import SETTINGS_FILE, ConfigFolder, locked, replace_file


class StoredText:
    """
    The text of the settings file at *given*, or else in *folder*; "" without a file.

    Only inside :meth:`locked` may a thread change it. :attr:`text` is also what could
    not be saved. Raises :exc:`FolderError` if the file cannot be read.
    """

    def __init__(self, folder: ConfigFolder, given: str | None) -> None:
        self.path = Path(given or folder.path / SETTINGS_FILE)
        self._folder = folder
        self.text = self._on_disk = self._read()

    @contextlib.contextmanager
    def locked(self) -> Iterator[OSError | None]:
        """Lock the file against other processes; yield why that is not possible."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._folder.locked() if self._is_in_folder()
                                    else locked(self.path.resolve().parent))
            except OSError as error:
                yield error
                return
            yield None

    def refresh(self) -> bool:
        """Take over what others have changed in the file; return whether they have."""
        with contextlib.suppress(FolderError):
            if (found := self._read()) != self._on_disk:
                self.text = self._on_disk = found
                return True
        return False

    def save(self, text: str) -> OSError | None:
        """Write the *text*, and keep it; return why it could not be written."""
        self.text = text
        try:
            self._write(text.encode())
        except OSError as error:
            return error
        self._on_disk = text
        return None

    def _write(self, content: bytes) -> None:
        if self._is_in_folder():
            self._folder.keep_secret(SETTINGS_FILE, content)
            return
        path = self.path.resolve()      # a link stays one
        found = path.stat()
        replace_file(path, content, lambda number: keep_owner(number, found))

    def _is_in_folder(self) -> bool:
        return self.path == self._folder.path / SETTINGS_FILE

    def _read(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise FolderError(f"the settings file {self.path} cannot be read: "
                              f"{reason(error)}") from None


def keep_owner(number: int, found: os.stat_result) -> None:
    """Give the file with descriptor *number* the owner and group that it had."""
    with contextlib.suppress(OSError):      # only root may
        os.fchown(number, found.st_uid, found.st_gid)
        os.fchmod(number, 0o600 | found.st_mode & 0o040)

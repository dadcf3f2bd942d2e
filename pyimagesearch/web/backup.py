"""One file with the settings, the masks and, if wished, all secrets of a server."""

import json
import tomllib
from collections.abc import Callable, Mapping
from typing import Any

from pyimagesearch import __version__
from pyimagesearch.access.credentials import Credentials
from pyimagesearch.access.device_keys import parse_keys
from pyimagesearch.errors import SettingsError, SurveillanceError, reason
from pyimagesearch.folders import SETTINGS_FILE
from pyimagesearch.privacy.state import FILE_NAME as PRIVACY_FILE
from pyimagesearch.privacy.state import Privacy, PrivacyChoices
from pyimagesearch.settings.secret_values import with_secrets, without_secrets
from pyimagesearch.settings.settings_file import SettingsFile

PROGRAM = "webstreaming"
SECRET_FILES: dict[str, Callable[[bytes], object]] = {
    "access.json": Credentials.from_bytes, "device-keys.json": parse_keys}
PARSERS: dict[str, Callable[[bytes], object]] = {
    **SECRET_FILES, PRIVACY_FILE: PrivacyChoices.from_bytes,
    SETTINGS_FILE: lambda content: tomllib.loads(content.decode())}


def make_backup(file: SettingsFile, privacy: Privacy | None, *, secrets: bool) -> bytes:
    """
    Return the backup, as JSON: the text of each file, by its name.

    Without *secrets*, no password of a camera or a service is in it. Raises
    :exc:`OSError`.
    """
    text = file.text if secrets else without_secrets(file.text)
    files = {SETTINGS_FILE: text}
    if privacy:
        files[PRIVACY_FILE] = privacy.choices.as_bytes().decode()
    for name in SECRET_FILES if secrets else ():
        if content := file.folder.secret(name):
            files[name] = content.decode()
    return json.dumps({PROGRAM: __version__, "files": files}, indent=1).encode()


def restore_backup(backup: Mapping[str, Any], file: SettingsFile,
                   privacy: Privacy | None) -> list[str]:
    """
    Put the files of a *backup* in force; return their names.

    Secrets that it lacks stay as they are. Raises :exc:`SettingsError` for a file that
    is no backup, before anything is changed.
    """
    files = checked_files(backup)
    text = with_secrets(files.get(SETTINGS_FILE, file.text), file.text)
    file.check_text(text)
    if privacy and PRIVACY_FILE in files:   # first, so that nothing is shown unmasked
        privacy.replace(PrivacyChoices.from_bytes(files[PRIVACY_FILE].encode()))
    file.replace_text(text)
    for name in files.keys() & SECRET_FILES.keys():
        file.folder.keep_secret(name, files[name].encode())
    return sorted(files)


def checked_files(backup: Mapping[str, Any]) -> dict[str, str]:
    """Return the files in *backup*, by name; raises :exc:`SettingsError`."""
    files = backup.get("files")
    if PROGRAM not in backup or not isinstance(files, dict) or not files or (
            files.keys() - PARSERS.keys()):
        raise SettingsError("this file is no backup of webstreaming, or one of a newer "
                            "version")
    for name, text in files.items():
        try:
            PARSERS[name](text.encode())
        except (SurveillanceError, ValueError, TypeError, KeyError, AttributeError,
                RecursionError) as error:
            raise SettingsError(f"{name} in the backup is damaged: "
                                f"{reason(error)}") from None
    return files


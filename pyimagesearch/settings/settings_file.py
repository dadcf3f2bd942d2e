"""The settings file: the one place of what pages change, across restarts."""

import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyimagesearch.errors import FolderError, SettingFixed, SettingsError, reason
from pyimagesearch.folders import ConfigFolder

from .camera_settings import CAMERA_OPTIONS
from .loading import load_toml, parse_content
from .old_choices import OLD_FILE, old_choices
from .option import CAMERA_NAME_PATTERN
from .page_values import as_toml, as_words, parse_values, unmasked
from .settings import ALL_OPTIONS, Settings
from .settings_base import SettingsBase
from .stored_text import StoredText
from .turned_regions import TURNING_OPTIONS, turned_regions

log = logging.getLogger(__name__)

NOT_SAVED = "this holds only until the next start, because"
ONLY_LOCAL = "can only be set in the settings file or on the command line"
MAX_SHOWN_NAME = 60     # characters of a wrong name

Edit = Callable[[str], str]     # returns another text of the file
Listener = Callable[[Settings, Mapping[str, str]], None]


class SettingsFile:
    """
    Keep the settings of the server and its cameras in one TOML file.

    That is ``--config``, or else ``settings.toml`` in *folder*; *settings* were made
    from it, the command line and the environment. Every change is checked, saved with
    the comments of the file kept, and passed to the *listeners*: they get the new
    settings, and the new names of renamed cameras by the old ones. *preparations* get
    the same before that, and may refuse the change by a :exc:`SurveillanceError`. A
    change that cannot be saved is in force until the end of the program; then
    :exc:`FolderError` is raised.

    Every method may be called from any thread; those that change something wait for
    the disk, and for each other. What others changed in the file is taken over at the
    next change.
    """

    def __init__(self, folder: ConfigFolder, settings: Settings) -> None:
        self.listeners: list[Listener] = []
        self.preparations: list[Listener] = []
        self.folder = folder
        self._lock = threading.RLock()      # for one change at a time
        self._stored = StoredText(folder, settings.config)
        self._base = SettingsBase(settings, self._values(self.text))
        self.settings = self._settings_of(self.text)
        self._take_over_old_choices()

    @property
    def path(self) -> Path:
        """The file, which may not exist yet."""
        return self._stored.path

    @property
    def text(self) -> str:
        """The text of the file as it is in force."""
        return self._stored.text

    def fixed(self, camera: str | None) -> dict[str, str]:
        """Return the flag or variable of each option that cannot be changed here."""
        table = self.settings.tables.get(camera or "", {})
        return {option: where for option, where in self.settings.fixed.items()
                if option not in table}

    def written(self, camera: str | None) -> dict[str, Any]:
        """Return the parsed values that the file has for *camera*, or for all."""
        values = self._values(self.text)
        if camera is not None:
            return dict(values.get("tables", {}).get(camera, {}))
        return {name: value for name, value in values.items() if name != "tables"}

    def preview(self, camera: str | None, values: Mapping[str, Any]) -> Settings:
        """Return the settings as :meth:`change` would make them; change nothing."""
        content = load_toml(self.text, str(self.path))
        table = content if camera is None else (
            content.setdefault("cameras", {}).setdefault(camera, {}))
        for option, value in self._parse(camera, values).items():
            table.pop(option, None)
            if value is not None:
                table[option] = value
        return self._base.with_file(parse_content(content, str(self.path)),
                                    str(self.path))

    def change(self, camera: str | None, values: Mapping[str, Any]) -> Settings:
        """
        Set *values* of *camera*, or those of the server for ``None``, by option.

        ``None`` and empty text remove one: the default is in force again. Text is read
        as on the command line. Raises :exc:`SettingsError`, and :exc:`SettingFixed`
        for an option that is given elsewhere.
        """
        def edit(text: str) -> str:
            parsed = self._parse(camera, values)
            parsed |= self._turned(camera, parsed)
            return with_values(self._explicit(text) if camera and "source" in parsed
                               else text, camera, parsed)

        settings = self._edit(edit)
        if values:
            log.info("%s: %s by the owner", camera or "settings",
                     as_words(values, "reset"))
        return settings

    def add(self, name: str, source: str, values: Mapping[str, Any] | None = None, *,
            replace_auto: bool = False) -> Settings:
        """
        Add a camera, the last one; raises :exc:`SettingsError`.

        If no camera was named so far, the one that is looked for by default stays as
        well, unless *replace_auto* is set.
        """
        def edit(text: str) -> str:
            keeps = self.settings.names_cameras or not replace_auto
            self._check_new(name, self._names() if keeps else [])
            parsed = self._parsed(name, {"source": source, **(values or {})})
            return with_values(self._explicit(text) if keeps else text, name, parsed)

        settings = self._edit(edit)
        log.info("%s: added by the owner", name)
        return settings

    def remove(self, name: str) -> Settings:
        """Remove camera *name*; raises :exc:`SettingsError`."""
        def edit(text: str) -> str:
            from .toml_edits import remove_camera  # with tomlkit: 5 MB
            self._check_known(name)
            text = remove_camera(self._explicit(text), name)
            is_last = self._names() == [name]
            return with_values(text, None, {"source": []}) if is_last else text

        settings = self._edit(edit)
        log.info("%s: removed by the owner", name)
        return settings

    def rename(self, name: str, new: str) -> Settings:
        """Call camera *name* by a *new* one; raises :exc:`SettingsError`."""
        def edit(text: str) -> str:
            from .toml_edits import remove_camera, rename_camera  # with tomlkit: 5 MB
            self._check_known(name)
            self._check_new(new, self._names())
            return rename_camera(remove_camera(self._explicit(text), new), name, new)

        if name == new:
            return self.settings
        settings = self._edit(edit, {name: new})
        log.info("%s: renamed to %s by the owner", name, new)
        return settings

    def reorder(self, names: Sequence[str]) -> Settings:
        """Put all cameras in the order of *names*; raises :exc:`SettingsError`."""
        def edit(text: str) -> str:
            from .toml_edits import reorder_cameras  # with tomlkit: 5 MB
            self._check_source()
            if sorted(names) != sorted(self._names()):
                raise SettingsError(
                    f"the order is {', '.join(names) or 'empty'}, but must name each "
                    f"camera once: {', '.join(self._names())}")
            return reorder_cameras(self._explicit(text), names)

        return self._edit(edit)

    def check_text(self, text: str) -> None:
        """Raise :exc:`SettingsError` if *text* is wrong for the whole file."""
        self._made(lambda _: text)

    def replace_text(self, text: str) -> Settings:
        """Replace the whole *text*; raises :exc:`SettingsError` if it is wrong."""
        settings = self._edit(lambda _: text)
        log.info("settings replaced by the owner")
        return settings

    def _names(self) -> list[str]:
        return [each.name for each in self.settings.cameras()]

    def _check_source(self) -> None:
        if where := self.settings.fixed.get("source"):
            raise fixed_by(f"the cameras are fixed by {where}; remove that and restart "
                           "to change them here", "source")

    def _check_camera(self, name: str) -> None:
        if name not in self._names():
            raise SettingsError(f"there is no camera {name!r}; the cameras are: "
                                f"{', '.join(self._names()) or 'none'}")

    def _check_known(self, name: str) -> None:
        self._check_source()
        self._check_camera(name)

    def _check_new(self, name: str, taken: Sequence[str]) -> None:
        """Raise :exc:`SettingsError` unless a camera can be called *name*."""
        self._check_source()
        if not re.fullmatch(CAMERA_NAME_PATTERN, name):
            raise concerning("name", SettingsError(
                f"the name is {name[:MAX_SHOWN_NAME]!r}, but must be up to 32 of the "
                "letters A to Z, digits, - and _, with a letter or digit first"))
        if name in taken:
            raise concerning("name", SettingsError(
                f"there is a camera {name!r} already, but each needs its own name"))

    def _parse(self, camera: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return *values* of a known *camera* as TOML has them."""
        if camera is not None:
            self._check_camera(camera)
            if values.get("source"):
                known = {each.name: each.source for each in self.settings.cameras()}
                values = {**values,
                          "source": unmasked(str(values["source"]), known[camera])}
        return self._parsed(camera, values)

    def _parsed(self, camera: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return checked *values*, none of which is fixed, as TOML has them."""
        parsed = parse_values(camera, values, self.settings.place)
        for option, value in parsed.items():
            if ALL_OPTIONS[option].local:
                raise fixed_by(f"{option} {ONLY_LOCAL}", option)
            where = self.fixed(camera).get(option)
            if where and value is not None:     # to forget one is no matter
                subject = f"{option} of camera {camera!r}" if camera else option
                raise fixed_by(f"{subject} is fixed by {where}; remove that and "
                               "restart to set it here", option)
        return {option: as_toml(value) for option, value in parsed.items()}

    def _turned(self, camera: str | None, parsed: Mapping[str, Any]) -> dict[str, Any]:
        """Return the regions in the file if *parsed* turns the picture of *camera*."""
        if camera is None or not TURNING_OPTIONS & parsed.keys():
            return {}
        before = next(each for each in self.settings.cameras() if each.name == camera)
        written = self.written(camera)
        now = replace(before, **{
            name: CAMERA_OPTIONS[name].default if value is None else value
            for name, value in parsed.items() if name in TURNING_OPTIONS})
        return {name: as_toml(value) for name, value in turned_regions(
            before, now.orientation).items() if name in written}

    def _explicit(self, text: str) -> str:
        """Return *text* in which each camera has a table with its source."""
        from .toml_edits import reorder_cameras  # with tomlkit: 5 MB
        cameras = self._settings_of(text).cameras()
        written = load_toml(text, str(self.path)).get("cameras", {})
        if all("source" in written.get(each.name, {}) for each in cameras):
            return with_values(text, None, {"source": None})
        text = with_values(text, None, {"source": None})
        for each in cameras:
            text = with_values(text, each.name, {"source": each.source})
        return reorder_cameras(text, [each.name for each in cameras])

    def _edit(self, edit: Edit, renamed: Mapping[str, str] | None = None) -> Settings:
        """Check, save and pass on what *edit* makes of the text."""
        with self._lock:
            self._stored.refresh()
            text, settings = self._made(edit)
            for prepare in self.preparations:   # may lock the folder for other files
                prepare(settings, renamed or {})
            with self._stored.locked() as trouble:
                if self._stored.refresh():
                    text, settings = self._made(edit)
                self.settings = settings
                trouble = self._stored.save(text) or trouble
            for listener in self.listeners:
                listener(settings, renamed or {})
        if trouble:
            raise FolderError(f"{NOT_SAVED} it cannot be saved in {self.path}: "
                              f"{reason(trouble)}")
        return settings

    def _made(self, edit: Edit) -> tuple[str, Settings]:
        """Return the text that *edit* makes, and its settings; raises SettingsError."""
        self.settings = before = self._settings_of(self.text)
        text = edit(self.text)
        settings = self._settings_of(text)
        check_local(settings, before)
        return text, settings

    def _values(self, text: str) -> dict[str, Any]:
        return parse_content(load_toml(text, str(self.path)), str(self.path))

    def _settings_of(self, text: str) -> Settings:
        """Return the settings that a file with *text* makes; raises SettingsError."""
        return self._base.with_file(self._values(text), str(self.path))

    def _take_over_old_choices(self) -> None:
        """Move into the file what an older version kept in ``cameras.json``."""
        text, choices = self.text, old_choices(self.folder)
        if choices is None:
            return
        for name, values in choices.items():
            fixed = self.fixed(name)
            for option in values.keys() & fixed.keys():
                log.warning("%s: %s, set on the page, is dropped, as %s is given", name,
                            option, fixed[option])
            text = with_values(text, name, {
                option: as_toml(value) for option, value in values.items()
                if option not in fixed})
        try:
            self.settings = self._settings_of(text)
        except SettingsError as error:
            raise FolderError(f"the owner's settings in {self.folder.path / OLD_FILE} "
                              f"cannot be used: {error}") from None
        with self._stored.locked() as trouble:
            trouble = self._stored.save(text) or trouble
        if trouble:
            log.warning("%s cannot be moved to %s: %s", OLD_FILE, self.path,
                        reason(trouble))
        else:
            (self.folder.path / OLD_FILE).unlink()
            log.info("moved the owner's settings from %s to %s", OLD_FILE, self.path)


def with_values(text: str, camera: str | None, values: Mapping[str, Any]) -> str:
    """Return the *text* of a file with other *values*; nothing else is changed."""
    from .toml_edits import change_values  # with tomlkit: 5 MB, only for changes
    return change_values(text, camera, values) if values else text


def concerning(option: str, error: SettingsError) -> SettingsError:
    """Return *error*, which concerns *option* alone."""
    error.option = option
    return error


def fixed_by(sentence: str, option: str) -> SettingsError:
    """Return the error of an *option* that cannot be changed here."""
    return concerning(option, SettingFixed(sentence))


def check_local(settings: Settings, before: Settings) -> None:
    """Raise :exc:`SettingFixed` for changes that pages must not make."""
    for name, item in ALL_OPTIONS.items():
        if item.local and name != "config" and (
                getattr(settings, name) != getattr(before, name)):
            raise fixed_by(f"{name} {ONLY_LOCAL}", name)
    known = {each.detector for each in (before, *before.cameras())}
    for each in (settings, *settings.cameras()):
        if each.has_own_detector and each.detector not in known:
            raise fixed_by(f"detector is {each.detector!r}, but a class {ONLY_LOCAL}",
                           "detector")

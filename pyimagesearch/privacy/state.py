"""What the owner has hidden: regions of pictures, or all cameras for a while."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pyimagesearch.clock import Clock
from pyimagesearch.errors import FolderError, NewerFormat, reason
from pyimagesearch.events.event import SWITCHED_OFF, SWITCHED_ON
from pyimagesearch.events.store import EventStore
from pyimagesearch.file_formats import check_format
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.polygons import is_polygon, split_polygons

from .mask import PrivacyMask

log = logging.getLogger(__name__)

FILE_NAME = "privacy.json"


class MaskableCamera(Protocol):
    """A watched camera, or a part of it; both methods return at once."""

    def set_mask(self, mask: PrivacyMask) -> None:
        """Blacken the regions of *mask* in all pictures from now on."""

    def switch(self, off_since: float | None) -> None:
        """Switch off, *off_since* [s since the epoch], or on (``None``)."""


class HiddenRegions(NamedTuple):
    """The regions hidden of one camera."""

    set: tuple[str, ...]        # by --mask
    drawn: tuple[str, ...]      # on the page


class PrivacyChoices(NamedTuple):
    """What the owner chose on the page, as it is saved."""

    masks: Mapping[str, tuple[str, ...]] = {}   # polygons drawn, by camera
    off_since: float | None = None  # [s since the epoch]; None: the cameras are on

    def with_mask(self, camera: str, polygons: Sequence[str]) -> "PrivacyChoices":
        """Return these with other *polygons* for one camera."""
        masks = {**self.masks, camera: tuple(polygons)}
        return self._replace(masks={name: drawn for name, drawn in masks.items()
                                    if drawn})

    def as_bytes(self) -> bytes:
        """Return the content of the file."""
        return json.dumps(self._asdict(), indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> "PrivacyChoices":
        """
        Read the *content* of the file.

        Raises :exc:`ValueError` if it is damaged, or :exc:`NewerFormat`.
        """
        values: Any = json.loads(content)
        check_format(values, cls._fields)
        if not isinstance(values, dict) or set(values) != set(cls._fields):
            raise ValueError("the file must have masks and off_since, and nothing else")
        masks, off_since = values["masks"], values["off_since"]
        if off_since is not None and not (
                type(off_since) in (int, float) and 0 <= off_since < 1e11):
            raise ValueError(f"off_since is {off_since!r}, but must be seconds or null")
        if not isinstance(masks, dict) or not all(
                isinstance(drawn, list) and all(map(is_polygon, drawn))
                for drawn in masks.values()):
            raise ValueError("masks must be lists of polygons, by camera")
        return cls({name: tuple(drawn) for name, drawn in masks.items()}, off_since)


class Privacy:
    """
    Apply the privacy masks of all cameras and the switch for all, across restarts.

    A camera's mask is made of the regions set in *cameras* and those drawn on the page;
    only the latter can be changed here. A change takes effect at once, even if it
    cannot be saved. Raises :exc:`FolderError` if ``privacy.json`` in *folder* is
    damaged, because what to hide must not be guessed. Every method may be called from
    any thread; those that change something wait for the disk.
    """

    def __init__(self, folder: ConfigFolder, cameras: Sequence[CameraSettings],
                 store: EventStore, clock: Clock) -> None:
        self._folder = folder
        self._path = folder.path / FILE_NAME
        self._store = store
        self._clock = clock
        self._set = {each.name: split_polygons(each.mask) for each in cameras}
        self._cameras: dict[str, list[MaskableCamera]] = {}
        self._lock = threading.Lock()       # guards the choices
        self._choices = self._load()
        for name in sorted(set(self._choices.masks) - set(self._set)):
            log.warning("there are privacy regions for a camera %s, which does not "
                        "exist; if it was renamed, draw them again", name)
        if self.off_since is not None:
            log.info("all cameras are switched off, until the owner switches them on")

    @property
    def choices(self) -> PrivacyChoices:
        """What the owner chose, of all cameras."""
        return self._choices

    def replace(self, choices: PrivacyChoices) -> None:
        """
        Put other *choices* in force; raises :exc:`FolderError` if they are not saved.

        The cameras stay on or off as they are.
        """
        with self._lock:
            log.info("privacy regions replaced by the owner")
            self._change(lambda present: present._replace(masks=choices.masks))

    @property
    def off_since(self) -> float | None:
        """Since when all cameras are off [s since the epoch]; ``None``: they are on."""
        return self._choices.off_since

    def hidden(self, name: str) -> HiddenRegions:
        """Return the regions hidden of camera *name*."""
        return HiddenRegions(self._set.get(name, ()),
                             self._choices.masks.get(name, ()))

    def polygons(self, name: str) -> tuple[str, ...]:
        """Return all regions hidden of camera *name*, which may be an earlier one."""
        return self._set.get(name, ()) + self._choices.masks.get(name, ())

    def add(self, camera: CameraSettings) -> None:
        """Know *camera*, and the regions that its settings hide."""
        self._set[camera.name] = split_polygons(camera.mask)

    def remove(self, name: str) -> None:
        """Forget the parts of camera *name*; what was drawn for it is kept."""
        with self._lock:
            self._cameras.pop(name, None)
            self._set.pop(name, None)

    def attach(self, name: str, camera: MaskableCamera) -> None:
        """
        Apply mask and switch to *camera*, now and after each change.

        Several parts of a camera may be attached by the same *name*.
        """
        self._cameras.setdefault(name, []).append(camera)
        self._apply(name)

    def draw(self, name: str, polygons: Sequence[str]) -> None:
        """
        Hide *polygons* of camera *name*, in place of those drawn before.

        Raises :exc:`FolderError` if they cannot be saved.
        """
        with self._lock:
            log.info("%s: %d privacy regions set by the owner", name, len(polygons))
            self._change(lambda choices: choices.with_mask(name, polygons))

    def copy(self, name: str, other: str) -> None:
        """
        Hide of camera *other* what is drawn for *name*, as it will be called so.

        Raises :exc:`FolderError` if that cannot be saved.
        """
        if name != other and (drawn := self._choices.masks.get(name)):
            self.draw(other, drawn)

    def forget(self, name: str) -> None:
        """Forget what is drawn for *name*, which no camera is called any more."""
        if name in self._choices.masks:
            self.draw(name, ())

    def switch(self, on: bool) -> None:
        """
        Switch all cameras on or off; idempotent.

        Raises :exc:`FolderError` if that cannot be saved.
        """
        with self._lock:
            if on == (self.off_since is None):
                return
            now = self._clock.time()
            log.info("all cameras switched %s by the owner", "on" if on else "off")
            self._store.add(SWITCHED_ON if on else SWITCHED_OFF, now, now)
            self._change(lambda choices: choices._replace(
                off_since=None if on else now))

    def _apply(self, name: str) -> None:
        for camera in self._cameras.get(name, ()):
            camera.set_mask(PrivacyMask(self.polygons(name)))
            camera.switch(self.off_since)

    def _change(self, change: Callable[[PrivacyChoices], PrivacyChoices]) -> None:
        """Make *change* here, and in the file, which other servers may have changed."""
        self._choices = change(self._choices)
        for name in list(self._cameras):
            self._apply(name)
        try:
            with self._folder.locked():
                self._folder.keep_secret(FILE_NAME, change(self._load()).as_bytes())
        except OSError as error:
            raise FolderError(
                "this holds only until the next start, because it cannot be saved in "
                f"{self._path}: {error.strerror}") from None

    def _load(self) -> PrivacyChoices:
        try:
            content = self._folder.secret(FILE_NAME)
            if content is None:
                return PrivacyChoices()
            return PrivacyChoices.from_bytes(content)
        except (OSError, NewerFormat) as error:
            raise FolderError(f"the privacy settings {self._path} cannot be read: "
                              f"{reason(error)}") from None
        except (ValueError, RecursionError) as error:
            raise FolderError(
                f"the privacy settings {self._path} are damaged ({error}); repair the "
                "file, or remove it and draw the masks again") from None

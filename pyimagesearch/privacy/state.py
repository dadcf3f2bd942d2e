"""What the owner wants nobody to see: parts of pictures, or all cameras for a while."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pyimagesearch.clock import Clock
from pyimagesearch.errors import FolderError
from pyimagesearch.events.event import SWITCHED_OFF, SWITCHED_ON, Event
from pyimagesearch.events.store import EventStore
from pyimagesearch.folders import ConfigFolder
from pyimagesearch.settings.polygons import is_polygon, split_polygons
from pyimagesearch.settings.settings import CameraSettings

from .mask import PrivacyMask

log = logging.getLogger(__name__)

FILE = "privacy.json"


class Watcher(Protocol):
    """Who watches a camera, and must not see everything."""

    def hide(self, mask: PrivacyMask) -> None:
        """Burn *mask* into all pictures from now on; returns at once."""

    def switch(self, off_since: float | None) -> None:
        """Be switched off, *off_since* [s since the epoch], or on; returns at once."""


class Hidden(NamedTuple):
    """What is burnt black of one camera: what is set, and what was drawn as well."""

    set: tuple[str, ...]
    drawn: tuple[str, ...]


class Wishes(NamedTuple):
    """What the owner wished on the page: all that is kept in the file."""

    masks: Mapping[str, tuple[str, ...]]    # polygons drawn, by camera
    off_since: float | None                 # [s since the epoch]; None = cameras are on

    def as_bytes(self) -> bytes:
        """Return these as they are kept."""
        return json.dumps(self._asdict(), indent=1).encode() + b"\n"

    @classmethod
    def from_bytes(cls, content: bytes) -> "Wishes":
        """Return what :meth:`as_bytes` gave; raises :exc:`ValueError`."""
        given: Any = json.loads(content)
        if not isinstance(given, dict) or set(given) != set(cls._fields):
            raise ValueError("the file must have masks and off_since, and nothing else")
        masks, off_since = given["masks"], given["off_since"]
        if off_since is not None and not (
                type(off_since) in (int, float) and 0 <= off_since < 1e11):
            raise ValueError(f"off_since is {off_since!r}, but must be seconds or null")
        if not isinstance(masks, dict) or not all(
                isinstance(drawn, list) and all(map(is_polygon, drawn))
                for drawn in masks.values()):
            raise ValueError("masks must be lists of polygons, by camera")
        return cls({name: tuple(drawn) for name, drawn in masks.items()}, off_since)


NOTHING = Wishes({}, None)


class Privacy:
    """
    Tell each camera's watcher what nobody is to see, also after a restart.

    Masks that are set in *cameras* and those drawn on the page are all burnt; only
    the drawn ones can be changed here. What is wished holds at once, even if it
    cannot be kept. Raises :exc:`FolderError` if ``privacy.json`` in *folder* is
    there but says nothing clear: what must be hidden is not to be guessed. Every
    method may be called from any thread; those that change something wait for the
    disk.
    """

    def __init__(self, folder: ConfigFolder, cameras: Sequence[CameraSettings],
                 store: EventStore, clock: Clock) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._set = {each.name: split_polygons(each.mask) for each in cameras}
        self._watchers: dict[str, Watcher] = {}
        self._lock = threading.Lock()       # guards the wishes
        self._wishes = self._read()
        self._warn_of_strangers()
        if self.off_since is not None:
            log.info("all cameras are switched off, until the owner switches them on")

    @property
    def off_since(self) -> float | None:
        """Since when all cameras are off [s since the epoch]; ``None``: they are on."""
        return self._wishes.off_since

    def hidden(self, name: str) -> Hidden:
        """Return what is burnt black of camera *name*."""
        return Hidden(self._set[name], self._wishes.masks.get(name, ()))

    def guard(self, name: str, watcher: Watcher) -> None:
        """Tell *watcher* of camera *name*, now and whenever something changes."""
        self._watchers[name] = watcher
        self._tell(name)

    def draw(self, name: str, polygons: Sequence[str]) -> None:
        """
        Burn *polygons* into the pictures of camera *name*, instead of those before.

        Raises :exc:`FolderError` if that holds only until the next start.
        """
        def drawn(wishes: Wishes) -> Wishes:
            masks = {**wishes.masks, name: tuple(polygons)}
            return wishes._replace(
                masks={each: drawn for each, drawn in masks.items() if drawn})

        with self._lock:
            self._wishes = drawn(self._wishes)
            self._tell(name)
            log.info("%s: the owner hides so many regions: %d", name, len(polygons))
            self._keep(drawn)

    def switch(self, on: bool) -> None:
        """
        Switch all cameras on or off; to ask twice is no error.

        Raises :exc:`FolderError` if that holds only until the next start.
        """
        with self._lock:
            if on == (self.off_since is None):
                return
            now = self._clock.time()
            self._wishes = self._wishes._replace(off_since=None if on else now)
            for name in self._watchers:
                self._tell(name)
            log.info("the owner switched all cameras %s", "on" if on else "off")
            self._store.begin(Event(id=self._store.new_id(), camera="", begin=now,
                                    end=now, kind=SWITCHED_ON if on else SWITCHED_OFF))
            off_since = self.off_since
            self._keep(lambda wishes: wishes._replace(off_since=off_since))

    def _warn_of_strangers(self) -> None:
        """Say for which cameras there are regions, but which are none of ours."""
        for name in sorted(set(self._wishes.masks) - set(self._set)):
            log.warning("regions are hidden of a camera %s, which there is not; if it "
                        "has another name now, draw them there anew", name)

    def _tell(self, name: str) -> None:
        watcher, hidden = self._watchers.get(name), self.hidden(name)
        if watcher:
            watcher.hide(PrivacyMask(hidden.set + hidden.drawn))
            watcher.switch(self.off_since)

    def _keep(self, change: Callable[[Wishes], Wishes]) -> None:
        """Make *change* in the file, beside what other servers keep there."""
        try:
            with self._folder.alone():
                self._folder.keep_secret(FILE, change(self._read()).as_bytes())
        except OSError as error:
            raise FolderError(
                "this holds until the next start only, as it cannot be kept in "
                f"{self._path}: {error.strerror}") from None

    def _read(self) -> Wishes:
        try:
            content = self._folder.secret(FILE)
            return NOTHING if content is None else Wishes.from_bytes(content)
        except OSError as error:
            raise FolderError(f"{self._path}, which says what is to be hidden, "
                                  f"cannot be read: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise FolderError(
                f"{self._path}, which says what is to be hidden, is damaged ({error}); "
                "mend it, or remove it and draw the masks anew") from None

    @property
    def _path(self) -> str:
        return str(self._folder.path / FILE)

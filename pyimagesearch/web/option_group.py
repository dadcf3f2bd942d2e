"""Read and change some options of a camera, as a page or the API does."""

import logging
from collections.abc import Mapping
from typing import Any

from pyimagesearch.errors import SettingsError
from pyimagesearch.settings.camera_settings import CameraSettings
from pyimagesearch.settings.option import Option, did_you_mean, shortened

from .params import body, requester
from .services import get_services, owner_settings_or_404

log = logging.getLogger(__name__)


class OptionGroup:
    """The *options* of cameras, by name, that one page lets an owner change."""

    def __init__(self, options: Mapping[str, Option]) -> None:
        self._options = options

    def describe(self, name: str) -> dict[str, Any]:
        """Return the options of camera *name*: in force, set by an owner, and fixed."""
        get_services().feed(name)
        owner_settings = owner_settings_or_404()
        return {"settings": self.of(owner_settings.current(name)),
                "set": self._own(owner_settings.chosen(name)),
                "fixed": self._own(owner_settings.fixed(name))}

    def of(self, settings: CameraSettings) -> dict[str, Any]:
        """Return the values of the options in *settings*."""
        return {name: getattr(settings, name) for name in self._options}

    def sent(self) -> dict[str, Any]:
        """Return the values in the body; raises SettingsError for other options."""
        values = body()
        for name in values:
            if name not in self._options:
                raise SettingsError(
                    f"{shortened(name)} is not a setting that can be changed here"
                    + did_you_mean(name, self._options))
        return values

    def change(self, name: str) -> dict[str, Any]:
        """
        Put the values in the body in force for camera *name*, save and describe them.

        Raises :exc:`SettingsError`, and :exc:`FolderError` if they are not saved.
        """
        get_services().feed(name)
        values, owner_settings = self.sent(), owner_settings_or_404()
        get_services().pools.changes.run(lambda: owner_settings.change(name, values))
        log.info("%s: settings changed by %s", name, requester())
        return self.describe(name)

    def _own(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name in self._options}

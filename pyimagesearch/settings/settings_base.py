"""What settings say beside the settings file, to which the file is added again."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .settings import Settings

FROM_FILE = ("tables", "fixed", "config")


class SettingsBase:
    """
    What *settings* say beside the *values* of the file that they were made from.

    Flags and variables take precedence over the file. What a program set itself does
    not.
    """

    def __init__(self, settings: Settings, values: Mapping[str, Any]) -> None:
        own = {item.name: getattr(settings, item.name) for item in fields(settings)
               if item.name not in FROM_FILE}
        self._where = settings.fixed
        self._fixed = {name: own[name] for name in settings.fixed if name in own}
        self._below = {name: value for name, value in own.items() if name not in values}
        self._tables = {name: {option: value for option, value in table.items()
                               if option not in values.get("tables", {}).get(name, {})}
                        for name, table in settings.tables.items()}

    def with_file(self, values: Mapping[str, Any], path: str) -> Settings:
        """Return the settings with *values* of the file; raises SettingsError."""
        above = values.get("tables", {})
        tables = {name: {**self._tables.get(name, {}), **above.get(name, {})}
                  for name in {**above, **self._tables}}
        return Settings(**{
            **self._below, **values, **self._fixed, "config": path,
            "tables": {name: table for name, table in tables.items()
                       if table or name in above},
            "fixed": self._where})

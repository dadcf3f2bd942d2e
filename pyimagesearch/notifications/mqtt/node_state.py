"""The state of MQTT across restarts: the node's id, and the retained topics."""

import json
import logging
import re
import secrets
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyimagesearch.errors import FolderError, reason
from pyimagesearch.folders import make_private, replace_file

log = logging.getLogger(__name__)

FILE_NAME = "mqtt.json"
NODE_PATTERN = re.compile("[0-9a-f]{8}")
MAX_FILE_BYTES = 1_000_000
OPEN_SECONDS = 1.5      # that the archive may take to open, before that is reported


class NodeState:
    """
    Keep ``mqtt.json`` in the data *folder*, which belongs to one server.

    The file is created once the archive is *ready*, so that a disk that is mounted
    later does not get a second id. A damaged file is replaced: Home Assistant then
    shows each device twice, until those of the old id are deleted there.
    """

    def __init__(self, folder: Path, ready: threading.Event) -> None:
        self._path = folder / FILE_NAME
        self._ready = ready
        self._node = ""
        self._topics: set[str] = set()

    @property
    def node(self) -> str:
        """The id of this server; raises :exc:`FolderError` without. May block 2 s."""
        if not self._node:
            self._load()
        return self._node

    def retained(self) -> set[str]:
        """Return the topics whose messages the broker may retain."""
        return set(self._topics)

    def retain(self, topics: Iterable[str]) -> None:
        """Note, before they are published, that all of *topics* are retained now."""
        if self._topics != (wanted := set(topics)):
            self._topics = wanted
            self._save()

    def _load(self) -> None:
        try:
            if self._path.stat().st_size <= MAX_FILE_BYTES:
                self._read(json.loads(self._path.read_bytes()))
        except FileNotFoundError:
            if not self._ready.wait(OPEN_SECONDS):
                raise FolderError("the data folder is not open yet, where the id of "
                                  "this server is kept") from None
        except OSError as error:
            raise FolderError(f"{self._path} cannot be read: {reason(error)}") from None
        except (ValueError, RecursionError):
            log.warning("%s is damaged and is replaced", self._path)
        if not self._node:
            self._node = secrets.token_hex(4)
            self._save()

    def _read(self, content: Any) -> None:
        node, topics = (content.get(name) if isinstance(content, dict) else None
                        for name in ("node", "topics"))
        if not (isinstance(node, str) and NODE_PATTERN.fullmatch(node)
                and isinstance(topics, list)):
            raise ValueError("not the content that was written")
        self._node = node
        self._topics = {each for each in topics if isinstance(each, str)}

    def _save(self) -> None:
        content = {"node": self._node, "topics": sorted(self._topics)}
        try:
            make_private(self._path.parent)
            replace_file(self._path, json.dumps(content, indent=1).encode() + b"\n")
        except OSError as error:
            raise FolderError(f"{self._path} cannot be written: {reason(error)}"
                              ) from None

"""The host names of this machine, as browsers in its network may write them."""

import os
import socket
from collections.abc import Iterable
from pathlib import Path

RESOLVER_FILE = Path("/etc/resolv.conf")
MAX_RESOLVER_BYTES = 65536
# Routers give names in these domains, in which no stranger can register one: they are
# reserved (RFC 6762, RFC 8375, ICANN's "internal"), or belong to the router's maker
LOCAL_DOMAINS = frozenset({"corp", "fritz.box", "home", "home.arpa", "internal",
                           "intranet", "lan", "local", "localdomain", "private"})

FileVersion = tuple[int, int, int] | None   # time, size, inode; None: it is missing


class HostNames:
    """
    The names of this machine, and those *given*; follows changes of the machine.

    They are ``localhost``, the host name, and its first label alone, in each of
    :data:`LOCAL_DOMAINS`, and in the search domains of the file *resolver*
    (resolv.conf). A search domain of one label counts only if it is one of
    :data:`LOCAL_DOMAINS`: with ``search com``, a stranger's site could have our name.
    """

    def __init__(self, given: Iterable[str] = (), resolver: Path = RESOLVER_FILE
                 ) -> None:
        self._given = frozenset(name.lower() for name in given)
        self._resolver = resolver
        self._seen: tuple[str, FileVersion] | None = None
        self._names: frozenset[str] = frozenset()

    def __contains__(self, name: object) -> bool:
        return name in self.all()

    def all(self) -> frozenset[str]:
        """Return the names that hold now, in lower case and without a final dot."""
        seen = socket.gethostname(), file_version(self._resolver)
        if seen != self._seen:
            domains = LOCAL_DOMAINS | search_domains(read_text(self._resolver))
            self._names = self._given | machine_names(seen[0], domains)
            self._seen = seen
        return self._names


def machine_names(host: str, domains: Iterable[str]) -> frozenset[str]:
    """Return the names of the machine called *host* in its network's *domains*."""
    full = host.lower().strip(".")
    label = full.partition(".")[0]
    named = {full, label, *(f"{label}.{domain}" for domain in domains)}
    return frozenset({"localhost", *(named if label else ())})


def search_domains(text: str) -> frozenset[str]:
    """Return the search domains of two or more labels in *text*, a resolv.conf."""
    found = os.environ.get("LOCALDOMAIN", "").split()       # as resolv.conf(5) has it
    for line in () if found else text.splitlines():
        keyword, *words = line.split() or [""]
        if keyword in ("search", "domain"):     # the last line counts
            found = words
    names = (word.lower().strip(".") for word in found)
    return frozenset(name for name in names if "." in name)


def file_version(path: Path) -> FileVersion:
    """Return what changes whenever the file at *path* does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_text(path: Path) -> str:
    """Return the ASCII text at *path*; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_RESOLVER_BYTES).decode("ascii", "ignore")
    except OSError:
        return ""

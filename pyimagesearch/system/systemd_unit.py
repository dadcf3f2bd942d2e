"""The systemd unit: what the service may do, which is little beside cameras."""

from collections.abc import Sequence

NAME = "webstreaming"       # of the unit and of its user
STATE = f"/var/lib/{NAME}"
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                  "/._-=:,@+")

UNIT = """\
# as "webstreaming service" writes it
[Unit]
Description=Cameras, watched day and night
Wants=network-online.target
After=network-online.target time-sync.target
{mount}# try for ever: the network, a disk or a camera may come back after hours
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
Restart=on-failure
RestartSec=5
# a wrong setting stays wrong
RestartPreventExitStatus=2
# no word for so long that all camera loops turn, and it is started anew
WatchdogSec=30
TimeoutStopSec=30
LimitNOFILE=4096
LimitCORE=0

User={name}
SupplementaryGroups=video
StateDirectory={name}
StateDirectoryMode=0700
UMask=0077
{writable}
NoNewPrivileges=yes
CapabilityBoundingSet={capability}
{ambient}ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# USB cameras, and what the Raspberry Pi's own needs
DevicePolicy=closed
DeviceAllow=char-video4linux rw
DeviceAllow=char-media rw
DeviceAllow=char-dma_heap rw
DeviceAllow=/dev/vchiq rw

[Install]
WantedBy=multi-user.target
"""


def unit(command: Sequence[str], *, data: str | None = None, port: int = 8000) -> str:
    """
    Return the unit that runs *command*, a program and its settings.

    What is kept lies in :data:`STATE`, unless *data* says where. A *port* below
    1024 brings the one right that it takes.
    """
    capability = "CAP_NET_BIND_SERVICE" if 0 < port < 1024 else ""
    kept = [] if data else [f"--data={STATE}"]
    return UNIT.format(
        name=NAME, command=" ".join(map(expanded, [*command, *kept])),
        mount=f"RequiresMountsFor={quoted(data)}\n" if data else "",
        writable=f"ReadWritePaths={quoted('-' + data)}\n" if data else "",
        capability=capability,
        ambient=f"AmbientCapabilities={capability}\n" if capability else "")


def expanded(word: str) -> str:
    """Return *word* as it stands in ``ExecStart=``, which knows variables too."""
    return quoted(word.replace("$", "$$"))


def quoted(word: str) -> str:
    """Return *word* so that systemd reads nothing else (systemd.syntax)."""
    if word and PLAIN.issuperset(word):
        return word
    return '"' + "".join(map(escaped, word)) + '"'


def escaped(letter: str) -> str:
    """Return *letter* as it stands between quotes."""
    if letter in '"\\':
        return "\\" + letter
    if letter == "%":
        return "%%"
    return f"\\x{ord(letter):02x}" if letter < " " or letter == "\x7f" else letter

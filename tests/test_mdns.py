"""Whether a responder of multicast DNS on this machine answers: avahi, and hostile ones."""

import shutil
import socket
import struct
import subprocess
import sys
import threading
from functools import partial

import pytest

from harness import DEADLINE, ROOT, missing, needs
from pyimagesearch import mdns

# in namespaces of their own for the network and /run: on a port that others may use;
# as the only user there, whom avahi must take for its own
INSIDE = """
ip link set lo up
ip link add one type veth peer name two
ip address add 10.9.0.1/24 dev one
ip link set one up
ip link set two up
mount -t tmpfs none /run
mkdir /run/avahi-daemon
mount --bind {folder}/services /etc/avahi/services
mount --bind {folder}/passwd /etc/passwd
mount --bind {folder}/group /etc/group
avahi-daemon --no-drop-root --no-chroot --no-rlimits --no-proc-title --file {folder}/avahi.conf &
avahi=$!
{python} {folder}/ask.py
kill $avahi
"""
CONFIG = """[server]
host-name=picam
use-ipv6=no
enable-dbus=no
"""
ASK = """
import socket, sys, time
sys.path.insert(0, {root!r})
from pyimagesearch.mdns import is_answered_here, query_for
until = time.monotonic() + 20
while not is_answered_here("picam.local", "10.9.0.1") and time.monotonic() < until:
    time.sleep(0.05)
print(is_answered_here("picam.local", "10.9.0.1"), is_answered_here("other.local", "10.9.0.1"))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.bind(("10.9.0.1", 0))
    probe.settimeout(20)
    # the services of a type: PTR
    probe.sendto(query_for("_http._tcp.local")[:-4] + bytes([0, 12, 0, 1]), ("224.0.0.251", 5353))
    print(b"Webstreaming on picam" in probe.recv(9000))
"""


def test_avahi_answers_to_the_name_and_announces_the_server(tmp_path):
    for program, package in (("avahi-daemon", "avahi-daemon"), ("ip", "iproute2"),
                             ("unshare", "util-linux")):
        needs(program, package)
    inside = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*inside, "true"], capture_output=True).returncode:
        missing("this kernel lets no user make a network; run: sudo sysctl kernel.unprivileged_userns_clone=1")
    (tmp_path / "services").mkdir()
    shutil.copy(ROOT / "deploy/avahi.service", tmp_path / "services")
    (tmp_path / "avahi.conf").write_text(CONFIG)
    (tmp_path / "passwd").write_text("root:x:0:0::/:/bin/sh\navahi:x:0:0::/:/bin/sh\n")
    (tmp_path / "group").write_text("root:x:0:\navahi:x:0:\n")
    (tmp_path / "ask.py").write_text(ASK.format(root=str(ROOT)))
    ended = subprocess.run(
        [*inside, "bash", "-c", INSIDE.format(folder=tmp_path, python=sys.executable)],
        capture_output=True, text=True, timeout=DEADLINE)
    assert ended.stdout == "True False\nTrue\n", ended.stderr


class Responder:
    """A program that answers a query with each of what *answers* make of it."""

    def __init__(self, *answers):
        self.answers = answers
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, b"".join(
            map(socket.inet_aton, (mdns.GROUP_ADDRESS, "127.0.0.1"))))
        self.socket.bind(("", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with self.socket:
            query, sender = self.socket.recvfrom(9000)
            for answer in self.answers:
                self.socket.sendto(answer(query), sender)


def answer(query, flags=0x8400, answers=1, number=0):
    """Return an answer to *query* without its record, which is not looked at."""
    (asked,) = struct.unpack_from(">H", query)
    return struct.pack(">6H", asked ^ number, flags, 0, answers, 0, 0) + query[12:]


@pytest.mark.parametrize(("right", "found"), [([], False), ([answer], True)])
def test_only_an_answer_to_the_query_counts(right, found):
    responder = Responder(
        bytes, lambda query: b"", lambda query: query[:11], partial(answer, number=1),
        partial(answer, answers=0), partial(answer, flags=0x8403), *right)
    assert mdns.is_answered_here("pi.local", "127.0.0.1", responder.port) is found


def test_answer_of_another_address_does_not_count():
    with (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
          socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other):
        probe.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        query = mdns.query_for("pi.local")
        other.sendto(answer(query), probe.getsockname())
        with pytest.raises(TimeoutError):
            mdns.wait_for_answer(probe, query, ("127.0.0.2", mdns.MDNS_PORT))
        other.sendto(answer(query), probe.getsockname())
        assert mdns.wait_for_answer(probe, query, other.getsockname())


def test_no_time_is_lost_where_no_program_listens(monkeypatch):
    monkeypatch.setattr(mdns, "wait_for_answer", pytest.fail)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert mdns.is_listened_on(port)
    assert not mdns.is_listened_on(port)
    assert mdns.is_answered_here("pi.local", "127.0.0.1", port) is False


@pytest.mark.parametrize("name", ["pi..local", "x" * 64 + ".local", "käfer.local", ".local"])
def test_host_name_that_dns_does_not_know_is_refused(name):
    with pytest.raises(ValueError, match=r"local|ascii"):
        mdns.query_for(name)

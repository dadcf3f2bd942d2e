"""WS-Discovery: which devices answer, and what hostile answers may not do."""

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_onvif import Beacon, match, soap
from pyimagesearch.capture import onvif_discovery
from pyimagesearch.capture.onvif_discovery import (
    GROUP_PLACE,
    MAX_DEVICES,
    OnvifDevice,
    add_device,
    at_host,
    find_devices,
    receive_devices,
)
from pyimagesearch.capture.onvif_messages import parse_envelope

FRONT = OnvifDevice("127.0.0.1", "http://127.0.0.1:8000/onvif/device_service", "Front door", "FC-1")


class Datagram:
    """A socket that has received one datagram."""

    def __init__(self, data, address="192.168.1.20"):
        self.data, self.address = data, address

    def recvfrom(self, most):
        return self.data, (self.address, 3702)


def devices_in(data):
    return list(receive_devices(Datagram(data)))


def test_cameras_in_the_network_are_found():
    camera = match("http://192.0.2.1:8000/onvif/device_service http://[fe80::1]/onvif")
    hostile = [b"", b"\0" * 60_000, soap("<t:ProbeMatch/>"), camera]
    with contextlib.closing(Beacon(*hostile, camera)) as beacon:
        place = GROUP_PLACE[0], beacon.port
        assert find_devices(["127.0.0.1", "192.0.2.99"], group=place) == [FRONT]
    kinds = [parse_envelope(each).findtext(".//{*}Types") for each in beacon.received]
    assert kinds == 2 * ["n:NetworkVideoTransmitter", "n:Device"]


def test_camera_behind_a_router_is_asked_by_itself(monkeypatch):
    monkeypatch.setattr(onvif_discovery, "DISCOVERY_SECONDS", 0.4)
    with contextlib.closing(Beacon(match("http://x:8000/onvif/device_service"), in_group=False)) as beacon:
        assert find_devices(["127.0.0.1"], ["127.0.0.1"], (GROUP_PLACE[0], beacon.port)) == [FRONT]


def test_only_onvif_devices_count():
    assert devices_in(match("http://x/y", scopes="", types="wsdp:Device pub:Computer")) == []
    (found,) = devices_in(match("http://x/y", scopes="", types="tds:Device dn:NetworkVideoTransmitter"))
    assert found == OnvifDevice("192.168.1.20", "http://192.168.1.20/y")
    (found,) = devices_in(match("http://x/y", scopes="onvif://www.onvif.org/hardware/A_1", types="tds:Device"))
    assert found.model == "A 1"


def test_names_are_printable_and_short():
    (found,) = devices_in(match("http://x/", scopes=(
        f"onvif://www.onvif.org/name/%1b[31m%0aRed onvif://www.onvif.org/hardware/{'x' * 500}")))
    assert found.name == r"\x1b[31m\nRed"
    assert len(found.model) == 60


@pytest.mark.parametrize(("url", "found"), [
    ("http://192.0.2.1/onvif", "http://192.168.1.20/onvif"), ("https://cam:8443/", "https://192.168.1.20:8443/"),
    ("http://a:b@192.0.2.1:80/x?y=1#z", "http://192.168.1.20:80/x?y=1"), ("http://[fe80::1]/x", "http://192.168.1.20/x"),
    ("http://192.0.2.1:99999/", ""), ("http://[/", ""), ("ftp://192.0.2.1/", ""), ("http://", ""), ("http://ä/", ""),
    ("http://192.0.2.1/\x1b[31m", ""), ("http://192.0.2.1/a b", "")])
def test_url_leads_to_the_host_that_answered(url, found):
    assert at_host(url, "192.168.1.20") == found


def test_one_address_cannot_crowd_out_the_others():
    found = {}
    for number in range(2 * MAX_DEVICES):
        add_device(found, OnvifDevice("192.0.2.1", f"http://192.0.2.1:{number}/"))
    assert len(found) == 4
    for number in range(2 * MAX_DEVICES):
        add_device(found, OnvifDevice(f"192.0.2.{number}", f"http://192.0.2.{number}/"))
    assert len(found) == MAX_DEVICES


def test_many_answers_in_one_datagram_are_cut():
    data = soap("".join(f"<t:ProbeMatch><t:Types>NetworkVideoTransmitter</t:Types><t:XAddrs>http://x:{1 + number}/"
                        "</t:XAddrs></t:ProbeMatch>" for number in range(300)))
    assert len(devices_in(data)) == 4


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda text: soap(
    f"<t:ProbeMatch><t:Types>NetworkVideoTransmitter</t:Types><t:XAddrs>{text}</t:XAddrs></t:ProbeMatch>"))
    | st.text(max_size=80).map(lambda text: match(f"http://{text}")))
def test_any_datagram_is_read(data):
    for device in devices_in(data):
        assert re.fullmatch(r"https?://192\.168\.1\.20(:\d+)?([/?].*)?", device.url)
        assert device.url.isprintable()


def test_flood_does_not_prolong_the_search(monkeypatch):
    monkeypatch.setattr(onvif_discovery, "DISCOVERY_SECONDS", 0.2)
    flood = [match(f"http://x:{1 + number}/") for number in range(200)]
    with contextlib.closing(Beacon(*flood)) as beacon:
        assert len(find_devices(["127.0.0.1"], group=(GROUP_PLACE[0], beacon.port))) == 4

"""Networks and loopback addresses."""

import pytest

from pyimagesearch.addresses import forwarded_address, is_loopback, network_of


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")])
def test_network_is_an_ipv4_address_or_an_ipv6_64(address, network):
    assert network_of(address) == network


def test_loopback_addresses_are_recognised():
    assert [is_loopback(ip) for ip in ("127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "::",
                                       "192.168.1.7")] == [True, True, True, *[False] * 3]


@pytest.mark.parametrize(("header", "address"), [
    ("192.0.2.1", "192.0.2.1"), ("192.0.2.1:8080", "192.0.2.1"), ("2001:DB8::1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"), ("[2001:db8::1]:443", "2001:db8::1"),
    ("fe80::1%eth0", "fe80::1"), ("[fe80::1%25eth0]:80", "fe80::1"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.9, \t192.0.2.1 ", "192.0.2.1"),
    *((header, None) for header in (
        "", ",", "unknown", "_hidden", "192.0.2.1,", "192.0.2", "192.0.2.256", "192.0.2.1:port",
        "[192.0.2.1", "2001:db8::1:80:", "999.0.2.1:80", "cam.example.org", "1" * 30_000))])
def test_forwarded_for_counts_only_if_it_is_an_address(header, address):
    assert forwarded_address(header, 1) == address
    assert forwarded_address(f"{header}, 192.0.2.7", 2) == address

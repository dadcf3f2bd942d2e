"""Networks and loopback addresses."""

import pytest

from pyimagesearch.addresses import is_loopback, network_of


@pytest.mark.parametrize(("address", "network"), [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")])
def test_network_is_an_ipv4_address_or_an_ipv6_64(address, network):
    assert network_of(address) == network


def test_loopback_addresses_are_recognised():
    assert [is_loopback(ip) for ip in ("127.0.0.1", "127.3.2.1", "::1", "0.0.0.0", "::",
                                       "192.168.1.7")] == [True, True, True, *[False] * 3]

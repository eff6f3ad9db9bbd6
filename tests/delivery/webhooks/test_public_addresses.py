"""Which addresses a webhook may go to: a table of known tricks, and laws over all others."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consult.delivery.webhooks.http_client import is_public

PUBLIC = [
    *("93.184.215.14", "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.63.255.255"),
    *("2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
    "2002:808:808::1",  # 6to4 of 8.8.8.8
]
NOT_PUBLIC = {
    "this machine": ["127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::"],  # noqa: S104 - asked about
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "fc00::1"],
    "carrier NAT": ["100.64.0.1", "100.127.255.255"],
    "link": ["169.254.169.254", "fe80::1", "fe80::1%eth0", "febf::1"],
    "cloud data": ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"],
    "documents": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1"],
    "tests": ["198.18.0.1", "192.0.0.1"],
    "many": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1", "255.255.255.255", "240.0.0.1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:7f00:1"],
    "compatible": ["::127.0.0.1", "::8.8.8.8", "::a00:1"],
    "NAT64": ["64:ff9b::127.0.0.1", "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2002:c0a8:101::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:7f00:1::1", "2001::1"],
    "site": ["fec0::1"],
    "segments": ["5f00::1"],
    "no address": [
        *("", "localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "1.1.1.1:80"),
        "\u0661.1.1.1",
    ],
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address", [address for addresses in NOT_PUBLIC.values() for address in addresses]
)
def test_everything_else_is_refused(address: str) -> None:
    assert not is_public(address)


def ipv4() -> SearchStrategy[IPv4Address]:
    """Any address, half of them near a border of a private network."""
    borders = [
        IPv4Address(text) for text in ("10.0.0.0", "127.0.0.0", "169.254.0.0", "192.168.0.0")
    ]
    near = st.builds(
        lambda border, step: IPv4Address((int(border) + step) % 2**32),
        st.sampled_from(borders),
        st.integers(-3, 2**24 + 3),
    )
    return st.one_of(st.ip_addresses(v=4), near)


@given(ipv4())
def test_what_carries_an_address_is_as_public_as_that_one(address: IPv4Address) -> None:
    number = int(address)
    mapped = IPv6Address((0xFFFF << 32) | number)
    nat64 = IPv6Address((0x0064_FF9B << 96) | number)
    six_to_four = IPv6Address((0x2002 << 112) | (number << 80) | 1)
    expected = address.is_global and not address.is_multicast
    assert is_public(str(address)) == expected
    assert {is_public(str(each)) for each in (mapped, nat64, six_to_four)} == {expected}


@given(ipv4(), ipv4())
def test_a_tunnel_is_public_if_both_ends_are(server: IPv4Address, client: IPv4Address) -> None:
    teredo = IPv6Address((0x2001_0000 << 96) | (int(server) << 64) | (int(client) ^ 0xFFFFFFFF))
    both = all(each.is_global and not each.is_multicast for each in (server, client))
    assert is_public(str(teredo)) == both


@given(st.ip_addresses(v=6))
def test_other_addresses_are_public_only_if_wrapped(
    address: IPv6Address,
) -> None:
    wrapped = address.ipv4_mapped or address in IPv6Network("64:ff9b::/96")
    if is_public(str(address)) and not wrapped:
        assert address in IPv6Network("2000::/3")

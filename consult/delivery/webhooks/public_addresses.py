"""Which network addresses a webhook may go to: public ones, whatever they are wrapped in.

An address that staff type must not become a way into the network that we run in. So what a name
resolves to is looked at, and the connection goes to exactly what was looked at.
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(text: str) -> bool:
    """Whether an IP address is one that anybody on the internet could reach.

    An IPv6 address that only carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is as public as
    that one. What is no address at all, or one with a zone, is not public.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_4(address)
    carried = _carried(address)
    if carried:
        return all(map(_is_public_4, carried))
    plain = address in _UNICAST and address.is_global and not address.is_multicast
    return plain and address.scope_id is None


def _is_public_4(address: IPv4Address) -> bool:
    # The standard library counts multicast among the global addresses.
    return address.is_global and not address.is_multicast


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that traffic to this address would end at."""
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    return ()

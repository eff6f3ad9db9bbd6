"""Connections to other machines: they end in time, and webhooks go to public addresses only."""

from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from consult.delivery.network import (
    MAX_RESPONSE_BYTES,
    ForbiddenUrlError,
    HttpClient,
    NoResponseError,
    checked_url,
    is_public,
    resolve,
)
from tests.support.dripping_server import TLS_RECORD, dripping_server
from tests.support.patience import patience
from tests.support.webhook_receiver import HOST, IP, URL, Receiver, receiver


def test_it_connects_to_what_was_checked_and_shows_the_name(hooks: Receiver) -> None:
    answer = hooks.client().send(URL, b'{"a": 1}', {"webhook-id": "msg_1"})
    assert (answer.status, answer.text) == (200, "thank you")
    assert hooks.internet.asked == [HOST]
    assert hooks.internet.connected == [(IP, 443)]
    (got,) = hooks.received
    assert (got.path, got.body) == ("/relay?for=us", '{"a": 1}')
    assert got.headers["host"] == HOST
    assert got.headers["webhook-id"] == "msg_1"


@pytest.mark.parametrize(("name", "trusted"), [("other.example", True), (HOST, False)])
def test_a_certificate_of_another_is_refused(tmp_path: Path, name: str, trusted: bool) -> None:
    with receiver(tmp_path, name) as hooks:
        tls = hooks.tls if trusted else None
        client = HttpClient(resolve=hooks.internet.resolve, network=hooks.internet, tls=tls)
        with pytest.raises(NoResponseError, match="wasn’t secure"):
            client.send(URL, b"{}", {})
        assert hooks.received == []


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["::1"], ["10.0.0.7"], ["169.254.169.254"], ["::ffff:192.168.0.1"]),
        *(["64:ff9b::7f00:1"], [IP, "10.0.0.7"], ["10.0.0.7", IP]),
    ],
)
def test_a_name_of_a_private_address_is_refused(hooks: Receiver, addresses: list[str]) -> None:
    hooks.internet.names[HOST] = addresses
    with pytest.raises(ForbiddenUrlError, match="private network"):
        hooks.client().send(URL, b"{}", {})
    assert hooks.internet.connected == []


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://2130706433/", "https://[::1]/"])
def test_a_private_address_in_the_url_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenUrlError, match="private network"):
        HttpClient().send(url, b"{}", {})


def test_a_name_is_resolved_once_so_that_it_cannot_change_in_between(hooks: Receiver) -> None:
    answers = iter([[IP], ["127.0.0.1"]])
    client = HttpClient(
        resolve=lambda host, port: next(answers), network=hooks.internet, tls=hooks.tls
    )
    client.send(URL, b"{}", {})
    assert hooks.internet.connected == [(IP, 443)]
    assert list(answers) == [["127.0.0.1"]]


def test_a_look_up_that_hangs_is_abandoned(hooks: Receiver) -> None:
    answered = Event()

    def hang(_host: str, _port: int) -> list[str]:
        answered.wait()
        return [IP]

    client = HttpClient(resolve=hang, network=hooks.internet, total_seconds=0.02)
    with pytest.raises(NoResponseError, match="wasn’t found in time"):
        client.send(URL, b"{}", {})
    answered.set()
    assert hooks.internet.connected == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(hooks: Receiver, status: int) -> None:
    hooks.status, hooks.headers = status, {"Location": "https://127.0.0.1/inside"}
    assert hooks.client().send(URL, b"{}", {}).status == status
    assert len(hooks.received) == 1
    assert hooks.internet.asked == [HOST]


def test_no_proxy_is_used(hooks: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert hooks.client().send(URL, b"{}", {}).status == 200


def test_at_most_64_kb_of_a_response_are_read_and_nothing_is_decompressed(hooks: Receiver) -> None:
    hooks.answer, hooks.headers = b"x" * (MAX_RESPONSE_BYTES + 5000), {"Content-Encoding": "gzip"}
    assert hooks.client().send(URL, b"{}", {}).text == "x" * MAX_RESPONSE_BYTES


SILENT: list[tuple[str, list[bytes], bytes]] = [
    ("http", [], b""),
    ("http", [], b"H"),
    ("http", [b"HTTP/1.1 200 OK\r\n"], b"X"),
    ("http", [b"HTTP/1.1 200 OK\r\n\r\n"], b"x"),
    ("https", [], b""),
    ("https", [], TLS_RECORD + b"x"),
]


def test_a_receiver_that_says_nothing_or_a_byte_now_and_then_is_cut_off() -> None:
    """All kinds at the same time, as each takes as long as it may."""

    def is_cut_off(kind: tuple[str, list[bytes], bytes]) -> bool:
        scheme, replies, drops = kind
        with dripping_server(replies, drops) as server:
            client = HttpClient(allow_loopback=True, total_seconds=0.5)
            with pytest.raises(NoResponseError, match="in time"):
                client.send(f"{scheme}://127.0.0.1:{server.port}/", b"{}", {})
            return server.hung_up.wait(patience())

    with ThreadPoolExecutor(len(SILENT)) as pool:
        assert all(pool.map(is_cut_off, SILENT))


def test_the_second_address_is_tried_when_the_first_does_not_respond(hooks: Receiver) -> None:
    plain = hooks.internet.connect_tcp
    port = hooks.internet.port
    hooks.internet.names[HOST] = ["8.8.8.8", IP]

    def connect_tcp(host: str, number: int, timeout: float | None = None) -> object:
        hooks.internet.port = 1 if host == "8.8.8.8" else port
        return plain(host, number, timeout)

    hooks.internet.connect_tcp = connect_tcp  # type: ignore[assignment]
    assert hooks.client().send(URL, b"{}", {}).status == 200
    assert [ip for ip, _ in hooks.internet.connected] == ["8.8.8.8", IP]


def test_an_unknown_name_is_explained(hooks: Receiver) -> None:
    hooks.internet.names.clear()
    with pytest.raises(NoResponseError, match="name is unknown"):
        hooks.client().send(URL, b"{}", {})


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "hooks.example",
            "ftp://hooks.example/",
            "http://hooks.example/",
            "http://127.0.0.1/",
        ),
        *("file:///etc/passwd", "https://", "https:///path", "https://hooks.example/#part"),
        *("https://user:password@hooks.example/", "https://hooks.example:99999/"),
        *("https://hooks.example:x/", "https://hooks.example/a b", "https://hooks.example/ä"),
        *("https://hooks example/", "https://hooks<b>.example/"),
        *("https://hooks.example/\r\nX-Evil: 1", "https://[::1/"),
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_what_cannot_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        checked_url(url)


@pytest.mark.parametrize(
    ("host", "encoded"),
    [
        ("bücher.example", b"xn--bcher-kva.example"),
        ("straße.example", b"xn--strae-oqa.example"),  # and not that of strasse.example
        ("日本.example", b"xn--wgv71a.example"),
    ],
)
def test_a_name_in_any_script_is_encoded(host: str, encoded: bytes) -> None:
    assert checked_url(f"https://{host}/x").host == encoded


def test_this_machine_and_plain_http_are_for_development_alone(tmp_path: Path) -> None:
    with receiver(tmp_path, tls=False) as hooks:
        with pytest.raises(NoResponseError, match="wasn’t secure"):
            hooks.client().send(URL, b"{}", {})
        url = f"http://127.0.0.1:{hooks.internet.port}/relay"
        assert HttpClient(allow_loopback=True).send(url, b"{}", {}).status == 200
        with pytest.raises(ForbiddenUrlError):
            HttpClient().send(url, b"{}", {})
        for other in ("http://hooks.example/", "http://10.0.0.1/"):
            with pytest.raises(ForbiddenUrlError):
                checked_url(other, allow_loopback=True)


def test_names_are_resolved_as_this_machine_knows_them() -> None:
    assert set(resolve("localhost", 443)) <= {"127.0.0.1", "::1"}


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
def test_other_addresses_are_public_only_if_wrapped(address: IPv6Address) -> None:
    wrapped = address.ipv4_mapped or address in IPv6Network("64:ff9b::/96")
    if is_public(str(address)) and not wrapped:
        assert address in IPv6Network("2000::/3")

"""Posting to a URL that staff typed: where it connects to, and what it refuses."""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from consult.delivery.webhooks.http_client import (
    MAX_RESPONSE_BYTES,
    ForbiddenUrlError,
    HttpClient,
    NoResponseError,
    checked_url,
    resolve,
)
from tests.support.webhook_receiver import HOST, IP, URL, Receiver, receiver


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Receiver]:
    with receiver(tmp_path) as running:
        yield running


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
        with pytest.raises(NoResponseError, match="not secure"):
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
    with pytest.raises(NoResponseError, match="not found in time"):
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


def test_a_slow_response_ends_when_its_time_is_over(hooks: Receiver) -> None:
    hooks.drip = 0.05
    started = time.monotonic()
    with pytest.raises(NoResponseError, match="in time"):
        hooks.client(total_seconds=0.5).send(URL, b"{}", {})
    assert time.monotonic() - started < 3


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
        *("https://hooks.example/\r\nX-Evil: 1", "https://[::1/"),
        "https://" + "a" * 64 + ".example/",
    ],
)
def test_what_cannot_be_posted_to_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenUrlError):
        checked_url(url)


def test_a_name_in_any_script_is_encoded() -> None:
    assert checked_url("https://bücher.example/x").host == b"xn--bcher-kva.example"


def test_this_machine_and_plain_http_are_for_development_alone(tmp_path: Path) -> None:
    with receiver(tmp_path, tls=False) as hooks:
        with pytest.raises(NoResponseError, match="not secure"):
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

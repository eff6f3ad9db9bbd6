"""Asking the provider over HTTP: no redirect, and no answer that is too slow or too large.

What it says of itself and its keys is kept for ten minutes in this process, so that a sign-in asks
it one thing (the token) and not four.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from consult.delivery.tls import believed

KEEP_SECONDS = 600.0
LONGEST_ANSWER = 256 * 1024
_SECONDS = 5.0
_SECONDS_IN_ALL = 10.0
# Compressed, a small answer could become a large one.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class ProviderProblem(Exception):
    """The provider is away, or what came from it is not right; the text is for the log."""


@dataclass(frozen=True, slots=True)
class _Kept:
    said: Mapping[str, Any]
    until: float


class Known:
    """What was fetched from addresses of the provider, and is good for a while.

    Args:
        timer: seconds from an arbitrary start.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._kept: dict[str, _Kept] = {}

    def fetch(self, address: str, *, anew: bool = False) -> tuple[Mapping[str, Any], bool]:
        """The JSON object at an address, and whether it was fetched just now.

        With `anew` it is. Raises ProviderProblem; what was kept before then stays.
        """
        kept, now = self._kept.get(address), self._timer()
        if kept and now < kept.until and not anew:
            return kept.said, False
        said = ask("GET", address)
        self._kept[address] = _Kept(said, now + KEEP_SECONDS)
        return said, True

    def forget(self, address: str) -> None:
        """Fetch what is at an address anew the next time."""
        self._kept.pop(address, None)


def ask(
    method: str,
    address: str,
    *,
    form: Mapping[str, str] | None = None,
    auth: httpx.BasicAuth | None = None,
) -> Mapping[str, Any]:
    """The JSON object that an address answers with; raises ProviderProblem for anything else."""
    path = httpx.URL(address).path
    with _answer(method, address, form, auth) as answer:
        if answer.status_code != 200:
            raise ProviderProblem(f"{path} answers {answer.status_code}")
        body = _body(answer, path)
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ProviderProblem(f"{path} answers with something else than JSON")
    return said


@contextmanager
def _answer(
    method: str, address: str, form: Mapping[str, str] | None, auth: httpx.BasicAuth | None
) -> Iterator[httpx.Response]:
    try:
        with (
            httpx.Client(
                timeout=_SECONDS, follow_redirects=False, headers=_HEADERS, verify=believed()
            ) as client,
            client.stream(method, address, data=form, auth=auth) as answer,
        ):
            yield answer
    except httpx.HTTPError as problem:
        raise ProviderProblem(f"no answer: {type(problem).__name__}") from problem


def _body(answer: httpx.Response, path: str) -> bytes:
    """All of an answer, as long as it is not too much and comes in time."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise ProviderProblem(f"{path} answers compressed")
    until, body = time.monotonic() + _SECONDS_IN_ALL, b""
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise ProviderProblem(f"{path} answers with more than {LONGEST_ANSWER} bytes")
        if time.monotonic() > until:
            raise ProviderProblem(f"{path} is too slow")
    return body

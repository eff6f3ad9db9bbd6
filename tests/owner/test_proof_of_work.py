"""Proof of work: solved once, for one form and in time, it's no sign; all else is only a sign."""

import gzip
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import count, islice
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from consult.owner.form_guard import CHALLENGE_LIFE
from consult.storage.tables.delivery_tables import DeliveryRow
from consult.storage.tables.submission_tables import ContactRow, RateLimitRow
from tests.support.apps import mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.lead_factories import see
from tests.support.page import Page
from tests.support.personas import ADA
from tests.support.results import submit_check
from tests.support.submissions import newest_contact

SCRIPT = Path(__file__).parents[2] / "static/js/proof.js"


def challenge_in(page: Page, field: str = "proof") -> dict[str, str]:
    (found,) = [box.attrib for box in page.document.all("input") if box.get("id") == field]
    return {name: found[f"data-{name}"] for name in ("challenge", "bits", "count")}


def solution(challenge: dict[str, str]) -> str:
    """What the script works out."""
    text, bits = challenge["challenge"], int(challenge["bits"])

    def fits(number: int) -> bool:
        hashed = sha256(f"{text}:{number}".encode()).digest()
        return int.from_bytes(hashed[:4]) >> (32 - bits) == 0

    numbers = islice(filter(fits, count()), int(challenge["count"]))
    return f"{text}~{'.'.join(map(str, numbers))}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder, cost = tmp_path_factory.mktemp("proof"), {"spam_proof_bits": 4}
    made = make_app(folder, spam_proof_of_work="on", **cost, **mail_settings())
    yield made
    services_of(made).database.close()


@pytest.fixture
def client(app: Flask) -> PageClient:
    with services_of(app).database.writing() as session:
        session.execute(delete(RateLimitRow))
    return PageClient(app)


def solved(client: PageClient, result: str) -> str:
    return solution(challenge_in(client.get(f"{result}/contact")))


def send(client: PageClient, result: str, proof: str) -> ContactRow:
    """Leave a contact with a proof; the contact as it is stored."""
    form = client.get(f"{result}/contact").form("/contact")
    page = client.post(form.action, {**form.data, **ADA, "proof": proof})
    # Solved or not, the answer is the same.
    assert page.location.startswith(f"{result}?thanks=")
    assert "Thank you, Ada Lovelace." in client.follow(page).text
    return newest_contact(services_of(client.app).database)


def test_a_solved_challenge_is_no_sign(client: PageClient) -> None:
    result = submit_check(client.app)
    contact = send(client, result, solved(client, result))
    assert (dict(contact.signs), contact.waiting_token) == ({}, None)


WRONG: dict[str, Callable[[str], str]] = {
    "nothing": lambda proof: "",
    "no numbers": lambda proof: proof.partition("~")[0],
    "too few": lambda proof: proof.rpartition(".")[0],
    "one number often": lambda proof: proof.split(".")[0] + f".{proof.rpartition('.')[2]}" * 15,
    "wrong numbers": lambda proof: f"{proof.partition('~')[0]}~{'.'.join('0123456789abcdef')}",
    "another challenge": lambda proof: f"x{proof}",
    "odd text": lambda proof: f"{proof.partition('~')[0]}~" + ".".join("0123456789é\x00_- ~"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_solution_is_a_sign_and_the_report_waits_for_a_press(
    client: PageClient, change: Callable[[str], str]
) -> None:
    result = submit_check(client.app)
    contact = send(client, result, change(solved(client, result)))
    assert contact.signs["proof_of_work"] == {"detail": "", "counts": True}
    # Staff are notified of the lead, but no mail goes out, not even the one to confirm.
    database, of_lead = services_of(client.app).database, contact.submission_id
    assert not see(database, of_lead).suspect
    assert rows(database, DeliveryRow, DeliveryRow.submission_id == of_lead) == []
    page = client.get(result)
    client.submit(page.form("/confirm-email"))
    (mail,) = rows(database, DeliveryRow, DeliveryRow.submission_id == of_lead)
    assert (mail.kind, mail.address) == ("confirm", ADA["email"])


def test_a_challenge_counts_once(client: PageClient) -> None:
    result = submit_check(client.app)
    form = client.get(f"{result}/contact").form("/contact")
    proof = solution(challenge_in(client.get(f"{result}/contact")))
    thanks = client.follow(client.post(form.action, {**form.data, **ADA, "proof": proof}))
    form = client.get(thanks.link("correct your name")).form("/contact")
    again = {**form.data, **ADA, "email": "ada@example.org", "proof": proof}
    client.post(form.action, again)
    database = services_of(client.app).database
    (contact,) = rows(database, ContactRow, ContactRow.email == again["email"])
    assert "proof_of_work" in contact.signs


def test_a_challenge_is_for_one_form(client: PageClient) -> None:
    result, other = submit_check(client.app), submit_check(client.app)
    assert "proof_of_work" in send(client, other, solved(client, result)).signs


@pytest.mark.parametrize(("seconds", "late"), [(-5, False), (5, True)])
def test_a_challenge_is_valid_for_ten_minutes(
    client: PageClient, monkeypatch: pytest.MonkeyPatch, seconds: int, late: bool
) -> None:
    result = submit_check(client.app)
    proof = solved(client, result)
    then = time.time() + CHALLENGE_LIFE.total_seconds() + seconds
    monkeypatch.setattr(time, "time", lambda: then)
    assert ("proof_of_work" in send(client, result, proof).signs) is late


@pytest.mark.parametrize(
    ("mode", "asked", "signs"),
    [("off", 0, {}), ("watch", 1, {"proof_of_work": {"detail": "", "counts": False}})],
)
def test_it_may_be_off_or_only_watched(
    tmp_path: Path, mode: str, asked: int, signs: dict[str, object]
) -> None:
    client = PageClient(make_app(tmp_path, spam_proof_of_work=mode, **mail_settings()))
    result = submit_check(client.app)
    html = client.get(f"{result}/contact").html
    assert (html.count("data-challenge"), html.count("js/proof.js")) == (asked, asked)
    contact = send(client, result, "")
    assert (dict(contact.signs), contact.waiting_token) == (signs, None)


def test_the_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes())) <= 2000

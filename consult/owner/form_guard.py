"""What guards the forms that make a contact or send mail: limits, and signs of a robot.

No form is refused for a sign, and no page says which was found. A form takes part with the macro
`guard_fields` of ``parts/forms.html``, which gets what `guard` returns, and `signs_of` when it is
sent. Forms with answers are not guarded.

Proof of work: a browser computes for a moment before it sends a form (`static/js/proof.js`). That
costs a person nothing and makes a thousand forms dear. A challenge is for one form, for ten minutes
and for one use. Without JavaScript or a secure connection none is solved.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any

from flask import request

from consult.crypto import Purpose, sign, token_hash, verify
from consult.storage.second_factors.factors import use_once
from consult.web.limits import network_of
from consult.web.services import secret_key, services
from consult.workflow import spam
from consult.workflow.spam import Layer, Mode, Sign

HONEYPOT = "company_website"
"""A field that people do not see and robots fill in."""

_STAMP, _PROOF = "stamp", "proof"

CHALLENGE_LIFE = timedelta(minutes=10)

HASHES = 16
"""How many hashes are to be found: with several, the time varies less than with a rarer one."""

_LONGEST_PROOF = 1000


def guard(form: str, token: str) -> dict[str, Any]:
    """The hidden fields of a form on the page of a token.

    The stamp says when the form was first shown, so a form that came back with something to correct
    keeps the one it was sent with. The proof of work is another one each time.
    """
    proof = _new_challenge(_name(form, token)) if mode_of("proof_of_work") != "off" else None
    sent = request.form.get(_STAMP, "")
    if _age(form, token, sent) is None:
        shown_at = round(services().database.clock().timestamp() * 1000)
        sent = sign(secret_key(), Purpose.FORM_STAMP, [_name(form, token), shown_at])
    return {"honeypot": HONEYPOT, "stamp": sent, "proof": proof}


def signs_of(
    form: str, token: str, email: str, *, seconds_taken: int | None = None
) -> dict[str, dict[str, Any]]:
    """Signs of a robot in the form that was sent, as they are stored with what it made.

    `seconds_taken` is how long the whole check took, where it is finished.
    """
    found: dict[Sign, str] = {**_timing(form, token)}
    if request.form.get(HONEYPOT):
        found["honeypot"] = ""
    if seconds_taken is not None and seconds_taken < spam.RUSHED_SECONDS:
        found["rushed"] = str(seconds_taken)
    if domain := spam.throwaway_domain(email):
        found["throwaway"] = domain
    asks = mode_of("proof_of_work") != "off"
    solved = asks and _is_solved(_name(form, token), request.form.get(_PROOF, ""))
    if asks and not solved:
        found["proof_of_work"] = ""
    # Many people share a network, but not with a script that has no JavaScript.
    if not solved and network_share() > spam.BUSY_SHARE:
        found["busy_network"] = ""
    return spam.weigh(found, mode_of)


def network_share() -> float:
    """How much of what its network may send in an hour was sent, this form included."""
    made = services()
    rate, network = made.settings.limit_contacts, network_of(request.remote_addr)
    return made.limits.used("contacts", rate, network)


def mode_of(layer: Layer) -> Mode:
    settings = services().settings
    modes: dict[Layer, Mode] = {
        "honeypot": settings.spam_honeypot,
        "timing": settings.spam_timing,
        "network": settings.spam_network,
        "throwaway": settings.spam_throwaway,
        "proof_of_work": settings.spam_proof_of_work,
        "mail_server": settings.spam_mail_server,
    }
    return modes[layer]


# --- Limits --------------------------------------------------------------------------------------


def consume_contact() -> None:
    """Count a contact form, or another form of the consult, against what a network may send."""
    made = services()
    made.limits.consume("contacts", made.settings.limit_contacts, network_of(request.remote_addr))


def can_email() -> bool:
    """Whether there is a mail server; without one, no page asks for an address to remind."""
    return services().settings.smtp_url is not None


def may_mail(email: str) -> bool:
    """Count an email to an address; whether the limits allow it."""
    limits, settings = services().limits, services().settings
    return limits.allows(
        "mails to an address", settings.limit_mails_address, mailbox_of(email)
    ) and limits.allows("mails", settings.limit_mails, "everybody")


def mailbox_of(email: str) -> str:
    """One name for all spellings of an address that end up in the same mailbox."""
    # Some hosts ignore dots before the @. Where others do not, two may share one allowance.
    return re.sub(r"\+[^@]*(?=@)|\.(?=[^@]*@)", "", email).casefold()


# --- Signs ---------------------------------------------------------------------------------------


def _timing(form: str, token: str) -> Mapping[Sign, str]:
    age = _age(form, token, request.form.get(_STAMP, ""))
    if age is None:
        return {"no_stamp": ""}
    # From the future: it was another of our machines, whose clock is a little faster.
    if 0 <= age < spam.TOO_FAST_SECONDS:
        return {"too_fast": str(max(1, round(age)))}
    return {"too_late": ""} if age > spam.TOO_LATE_SECONDS else {}


def _age(form: str, token: str, stamp: str) -> float | None:
    """How many seconds ago the form was shown; None without a stamp of this form."""
    match verify(secret_key(), Purpose.FORM_STAMP, stamp):
        case [name, int(shown_at)] if name == _name(form, token):
            return services().database.clock().timestamp() - shown_at / 1000
    return None


def _name(form: str, token: str) -> str:
    return token_hash(f"{form} {token}")[:16]


def _new_challenge(form: str) -> dict[str, str | int]:
    """What the script is told: find numbers whose hash with the challenge begins with zero bits."""
    bits = services().settings.spam_proof_bits
    challenge = sign(secret_key(), Purpose.PROOF_OF_WORK, [form, token_hex(8), bits])
    return {"challenge": challenge, "bits": bits, "count": HASHES}


def _is_solved(form: str, sent: str) -> bool:
    """Whether a form was sent with the solution of a challenge for it, which is used up by this."""
    challenge, _, solution = sent[:_LONGEST_PROOF].partition("~")
    match verify(secret_key(), Purpose.PROOF_OF_WORK, challenge, CHALLENGE_LIFE):
        case [name, str(), int(bits)] if name == form:
            numbers = solution.split(".")
        case _:
            return False
    if len(numbers) != HASHES or len(set(numbers)) != HASHES:
        return False
    if not all(_starts_with_zeros(f"{challenge}:{number}", bits) for number in numbers):
        return False
    with services().database.writing() as session:
        return use_once(session, challenge, CHALLENGE_LIFE)


def _starts_with_zeros(text: str, bits: int) -> bool:
    hashed = sha256(text.encode(errors="replace")).digest()
    return int.from_bytes(hashed) >> (8 * len(hashed) - bits) == 0

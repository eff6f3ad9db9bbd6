"""How often a password, a code or a recovery code may be tried.

Strangers share what may be tried for an account, and it comes back within minutes: nobody can keep
an owner out for long. A browser in which the owner was signed in before has its own tries, which no
stranger can use up. Both are counted before a slow hash, and whether or not the account exists, so
that a count tells nobody which ones do.
"""

from flask import request

from consult.staff.accounts.trusted_devices import device_of, device_of_user, known_device
from consult.web.limits import network_of
from consult.web.services import services

_EMAIL_MAX = 254


def spend_try(email: str) -> None:
    """Count a password that somebody tries for an account.

    Raises TooManyRequests (429) once the tries of this network, account or browser are used up.
    """
    made = services()
    if not device_of(email):
        _spend_of_network(network_of(request.remote_addr))
    made.limits.consume("sign-in-account", made.settings.limit_sign_in_account, _whose(email))


def spend_passkey() -> None:
    """Count a passkey that somebody tries; raises TooManyRequests (429) likewise."""
    device = known_device()
    _spend_of_network(device.number if device else network_of(request.remote_addr))


def forgive_tries(email: str) -> None:
    """Give the tries back: the password was right."""
    made = services()
    made.limits.reset("sign-in-account", made.settings.limit_sign_in_account, _whose(email))


def spend_code(user_id: int) -> None:
    """Count a code of an authenticator app; raises TooManyRequests (429) likewise."""
    made = services()
    made.limits.consume("second-factor", made.settings.limit_second_factor, _of_user(user_id))


def spend_recovery_code(user_id: int) -> None:
    """Count a recovery code, which cannot be guessed; raises TooManyRequests (429) likewise.

    Apart from the codes of the app, so that the last way in is never shut for a day.
    """
    made = services()
    made.limits.consume("recovery-code", made.settings.limit_sign_in_account, _of_user(user_id))


def forgive_codes(user_id: int) -> None:
    """Give the tries back: the second factor was right."""
    made = services()
    made.limits.reset("second-factor", made.settings.limit_second_factor, _of_user(user_id))
    made.limits.reset("recovery-code", made.settings.limit_sign_in_account, _of_user(user_id))


def _spend_of_network(who: str) -> None:
    made = services()
    made.limits.consume("sign-in-address", made.settings.limit_sign_in_address, who)


def _whose(email: str) -> str:
    account = email.strip().lower()[:_EMAIL_MAX]
    return f"{account}|{device_of(account)}"


def _of_user(user_id: int) -> str:
    return f"{user_id}|{device_of_user(user_id)}"

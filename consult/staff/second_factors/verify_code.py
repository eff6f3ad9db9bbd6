"""The second factor: whether what somebody typed is a code of theirs, and what follows from it."""

from consult.staff.accounts.attempts import forgive_codes, spend_code, spend_recovery_code
from consult.staff.second_factors import totp
from consult.storage.audit import audit_log
from consult.storage.notifications import security_alerts
from consult.storage.second_factors import factors
from consult.web.services import services

CODE_MAX = 40
WRONG_CODE = "This code is not right, or was used before. Wait for the next one and try again."
WRONG_RECOVERY_CODE = "This is not one of your recovery codes, or it was used before."
WRONG_PASSKEY = "That passkey did not work here. Try again, or sign in another way."
NO_CODE = "Enter the six digits that your app shows."
NO_RECOVERY_CODE = "Enter one of your recovery codes."


def code_problem(user_id: int, code: str) -> str | None:
    """What is wrong with a code of an authenticator app; None when it is right, and now used up.

    Raises TooManyRequests (429) once the tries of this account are used up.
    """
    if not code.strip():
        return NO_CODE
    spend_code(user_id)
    if len(code) > CODE_MAX or not _use_code(user_id, code):
        _note_refusal(user_id)
        return WRONG_CODE
    forgive_codes(user_id)
    return None


def recovery_problem(user_id: int, code: str) -> str | None:
    """What is wrong with a recovery code; None when it is right, and now used up.

    Raises TooManyRequests (429) once the tries of this account are used up.
    """
    if not code.strip():
        return NO_RECOVERY_CODE
    spend_recovery_code(user_id)
    with services().database.writing() as session:
        used = len(code) <= CODE_MAX and factors.use_recovery_code(session, user_id, code)
        if used:
            security_alerts.record(session, "factor.recovery_code_used", whose=user_id, by=user_id)
    if not used:
        _note_refusal(user_id)
        return WRONG_RECOVERY_CODE
    forgive_codes(user_id)
    return None


def _use_code(user_id: int, code: str) -> bool:
    database = services().database
    with database.reading() as session:
        sealed, now = factors.sealed_secret(session, user_id), session.now()
    secret = totp.unseal(sealed, user_id) if sealed else None
    step = totp.step_of(secret, code, now) if secret else None
    if step is None:
        return False
    with database.writing() as session:
        return factors.use_step(session, user_id, step)


def _note_refusal(user_id: int) -> None:
    with services().database.writing() as session:
        audit_log.record(session, "factor.refused", by=None, account=user_id)

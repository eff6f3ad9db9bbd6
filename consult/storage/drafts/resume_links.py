"""The link that an owner has emailed to continue elsewhere: requested, opened, expired.

It is not the link of the draft: whoever reads the email sees only progress until a button is
pressed. Its token is stored hashed, and the draft's token encrypted with it, so that a copy of the
database opens nothing, even with the secret key.
"""

import json
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from consult.crypto import Purpose, decrypt, encrypt, keyed_hash, new_token
from consult.storage.db.database import Session
from consult.storage.jobs import EMAIL_RESUME_LINK, enqueue
from consult.storage.tables.submission_tables import DraftRow, ResumeLinkRow

LINK_LIFE = timedelta(days=30)

_ADDRESS_LIFE = timedelta(days=1)
"""No address is kept longer, whatever became of the job that was to use it."""


def request(
    session: Session, secret_key: str, draft_id: int, draft_token: str, address: str
) -> None:
    """Make a link to a draft and have it emailed; an earlier one stops working."""
    delete_of_draft(session, draft_id)
    token = new_token()
    row = ResumeLinkRow(
        draft_id=draft_id,
        token_hash=keyed_hash(secret_key, Purpose.RESUME, token),
        encrypted_draft_token=encrypt(
            secret_key + token, Purpose.RESUME, draft_token, context=draft_id
        ),
        encrypted_mail=encrypt(
            secret_key, Purpose.RESUME, json.dumps([address, token]), context=draft_id
        ),
        created_at=session.now(),
    )
    session.add(row)
    session.flush()
    enqueue(
        session, EMAIL_RESUME_LINK, {"link_id": row.id}, dedupe_key=f"{EMAIL_RESUME_LINK}:{row.id}"
    )


def find_draft_token(session: Session, secret_key: str, token: str) -> str | None:
    """The token of the draft that a link leads to; None if the link is unknown or has expired."""
    hashed = keyed_hash(secret_key, Purpose.RESUME, token)
    since = session.now() - LINK_LIFE
    query = select(ResumeLinkRow).where(
        ResumeLinkRow.token_hash == hashed, ResumeLinkRow.created_at >= since
    )
    row = session.scalar(query)
    if row is None:
        return None
    return decrypt(secret_key + token, Purpose.RESUME, row.encrypted_draft_token, row.draft_id)


def get(session: Session, link_id: int) -> ResumeLinkRow | None:
    return session.get(ResumeLinkRow, link_id)


def expires_at(session: Session, link: ResumeLinkRow) -> datetime:
    """When the link stops working: with its draft, unless its owner continues, at the latest."""
    saved_at = session.scalars(select(DraftRow.updated_at).where(DraftRow.id == link.draft_id))
    return min(link.created_at + LINK_LIFE, saved_at.one() + session.draft_life)


def mail_of(link: ResumeLinkRow, secret_key: str) -> tuple[str, str] | None:
    """Address and token for the email; None once it was sent, or with another secret key."""
    encrypted = link.encrypted_mail or b""
    decrypted = decrypt(secret_key, Purpose.RESUME, encrypted, link.draft_id)
    if decrypted is None:
        return None
    address, token = json.loads(decrypted)
    return address, token


def delete_address(session: Session, link_id: int) -> None:
    """Delete the address: the email was sent, or never will be."""
    session.execute(
        update(ResumeLinkRow).where(ResumeLinkRow.id == link_id).values(encrypted_mail=None)
    )


def delete_of_draft(session: Session, draft_id: int) -> None:
    session.execute(delete(ResumeLinkRow).where(ResumeLinkRow.draft_id == draft_id))


def delete_expired(session: Session) -> None:
    now = session.now()
    session.execute(delete(ResumeLinkRow).where(ResumeLinkRow.created_at < now - LINK_LIFE))
    session.execute(
        update(ResumeLinkRow)
        .where(ResumeLinkRow.created_at < now - _ADDRESS_LIFE)
        .values(encrypted_mail=None)
    )

"""The terms by which a lead is found: the words of its business, name, mail address and notes.

Who changes a contact or a note calls `index_lead` in the same transaction. Deleting a lead deletes
its terms, because the database does so.
"""

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import delete, insert, select

from consult.storage.db.database import Session
from consult.storage.tables.lead_tables import WORD_MAX, LeadWordRow, NoteRow
from consult.storage.tables.submission_tables import ContactRow

_WORD = re.compile(r"[^\W_]+")
# Letters with a stroke are letters of their own in Unicode, but a search for "lukasz" means Łukasz.
_PLAIN = str.maketrans("łøđðħ\u0131", "loddhi") | {ord("þ"): "th", ord("æ"): "ae", ord("œ"): "oe"}


def normalize(text: str) -> str:
    """A text in lower case without accents or other marks, as terms are stored and searched."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(char for char in folded if not unicodedata.category(char).startswith("M"))
    return bare.translate(_PLAIN)


def index_terms(texts: Iterable[str], address: str = "") -> set[str]:
    """The terms of texts and of a mail address, which is itself a term, as is its host.

    The last part of the host is left out: half of all addresses have a "com".
    """
    terms = {word for text in texts for word in _WORD.findall(normalize(text))}
    if address:
        whole = normalize(address)
        mailbox, _, host = whole.rpartition("@")
        terms.update(_WORD.findall(mailbox), _WORD.findall(host.rpartition(".")[0]))
        terms.update({whole, "@" + host})
    return {term[:WORD_MAX] for term in terms}


def query_terms(text: str) -> list[str]:
    """What a typed search looks for: each must be the beginning of one of a lead's terms."""
    terms: list[str] = []
    for part in normalize(text).split():
        terms += [part] if "@" in part else _WORD.findall(part)
    return list(dict.fromkeys(term[:WORD_MAX] for term in terms))


def index_lead(session: Session, lead_id: int) -> None:
    """Store the terms of a lead's contact and notes, and delete those that no longer apply.

    The caller holds a lock on the lead: two who index one lead at once would miss each other's.
    """
    session.flush()
    contact = session.execute(
        select(ContactRow.business, ContactRow.name, ContactRow.email).where(
            ContactRow.submission_id == lead_id
        )
    ).first()
    texts = list(session.scalars(select(NoteRow.text).where(NoteRow.submission_id == lead_id)))
    if contact:
        texts += [contact.business, contact.name]
    wanted = index_terms(texts, contact.email if contact else "")
    query = select(LeadWordRow.word).where(LeadWordRow.submission_id == lead_id)
    stored = set(session.scalars(query))
    if gone := stored - wanted:
        session.execute(
            delete(LeadWordRow).where(
                LeadWordRow.submission_id == lead_id, LeadWordRow.word.in_(sorted(gone))
            )
        )
    if added := wanted - stored:
        rows = [{"submission_id": lead_id, "word": word} for word in sorted(added)]
        session.execute(insert(LeadWordRow), rows)

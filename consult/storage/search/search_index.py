"""The words by which a lead is found: those of its business, name, mail address and notes.

They follow by themselves whatever is done to a contact or a note through a session, so that nobody
can forget to write them. What the database deletes by itself (all that hangs on a lead) takes its
words along.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Result, bindparam, delete, event, insert, orm, select
from sqlalchemy.orm import ORMExecuteState

from consult.storage.tables.lead_tables import NoteRow
from consult.storage.tables.search_tables import WORD_MAX, LeadWordRow
from consult.storage.tables.submission_tables import ContactRow

_WORD = re.compile(r"[^\W_]+")
# Letters with a stroke are letters of their own to Unicode, and not to who looks for Łukasz.
_PLAIN = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "\u0131": "i",
        "æ": "ae",
        "œ": "oe",
    }
)
_SOURCES = (ContactRow, NoteRow)
_STALE = "stale_lead_words"


def plain(text: str) -> str:
    """A text without capitals, accents or other marks, as words are kept and looked for."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(char for char in folded if not unicodedata.category(char).startswith("M"))
    return bare.translate(_PLAIN)


def words_of(texts: Iterable[str], address: str = "") -> set[str]:
    """The words of texts, and those of a mail address, which can also be found by its beginning.

    The last part of the address is left out: everybody has a "com".
    """
    words = {word for text in texts for word in _WORD.findall(plain(text))}
    if address:
        whole = plain(address)
        mailbox, _, host = whole.rpartition("@")
        words.update(_WORD.findall(mailbox), _WORD.findall(host.rpartition(".")[0]))
        words.update({whole, "@" + host})
    return {word[:WORD_MAX] for word in words}


def terms_of(text: str) -> list[str]:
    """What to look for: each must be the beginning of one of a lead's words."""
    terms: list[str] = []
    for part in plain(text).split():
        terms += [part] if "@" in part else _WORD.findall(part)
    return list(dict.fromkeys(term[:WORD_MAX] for term in terms))


def refresh(connection: Connection, lead_ids: Iterable[int]) -> None:
    """Write the words of these leads anew, if they differ from those that are there."""
    for lead_id in sorted(set(lead_ids)):
        contact = connection.execute(_CONTACT, {"lead": lead_id}).first()
        notes = connection.scalars(_NOTES, {"lead": lead_id}).all()
        texts = [*notes, contact.business, contact.name] if contact else notes
        wanted = words_of(texts, contact.email if contact else "")
        kept = set(connection.scalars(_KEPT, {"lead": lead_id}))
        _write(connection, _FORGET, lead_id, kept - wanted)
        _write(connection, _KEEP, lead_id, wanted - kept)


def keep_up(session_class: type[orm.Session]) -> None:
    """Have words follow every change that sessions of this class make to a contact or a note."""
    event.listen(session_class, "before_flush", _note_changes)
    event.listen(session_class, "after_flush", _follow_changes)
    event.listen(session_class, "do_orm_execute", _follow_statement)


_CONTACT = select(ContactRow.business, ContactRow.name, ContactRow.email).where(
    ContactRow.submission_id == bindparam("lead")
)
_NOTES = select(NoteRow.text).where(NoteRow.submission_id == bindparam("lead"))
_KEPT = select(LeadWordRow.word).where(LeadWordRow.submission_id == bindparam("lead"))
_KEEP = insert(LeadWordRow)
_FORGET = delete(LeadWordRow).where(
    LeadWordRow.submission_id == bindparam("submission_id"), LeadWordRow.word == bindparam("word")
)


def _write(connection: Connection, statement: Any, lead_id: int, words: set[str]) -> None:
    if words:
        rows = [{"submission_id": lead_id, "word": word} for word in sorted(words)]
        connection.execute(statement, rows)


def _note_changes(session: orm.Session, _context: object, _instances: object) -> None:
    changed = [*session.new, *session.dirty, *session.deleted]
    session.info.setdefault(_STALE, set()).update(
        row.submission_id for row in changed if isinstance(row, _SOURCES)
    )


def _follow_changes(session: orm.Session, _context: object) -> None:
    if stale := session.info.pop(_STALE, None):
        refresh(session.connection(), stale)


def _follow_statement(state: ORMExecuteState) -> Result[Any] | None:
    """An UPDATE or DELETE names no rows: look which ones it is about to change."""
    if not (state.is_update or state.is_delete) or state.bind_mapper is None:
        return None
    source = state.bind_mapper.class_
    if source not in _SOURCES:
        return None
    statement: Any = state.statement
    query = select(source.submission_id).distinct()
    if statement.whereclause is not None:
        query = query.where(statement.whereclause)
    parameters = state.parameters if isinstance(state.parameters, dict) else {}
    stale: Sequence[int] = state.session.scalars(query, parameters).all()
    result = state.invoke_statement()
    refresh(state.session.connection(), stale)
    return result

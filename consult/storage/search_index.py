"""The terms by which a lead is found: from its business, name, address, telephone number, notes.

Names also have terms for spellings that sound alike or are one letter off (`_similar`).

Who changes a contact or a note calls `index_lead` in the same transaction. Deleting a lead deletes
its terms, because the database does so.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from consult.storage.db.base import Base
from consult.storage.tables.lead_tables import WORD_MAX, LeadWordRow, NoteRow
from consult.storage.tables.submission_tables import ContactRow

_WORD = re.compile(r"[^\W_]+")
# Letters with a stroke are letters of their own in Unicode, but a search for "lukasz" means Łukasz.
_PLAIN = str.maketrans("łøđðħ\u0131", "loddhi") | {ord("þ"): "th", ord("æ"): "ae", ord("œ"): "oe"}
# People who write Müller also write Mueller, and Århus Aarhus.
_SPELLED_OUT = re.compile("(?<=[aou])e|(?<=a)a")
# Scripts without spaces between words: Chinese, Japanese, Korean, Thai.
_LETTERS = "\u0e00-\u0e7f\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_UNSPACED = re.compile(f"[{_LETTERS}]+")
_GAP = re.compile(rf"(?<=[{_LETTERS}])\s+(?=[{_LETTERS}])")
_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([^\s/@]+\.[^\s/@.]{2,})(?:/\S*)?")
# What domains end in, and names of people rarely do.
_ENDING = re.compile("com|net|org|info|biz|app|dev|shop|store|site|agency|[a-z]{2}")
_TYPED_PHONE = re.compile(r"[\d\s()+./-]+")
_PHONE_PARTS = re.compile(r"[^\W\d_]+|[,;|&]")
_SHORTEST_ENDING = 3
# What two spellings of a number have in common, with or without the country.
_SAME_DIGITS = 8

# Spellings of one sound in English and German names, in the order in which they are replaced.
_SOUNDS = [
    (re.compile(spelling), sound)
    for spelling, sound in (
        *(("^wr", "r"), ("^kn", "n"), ("eigh$", "i"), ("(?<=[aeiou])gh", "")),
        *(("sch|sh", "s"), ("ch|ck|qu?", "k"), ("c(?=[eiy])", "s"), ("c", "k"), ("x", "ks")),
        *(("ph|v", "f"), ("th|dt|d$", "t"), ("t[sz]|z", "s"), ("[yj]", "i"), ("[ao][uw]", "au")),
        *(("w", "f"), ("e[ea]", "i"), ("oo", "u"), ("[ae]i", "ei"), ("(?<=.)h", "")),
        *((r"(.)\1+", r"\1"), ("(?<=.[^aeiou])e$", "")),
    )
]
_LONGEST_SOUND = 20
# In a shorter word than this, one letter makes too much of a difference: Mark is not Mary.
_LONG = 5
# What people type with a name that is not part of it everywhere.
_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "dr", "prof", "jr", "sr", "ii", "iii", "iv"),
        *("the", "and", "llc", "inc", "ltd", "corp", "gmbh"),
    )
)


def normalize(text: str) -> str:
    """A text as terms are stored and searched: in lower case, without accents or other marks.

    Digits of any script are plain ones, and an umlaut is its letter, however it is spelled.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(_digit(one) for one in folded if not unicodedata.category(one).startswith("M"))
    return _SPELLED_OUT.sub("", unicodedata.normalize("NFC", bare).translate(_PLAIN))


def _digit(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter


def _words(normal: str) -> list[str]:
    """The words in a normalized text; a script without spaces is cut into pairs of letters."""
    words: list[str] = []
    for word in _WORD.findall(normal):
        at = 0
        for run in _UNSPACED.finditer(word):
            words += filter(None, [word[at : run.start()]])
            letters = run[0]
            words += [one + other for one, other in pairwise(letters)] or [letters]
            at = run.end()
        words += filter(None, [word[at:]])
    return words


def _joined(words: Sequence[str]) -> Iterator[str]:
    """Two or three words in a row as one: Mc Donald is also McDonald, and O'Brien OBrien."""
    for count in (2, 3):
        for start in range(len(words) - count + 1):
            yield _SPELLED_OUT.sub("", "".join(words[start : start + count]))


def name_terms(name: str) -> list[str]:
    """The terms that stand for a whole name, in either order of two words; of three at most."""
    words = _words(normalize(name))[:3]
    orders = [words, words[::-1]]
    return list(
        dict.fromkeys(_SPELLED_OUT.sub("", "".join(one))[:WORD_MAX] for one in orders if one)
    )


def phone_numbers(phone: str) -> set[str]:
    """The digits of each telephone number in what someone typed, without extensions or "(0)"."""
    normal = normalize(phone).replace("(0)", "")
    parts = [part for run in _PHONE_PARTS.split(normal) for part in (run, *run.split("/"))]
    digits = {re.sub(r"\D", "", part) for part in parts}
    return {number for number in digits if len(number) >= 7}


def _names_in(words: Sequence[str]) -> Iterator[str]:
    """The words of a name, and the joined ones that begin with a short one: McDonald, O'Brien."""
    yield from words
    yield from (one + other for one, other in pairwise(words) if len(one) <= 3)


@lru_cache(maxsize=4096)
def _sound(word: str) -> str:
    """A normalized word as it sounds, roughly: the same for Meyer and Maier. Empty for others."""
    if not word.isalpha() or _UNSPACED.search(word):
        return ""
    for spelling, sound in _SOUNDS:
        word = spelling.sub(sound, word)
    return word[:_LONGEST_SOUND]


def _one_less(sound: str) -> set[str]:
    """Each way to leave out one letter. Two words that are one slip apart have one in common."""
    enough = len(sound) >= _LONG - 1
    return {sound[:at] + sound[at + 1 :] for at in range(len(sound))} if enough else set()


def _similar(word: str) -> set[str]:
    """The terms by which a word is found in other spellings; no ordinary term looks like them.

    A hyphen at the end means a letter was left out of a short word. Only whole words match it.
    """
    sound = _sound(word)
    end = "~" if len(sound) >= _LONG else "-"
    return {f"~{sound}~", *(f"~{less}{end}" for less in _one_less(sound))} if sound else set()


def _similar_alternatives(word: str) -> Iterator[str]:
    """What `_similar` has in common for two words that sound alike or are one slip apart."""
    if sound := _sound(word):
        yield from (f"~{sound}~", f"~{sound}-")
        yield from sorted(f"~{less}~" for less in _one_less(sound))


def index_terms(
    names: Iterable[str], address: str = "", phone: str = "", notes: Iterable[str] = ()
) -> set[str]:
    """The terms of names, of an address and a number, and of notes.

    The address is itself a term, as are its host and the domains above it; the last part of the
    host is left out as a word, as half of all addresses have a "com". A number is found by any part
    of it.
    """
    terms = {word for text in notes for word in _words(normalize(text))}
    for name in names:
        normal = normalize(name)
        words = _words(normal)
        terms.update(words, _joined(words), _words(_GAP.sub("", normal)))
        terms.update(run[0][-1] for run in _UNSPACED.finditer(normal))
        terms.update(key for word in _names_in(words) for key in _similar(word))
    for number in phone_numbers(phone):
        terms.update(number[at:] for at in range(len(number) - _SHORTEST_ENDING + 1))
    terms.update(_words(normalize(phone)))
    if address:
        whole = normalize(address)
        mailbox, _, host = whole.rpartition("@")
        terms.update(_words(mailbox), _words(host.rpartition(".")[0]))
        parts = host.split(".")
        terms.update({whole, *("@" + ".".join(parts[at:]) for at in range(len(parts) - 1))})
    return {term[:WORD_MAX] for term in terms}


Alternatives = tuple[str, ...]


def query_terms(text: str, *, similar: bool = False) -> list[Alternatives]:
    """What a typed search looks for: of each, one must be the beginning of one of a lead's terms.

    So "mc donald" also finds McDonald, and a number is found however it is written. With `similar`,
    names that sound alike or are one letter off are found as well, and titles do not matter.
    """
    normal = normalize(text)
    if _TYPED_PHONE.fullmatch(normal) and len(re.sub(r"\D", "", normal)) > _SHORTEST_ENDING:
        return _of_phone(normal)
    found: list[Alternatives] = []
    for part in normal.split():
        if "@" in part:
            found.append((part,))
            continue
        host = _ADDRESS.fullmatch(part)
        words = _words(host[1] if host else part)
        found += [(word, f"@{host[1]}") if host else (word,) for word in words]
        if host and len(words) > 1 and _ENDING.fullmatch(words[-1]):
            # Their business may have the name of their website, and their mail be somewhere else.
            found[-1] += ("".join(words[:-1]),)
    singles = [terms[0] for terms in found]
    for at, (one, other) in enumerate(pairwise(singles)):
        if "@" not in one + other and not _UNSPACED.search(one + other):
            joined = next(_joined([one, other]))
            found[at] += (joined,)
            found[at + 1] += (joined,)
    if similar:
        names = [terms for terms in found if len(terms[0]) > 1 and terms[0] not in _TITLES]
        found = [
            (*terms, *(key for term in terms for key in _similar_alternatives(term)))
            for terms in names or found
        ]
    return list(dict.fromkeys(_alternatives(terms) for terms in found))


def _alternatives(terms: Iterable[str]) -> Alternatives:
    """Terms to look for, without those that begin with another one: that finds more anyway."""
    cut = dict.fromkeys(term[:WORD_MAX] for term in terms)
    return tuple(one for one in cut if not any(one != o and one.startswith(o) for o in cut))


def _of_phone(typed: str) -> list[Alternatives]:
    digits = re.sub(r"\D", "", typed.replace("(0)", ""))
    spellings = [digits, digits.lstrip("0")]
    if len(digits) > _SAME_DIGITS + 1:
        spellings.append(digits[-_SAME_DIGITS:])
    written = [one for one in spellings if one]
    return list(dict.fromkeys(_alternatives((word, *written)) for word in _WORD.findall(typed)))


def index_lead(session: Session, lead_id: int) -> None:
    """Store the terms of a lead's contact and notes, and delete those that no longer apply.

    The caller holds a lock on the lead: two who index one lead at once would miss each other's.
    """
    session.flush()
    contact = session.get(ContactRow, lead_id)
    connection, of_it = session.connection(), {"lead_id": lead_id}
    notes = list(connection.scalars(_NOTES, of_it))
    names = [contact.business, contact.name] if contact else []
    address, phone = (contact.email, contact.phone or "") if contact else ("", "")
    wanted = index_terms(names, address, phone, notes)
    stored = set(connection.scalars(_STORED, of_it))
    if gone := stored - wanted:
        session.execute(
            delete(LeadWordRow).where(
                LeadWordRow.submission_id == lead_id, LeadWordRow.word.in_(sorted(gone))
            )
        )
    if added := wanted - stored:
        rows = [{"submission_id": lead_id, "word": word} for word in sorted(added)]
        connection.execute(_WORDS.insert(), rows)


# Built once, and past the object mapping.
_WORDS = Base.metadata.tables[LeadWordRow.__tablename__]
_STORED = select(_WORDS.c.word).where(_WORDS.c.submission_id == bindparam("lead_id"))
_NOTES = select(NoteRow.text).where(NoteRow.submission_id == bindparam("lead_id"))

"""What makes a text fit for an owner: plain, kind, honest about numbers.

Each rule takes texts and says in words what to change. The lists are short on purpose: they name
what has crept into such questionnaires before, not every bad word there is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from itertools import combinations
from pathlib import Path

from consult.editing.texts import Problem, Text, place_of
from consult.questionnaire.questionnaire import Questionnaire
from consult.questionnaire.questions import BASE, Kind
from consult.questionnaire.yaml_texts import read_yaml

HIGHEST_GRADE = 8.0
"""US school grade by Flesch-Kincaid; the average adult reads at about this level."""

_FEWEST_WORDS = 8
"""The formula means nothing on fewer words; they count towards the grade of their file."""

_FEWEST_WORDS_OF_A_FILE = 100

_WORDS = read_yaml(Path(__file__).with_name("words.yaml"))
_LISTED: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(form.format("|".join(map(re.escape, _WORDS[kind]))), re.IGNORECASE)
    for kind, form in (
        ("jargon", r"\b({})(?:s|es)?\b"),
        ("shame", r"\b({})(?:s|es)?\b"),
        ("struck", r"(?<!direct )\b({})\b"),
        ("claims", r"(?<!at )\b({})\b"),
    )
}
"""One pattern for each list: to search for its words one by one took half of the check."""

STRUCK = _LISTED["struck"]

_FOLKLORE = re.compile("|".join(_WORDS["folklore"]), re.IGNORECASE)
_MUST_START_WITH_VERB = {"fix", "unknown_fix"}
_MAY_COUNT = {"ask", "help", "choices", "fix", "unknown_fix", "proof"}
"""Texts that ask for the owner's numbers or say how often to do a thing."""

STIFF = re.compile(
    r"\b(do|does|did|is|are|was|were|has|have|had|would|could|should|will|can) ?not\b",
    re.IGNORECASE,
)
_CONTRACTED = {"will": "won’t", "can": "can’t"}
_ARTICLE = "Sales and Marketing Are Not the Same"
"""Its name stays as it is."""

_GROUNDED = re.compile(
    r"\b(according to|by your answers|based on your|you said|you told us)\b", re.IGNORECASE
)
"""A reason that names its source, or that rests on what the owner said."""

_PRINTED_SCALE = {"0", "25", "50", "75", "100"}
_NUMBER = re.compile(r"(?<![\w.,])[$€£]?\d+(?:,\d{3})*(?:\.\d+)?(?:\s?%)?")
_SPAN_OF_TIME = re.compile(r"[ -](minute|hour|day|week|month|year)")
_CLAIM = re.compile(r"[$€£%]|\d\s?(times|x\b|×)")
_ABOUT_OTHERS = re.compile(
    r"\b(most|half of|a third of|\d+ of|average|typical) (\w+ )?"
    r"(owners|firms|businesses|companies|shops|stores)\b",
    re.IGNORECASE,
)
_ALIKE = 0.9  # of the words in common


def language_problems(texts: Iterable[Text]) -> list[Problem]:
    texts = list(texts)
    found = [Problem(t.place, message) for t in texts for rule in _RULES for message in rule(t)]
    return [*found, *_files_hard_to_read(texts)]


def choice_problems(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Choices of one question that read too much alike, or that are hard to read as a whole."""
    for question in questionnaire.questions.values():
        variants = questionnaire.texts.questions[question.id]
        for name, wording in variants.items():
            is_new = name == BASE or wording.choices != variants[BASE].choices
            if is_new and question.kind is not Kind.SORT:
                place = f"{place_of(questionnaire, question, name)}: choices"
                choices = list(wording.choices.values())
                whole = " ".join(map(_sentence, choices))
                yield from (Problem(place, message) for message in _hard_to_read(whole))
                for text, other in combinations(choices, 2):
                    if _alike(text, other):
                        yield Problem(place, f"“{text}” reads like “{other}”. Say what differs")


def _listed(kind: str, text: str) -> list[str]:
    """The words of a list that a text uses, as the list has them."""
    used = {found.lower() for found in _LISTED[kind].findall(text)}
    return [word for word in _WORDS[kind] if word.lower() in used] if used else []


def _starts_with_verb(text: Text) -> Iterator[str]:
    if text.field in _MUST_START_WITH_VERB:
        first = next(iter(_words(text.text)), "")
        if first.lower() not in _WORDS["verbs"]:
            yield (
                f"starts with “{first}”. Start with what to do, such as Write, Ask or Count; if "
                "that is a good verb, add it to consult/editing/words.yaml"
            )


def _no_jargon_or_shame(text: Text) -> Iterator[str]:
    for kind, advice in (
        ("jargon", "is trade talk. Say it in the owner’s words"),
        ("shame", "may sting. Say what happens, not how it looks"),
    ):
        for term in _listed(kind, text.text):
            yield f"“{term}” {advice}"


def _everyday_words(text: Text) -> Iterator[str]:
    own = text.text.replace(_ARTICLE, "")
    for word in _listed("struck", own):
        yield f"“{word}” is not what people here say. Write “{_WORDS['struck'][word]}”"
    for match in STIFF.finditer(own):
        verb = match.group(1).lower()
        yield f"“{match.group()}” is stiff. Write “{_CONTRACTED.get(verb, f'{verb}n’t')}”"


def _grounded_reasons(text: Text) -> Iterator[str]:
    if (text.field == "why" or text.path[0] == "matters") and not _GROUNDED.search(text.text):
        for claim in _listed("claims", text.text):
            yield (
                f"“{claim}” claims to know how it goes for others. Leave it out, or name the "
                "source (“according to …”)"
            )


def _no_folklore(text: Text) -> Iterator[str]:
    for match in _FOLKLORE.finditer(text.text):
        yield f"“{match.group()}” has no source that holds. Leave it out"


def _honest_numbers(text: Text) -> Iterator[str]:
    if text.path[0] == "figures":
        yield from _allowed_figure(text)
        return
    for match in _NUMBER.finditer(text.text):
        number = match.group().strip()
        around = text.text[match.start() : match.end() + 8]
        if _CLAIM.search(around):
            yield f"“{number}” reads like a finding. Only the two figures may say such things"
        elif not (
            text.field in _MAY_COUNT
            or text.file == "tools.yaml"
            or _SPAN_OF_TIME.match(text.text, match.end())
            or (number in _PRINTED_SCALE and ("method" in text.path or text.field == "rule"))
        ):
            yield f"“{number}” is neither the owner’s number nor one of the two figures"


def _allowed_figure(text: Text) -> Iterator[str]:
    id, figures = text.path[1], _WORDS["outside_figures"]
    if id not in figures:
        yield f"{id} is not one of the two figures: {', '.join(figures)}"
        return
    for match in _NUMBER.finditer(text.text):
        if match.group().strip() not in figures[id]:
            yield f"“{match.group().strip()}” is not what the source of this figure says"
    if text.field == "text":
        if not re.search(r"\b20\d\d\b", text.text):
            yield "says no year"
        if "yours may differ" not in text.text.lower():
            yield "should say “yours may differ”"


def _not_about_others(text: Text) -> Iterator[str]:
    if match := _ABOUT_OTHERS.search(text.text):
        yield f"“{match.group()}” compares the owner with others. No answers of others are known"


def _typography(text: Text) -> Iterator[str]:
    if re.search(r"['\"]", text.text):
        yield "has a straight quote. Use ’ and “ ”"
    if re.search(r" {2}|\s[,.?!;:]|^\s|\s$", text.text):
        yield "has a space too many"
    if re.search(r"\d-\d|\s-\s|--", text.text):
        yield "has a hyphen where a dash (–) or a new sentence belongs"
    if re.search(r"”[.,]", text.text):
        yield "has a period or comma after a closing quote. Put it before the quote"
    if "..." in text.text or "!" in text.text:
        yield "has an exclamation mark or dots. Let the words do it"
    if text.text.count("“") != text.text.count("”"):
        yield "has a quote “ without its ”"


def _ends_well(text: Text) -> Iterator[str]:
    if text.field in {"why", "fix", "unknown_fix", "proof"} and not re.search(
        r"[.?]”?$", text.text
    ):
        yield "should end with a full stop"
    if text.field in {"ask", "call_question"} and not re.search(r"[?.]$", text.text):
        yield "should end with a question mark"


def _not_too_long(text: Text) -> Iterator[str]:
    limit = _WORDS["longest"].get(text.field)
    if text.file in {"separation.yaml", "handoff.yaml"} or text.field != "title":
        count = len(text.text.split())
        if limit and count > limit:
            yield f"has {count} words where {limit} fit"


def _keeps_placeholders(text: Text) -> Iterator[str]:
    path = re.sub(r"/in/\w+", "", "/".join(text.path))
    wanted = set(_WORDS["placeholders"].get(path, ()))
    there = set(re.findall(r"{(\w*)}", text.text))
    # One person who does both jobs needs no names.
    for name in sorted(wanted - there - ({"who"} if "solo" in text.path else set())):
        yield f"has lost {{{name}}}, which is filled in for each owner"
    for name in sorted(there - wanted):
        yield f"has {{{name}}}, which nothing fills in here"


def _easy_to_read(text: Text) -> Iterator[str]:
    if text.field != "choices":  # `choice_problems` reads them as a whole
        yield from _hard_to_read(_sentence(text.text))


_RULES: tuple[Callable[[Text], Iterator[str]], ...] = (
    _starts_with_verb,
    _no_jargon_or_shame,
    _everyday_words,
    _grounded_reasons,
    _no_folklore,
    _honest_numbers,
    _not_about_others,
    _typography,
    _ends_well,
    _not_too_long,
    _keeps_placeholders,
    _easy_to_read,
)


def _alike(text: str, other: str) -> bool:
    words, others = _words(text.lower()), _words(other.lower())
    return SequenceMatcher(a=words, b=others, autojunk=False).ratio() > _ALIKE


def _words(text: str) -> list[str]:
    """The words of a text; “don’t” is one."""
    return re.findall(r"\w+(?:’\w+)*", text)


def _files_hard_to_read(texts: list[Text]) -> Iterator[Problem]:
    for file in dict.fromkeys(text.file for text in texts):
        whole = " ".join(_sentence(text.text) for text in texts if text.file == file)
        if len(whole.split()) >= _FEWEST_WORDS_OF_A_FILE and grade(whole) > HIGHEST_GRADE:
            yield Problem(file, f"reads above grade {HIGHEST_GRADE:g} as a whole")


def _hard_to_read(text: str) -> Iterator[str]:
    if len(text.split()) >= _FEWEST_WORDS and (found := grade(text)) > HIGHEST_GRADE:
        yield (
            f"reads at grade {found:.1f}, above {HIGHEST_GRADE:g}. Use shorter words and sentences"
        )


def _sentence(text: str) -> str:
    return text if re.search(r"[.?]”?$", text) else f"{text}."


def grade(text: str) -> float:
    """The US school grade of a text by Flesch-Kincaid."""
    words = re.findall(r"\w+(?:[’-]\w+)*", text)
    # A sentence of a word or two would make up for a long one beside it.
    sentences = [part for part in re.split(r"[.?]", text) if len(part.split()) > 2]
    syllables = sum(map(syllables_in, words))
    return 0.39 * len(words) / max(1, len(sentences)) + 11.8 * syllables / len(words) - 15.59


_SILENT = re.compile(
    r"(?<=[^aeiouy])e(?=(?:(?:ly|ment|ful|less|ness|time|one|thing|where|way|book|mail|owner)s?)?$)"
    r"|(?<=[^aeiouysxzcgh])e(?=s$)|(?<=[^aeiouytd])e(?=d$)|(?<=bus)i(?=ness)|(?<=int)e(?=rest)"
)
"""A vowel that is written and not spoken: late, lately, someone, rates, called, business."""

_SPOKEN_L = re.compile(r"(?<=[^aeiouyl])le(?=[sd]?$)")
_TWO_VOWELS = re.compile(
    r"i(?:a(?!l)|o(?![un])|um|e(?=n[tc]|t\b))|[^qg]ua|[aeouy]i(?=ng)|eo(?![up])|(?:id|ar|cr)ea"
    r"|[ou]ye|uou|(?<=[ds])n’t$"
)
"""Letters in which one more syllable is heard than they seem to have: client, going, didn’t."""


@cache
def syllables_in(word: str) -> int:
    """How many syllables an English word has; right for 99 in 100 words of our texts."""
    spoken = re.sub(r"’(?:s|d|m|ll|re|ve)$", "", word.lower())
    spoken = _SILENT.sub("", _SPOKEN_L.sub("al", spoken))
    return max(1, len(re.findall(r"[aeiouy]+", spoken)) + len(_TWO_VOWELS.findall(spoken)))

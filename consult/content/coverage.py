"""Whether everything can be reached, everything reached has words, and every claim is carried."""

from collections.abc import Iterator, Mapping

from consult.content.problem import Problem
from consult.content.reach import reach
from consult.content.texts import file_of
from consult.questionnaire import BASE, Questionnaire, profiles, walk

CLAIMS = tuple(f"Q{number}" for number in range(1, 18))
"""The source's claims, as numbered in docs/instrument.md."""


_OUT_OF_REACH = {
    "claims": "no question and no finding that can come up rests on it",
    "topics": "no question belongs to it",
}


def coverage_problems(questionnaire: Questionnaire) -> list[Problem]:
    """Everything that no answers lead to, that has no words, or that nothing carries."""
    return [*_questions(questionnaire), *_findings(questionnaire), *_claims(questionnaire)]


def _questions(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Questions, and variants of their wording, that no business gets to see."""
    shown = {
        (asked.id, asked.variant)
        for profile in profiles(questionnaire)
        for asked in walk(questionnaire, profile).asked
    }
    seen = {id for id, _ in shown}
    for question in questionnaire.questions.values():
        place = f"{file_of(questionnaire, question)}: {question.id}"
        if question.id not in seen:
            yield Problem(place, "no answers lead to this question")
            continue
        for variant in questionnaire.words.questions[question.id]:
            # The base may be hidden behind its variants: it is what they start from.
            if variant != BASE and (question.id, variant) not in shown:
                yield Problem(f"{place}: in {variant}", "no business gets to see this wording")


def _findings(questionnaire: Questionnaire) -> Iterator[Problem]:
    """What can be found but has no words, and words for what is never found."""
    for path, ids in reach(questionnaire).items():
        worded = set(_at(questionnaire.words.findings, path))
        place = ": ".join(("findings.yaml", *path))
        for id in sorted(ids - worded):
            yield Problem(place, f"{id} has no wording, and some answers lead to it")
        for id in sorted(worded - ids):
            yield Problem(f"{place}: {id}", _OUT_OF_REACH.get(path[-1], "no answers lead to it"))


def _at(texts: Mapping[str, object], path: tuple[str, ...]) -> Mapping[str, object]:
    found: object = texts
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _claims(questionnaire: Questionnaire) -> Iterator[Problem]:
    """Claims of the source that are not told, or that are none."""
    told = set(_at(questionnaire.words.findings, ("claims",)))
    for claim in CLAIMS:
        if claim not in told:
            yield Problem("findings.yaml: claims", f"{claim} has no wording")
    for claim in sorted(told - set(CLAIMS)):
        yield Problem(f"findings.yaml: claims: {claim}", "is not a claim of the source")

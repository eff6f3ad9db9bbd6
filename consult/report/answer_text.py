"""An answer in the words in which it was offered."""

from consult.questionnaire import UNKNOWN, Asked, Kind

I_DO_NOT_KNOW = "I don’t know."


def in_words(asked: Asked, sign: str) -> str:
    """The answer to a question that was answered; `sign` stands before an amount of money."""
    answer = asked.answer
    if answer == UNKNOWN:
        return I_DO_NOT_KNOW
    if isinstance(answer, tuple):
        return "; ".join(asked.wording.choices[id] for id in answer) or "None of these"
    if str(answer) in asked.wording.choices:
        return asked.wording.choices[str(answer)]
    amount = f"{answer:,}" if isinstance(answer, int | float) else str(answer)
    return sign + amount if asked.question.kind is Kind.NUMBER else amount

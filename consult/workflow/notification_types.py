"""What staff and other programs are told of: the kinds of news, and who wants which."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

Kind = Literal[
    "finished", "contact_given", "consult_wanted", "overdue", "handed_over", "handed_back", "digest"
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Reach = Literal["every", "mine", "none"]
"""Of which leads: each one, those that somebody holds or nobody does, or none."""
REACHES: tuple[Reach, ...] = get_args(Reach)

WEBHOOK_KINDS: tuple[Kind, ...] = ("finished", "contact_given", "consult_wanted", "overdue")
"""What other programs can be told: what happens to a lead, not who works on it."""


@dataclass(frozen=True, slots=True)
class News:
    """A kind of news as people choose it.

    Attributes:
        name: what happened, as in the subject of its mail.
        when: when it is told, in a sentence.
        reaches: what can be chosen, the widest first.
        default: what holds for whoever did not choose.
        also: what people should know beside.
    """

    name: str
    when: str
    reaches: tuple[Reach, ...]
    default: Reach
    also: str = ""


_TO_ME: tuple[Reach, ...] = ("mine", "none")

NEWS: Mapping[Kind, News] = MappingProxyType(
    {
        "finished": News(
            "Check finished",
            "Somebody handed in their answers. Most have not said yet who they are.",
            ("every", "none"),
            "none",
        ),
        "contact_given": News(
            "Contact given", "Somebody said who they are and may be written to.", REACHES, "mine"
        ),
        "consult_wanted": News("Consult wanted", "Somebody asked for a consult.", REACHES, "mine"),
        "overdue": News(
            "Overdue",
            "The time to answer is over, and nobody got in touch.",
            REACHES,
            "mine",
            "Until somebody takes the lead, admins are told as its assignee is.",
        ),
        "handed_over": News(
            "Handed to me",
            "A colleague hands a lead to you and waits for your yes.",
            _TO_ME,
            "mine",
        ),
        "handed_back": News(
            "Handed back", "A lead that you handed over comes back with a reason.", _TO_ME, "mine"
        ),
        "digest": News(
            "Morning digest",
            "At the start of each business day, what is new and due. Not when there is nothing.",
            _TO_ME,
            "mine",
        ),
    }
)

"""Why a lead was lost, is not a fit, or came back: short lists, so that reasons can be counted."""

from collections.abc import Mapping
from types import MappingProxyType

from consult.workflow.stages import Stage

OTHER = "other"
NO_ANSWER = "no_answer"
"""Given up on after silence: the lead is closed, but nobody said no."""

CLOSING: Mapping[Stage, Mapping[str, str]] = MappingProxyType(
    {
        "lost": MappingProxyType(
            {
                "not_needed": "They do not need it",
                "price": "Too expensive for them",
                "chose_other": "They chose somebody else",
                NO_ANSWER: "They never answered",
                OTHER: "Something else",
            }
        ),
        "not_a_fit": MappingProxyType(
            {
                "outside": "Not what we do",
                "size": "Too small or too large for us",
                "not_a_buyer": "Not a business that buys",
                "not_real": "A test or a joke",
                OTHER: "Something else",
            }
        ),
    }
)
"""The reasons for each stage that asks for one, with how staff read them."""

RETURNING: Mapping[str, str] = MappingProxyType(
    {
        "no_time": "I have no time for it",
        "facts_missing": "I need to know more first",
        "not_ready": "They are not ready to talk",
        "somebody_else": "Somebody else knows them better",
        OTHER: "Something else",
    }
)
"""Why a lead goes back to who handed it over."""

"""The stages of a lead at the agency, from the moment it is handed in to a clear yes or no."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

Stage = Literal[
    "new", "taken", "reached", "consult_booked", "consult_held", "won", "lost", "not_a_fit"
]
STAGES: tuple[Stage, ...] = get_args(Stage)

CLOSED: frozenset[Stage] = frozenset({"won", "lost", "not_a_fit"})
"""A clear answer was given: nobody owes this lead anything more."""

MOVES: Mapping[Stage, tuple[Stage, ...]] = MappingProxyType(
    {
        "new": ("taken", "not_a_fit"),
        "taken": ("reached", "lost", "not_a_fit"),
        "reached": ("consult_booked", "won", "lost", "not_a_fit"),
        # Back to "reached": the date was called off, or nobody came.
        "consult_booked": ("consult_held", "reached", "lost", "not_a_fit"),
        "consult_held": ("won", "lost", "not_a_fit"),
        # A clear answer may turn out not to be the last one.
        "won": ("reached",),
        "lost": ("reached",),
        "not_a_fit": ("reached",),
    }
)
"""Which stages may follow each stage, the usual next one first."""

NAMES: Mapping[Stage, str] = MappingProxyType(
    {
        "new": "New",
        "taken": "Taken",
        "reached": "Reached",
        "consult_booked": "Consult booked",
        "consult_held": "Consult held",
        "won": "Won",
        "lost": "Lost",
        "not_a_fit": "Not a fit",
    }
)
"""How staff read each stage."""

MEANINGS: Mapping[Stage, str] = MappingProxyType(
    {
        "new": "Submitted. Nobody has picked it up yet.",
        "taken": "Someone has it and is trying to reach the owner.",
        "reached": "You talked or exchanged messages with the owner.",
        "consult_booked": "A date for the consult is set.",
        "consult_held": "The consult took place. What’s missing is a clear yes or no.",
        "won": "They became a client.",
        "lost": "They said no, or never answered. The reason says which.",
        "not_a_fit": "Not someone you can help, or not a real lead.",
    }
)
"""What each stage says about a lead, for the help page."""

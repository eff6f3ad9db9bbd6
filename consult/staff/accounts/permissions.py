"""Who may open which page of the staff area: each view says so under its route.

A view that says nothing is for admins alone, so a forgotten rule shows too little and not too much;
a test finds it. What belongs to somebody else is not a matter of rights: it is not found (404).
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from werkzeug.exceptions import Forbidden

Right = Literal["staff", "admin"]
"""Whoever is signed in, or admins only."""

_View = TypeVar("_View", bound=Callable[..., Any])
_MARK = "for_whom"


class NotForThisRole(Forbidden):
    """Somebody is signed in, and their role may not do this."""


def for_staff(view: _View) -> _View:
    """Let everybody in who is signed in."""
    view.__dict__[_MARK] = "staff"
    return view


def for_admins(view: _View) -> _View:
    """Let only admins in."""
    view.__dict__[_MARK] = "admin"
    return view


def said_right(view: Callable[..., Any]) -> Right | None:
    """What a view says about itself; None where it was forgotten."""
    said: Right | None = view.__dict__.get(_MARK)
    return said


def needed_right(view: Callable[..., Any]) -> Right:
    """The right that it takes to open a view."""
    return said_right(view) or "admin"

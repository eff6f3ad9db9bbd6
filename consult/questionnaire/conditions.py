"""The small vocabulary in which an edition says when something applies.

A condition evaluates itself against what was given (answers and facts by id), lists the ids that
it ``reads``, and the ``evidence`` for it: those that make it hold. So the map of the branches, the
check for forward references and "why this finding?" all come from the same object. An id that was
not given, or was answered "unknown", satisfies no condition but ``not_`` and ``ALWAYS``.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

Given = Mapping[str, object]
"""Answers and facts by id; an id that was not given is absent."""


class Condition(ABC):
    """Something that holds or does not, and says what it reads."""

    @abstractmethod
    def holds(self, given: Given) -> bool: ...

    @abstractmethod
    def reads(self) -> tuple[str, ...]: ...

    def evidence(self, given: Given) -> tuple[str, ...]:
        return self.reads() if self.holds(given) else ()


@dataclass(frozen=True)
class _OfOneId(Condition):
    """A condition on one answer or fact; ``says`` is what it asks of it, in words."""

    id: str
    says: str
    accepts: Callable[[object], bool]

    def holds(self, given: Given) -> bool:
        return self.id in given and self.accepts(given[self.id])

    def reads(self) -> tuple[str, ...]:
        return (self.id,)

    def __str__(self) -> str:
        return f"{self.id} {self.says}"


@dataclass(frozen=True)
class _OfParts(Condition):
    parts: tuple[Condition, ...]

    def reads(self) -> tuple[str, ...]:
        return _union(part.reads() for part in self.parts)

    def evidence(self, given: Given) -> tuple[str, ...]:
        return _union(part.evidence(given) for part in self.parts) if self.holds(given) else ()


class _All(_OfParts):
    def holds(self, given: Given) -> bool:
        # Four in five questions are asked of all: to find that out was a fourth of a walk.
        return not self.parts or all(part.holds(given) for part in self.parts)

    def __str__(self) -> str:
        parts = (f"({p})" if isinstance(p, _Some) else str(p) for p in self.parts)
        return " and ".join(parts) or "always"


class _Some(_OfParts):
    def holds(self, given: Given) -> bool:
        return any(part.holds(given) for part in self.parts)

    def __str__(self) -> str:
        return " or ".join(f"({p})" if isinstance(p, _All) else str(p) for p in self.parts)


@dataclass(frozen=True)
class _Not(Condition):
    part: Condition

    def holds(self, given: Given) -> bool:
        return not self.part.holds(given)

    def reads(self) -> tuple[str, ...]:
        return self.part.reads()

    def __str__(self) -> str:
        return f"not ({self.part})"


ALWAYS: Condition = _All(())


def is_(id: str, value: str) -> Condition:
    """The answer or fact ``id`` is exactly ``value``."""
    return any_of(id, value)


def any_of(id: str, *values: str) -> Condition:
    """The answer or fact ``id`` is one of ``values``."""
    return _OfOneId(id, f"is {' or '.join(values)}", lambda given: given in values)


def includes(id: str, choice: str) -> Condition:
    """``choice`` is among the checked choices of question ``id``."""
    return _OfOneId(
        id, f"includes {choice}", lambda given: isinstance(given, tuple) and choice in given
    )


def answered(id: str) -> Condition:
    """Question ``id`` was answered at all; an empty checklist is an answer."""
    return _OfOneId(id, "is answered", lambda given: True)


def rung(id: str, value: int) -> Condition:
    """Item ``id`` was answered with exactly rung ``value`` (0 = worst)."""
    return _OfOneId(id, f"is {value}", lambda g: g == value)


def at_least(id: str, value: float) -> Condition:
    """Item ``id`` was answered with rung ``value`` or better."""
    return _OfOneId(
        id, f"is at least {value:g}", lambda g: isinstance(g, int | float) and g >= value
    )


def at_most(id: str, value: float) -> Condition:
    """Item ``id`` was answered with rung ``value`` or worse; "unknown" is not worse."""
    return _OfOneId(
        id, f"is at most {value:g}", lambda g: isinstance(g, int | float) and g <= value
    )


def all_of(*parts: Condition) -> Condition:
    return _All(parts)


def some_of(*parts: Condition) -> Condition:
    return _Some(parts)


def not_(part: Condition) -> Condition:
    return _Not(part)


def _union(many: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for ids in many for id in ids))

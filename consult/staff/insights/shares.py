"""Counts made into shares and bars, for every part of the page of insights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FEW = 20
"""Fewer than this are marked: their shares say little."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, in whole percent; None of an empty whole. ``few`` marks a small one."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None

    @property
    def few(self) -> bool:
        return self.whole < FEW


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a simple chart."""

    name: str
    count: int
    bar: int
    share: Share


def bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    """A bar for each name and its count, with its share of them all; the longest is the widest."""
    counts = [count for _, count in counted]
    most, total = max(counts, default=0), sum(counts)
    return [Bar(name, count, percent(count, most), Share(count, total)) for name, count in counted]


def percent(part: float, whole: float) -> int:
    """A part of a whole in whole percent; 0 of an empty one."""
    return round(100 * part / whole) if whole else 0

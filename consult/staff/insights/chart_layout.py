"""Charts for staff: where each bar, point and word stands.

A drawing is as wide as its column, and across it everything is placed in percent; up and down, in
times the size of its letters. So words keep their size on a phone, where a picture that is scaled
would shrink them. Each stands above the table of its numbers, which is what a screen reader reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

NAME_MAX = 44
"""Letters of a name that fit on a line of a phone; the table has the whole of it."""

_BARS = 66
"""How far to the right the longest bar goes, in percent: what it says stands beside it."""
_PLOT_TOP, _PLOT_HEIGHT = 1.75, 9.0
_LINE_FROM = 8
"""What of a line's drawing is left to the words on its scale, in percent."""


@dataclass(frozen=True, slots=True)
class Row:
    """A name with a bar below it and what the bar says beside it.

    `start`, `width` and `middle`, a mark on the bar, are in percent of the scale. `few` bars are
    drawn hollow; `is_point` marks what the heading is about.
    """

    name: str
    value: str
    width: float
    start: float = 0
    middle: float | None = None
    few: bool = False
    is_point: bool = False

    @property
    def label(self) -> str:
        """The name, as much of it as there is room for."""
        return self.name if len(self.name) <= NAME_MAX else f"{self.name[: NAME_MAX - 1].rstrip()}…"

    @property
    def left(self) -> float:
        """Where the bar begins, in percent of the drawing."""
        return round(self.start * _BARS / 100, 2)

    @property
    def wide(self) -> float:
        """How wide the bar is, in percent of the drawing; one that is not nothing can be seen."""
        least = 0.5 if self.width else 0
        return round(max(self.width * _BARS / 100, least), 2)

    @property
    def right(self) -> float:
        """Where the bar ends, in percent of the drawing."""
        return round(self.left + self.wide, 2)

    @property
    def mark(self) -> float | None:
        """Where the mark stands, in percent of the drawing."""
        return None if self.middle is None else round(self.middle * _BARS / 100, 2)


@dataclass(frozen=True, slots=True)
class Column:
    """A bar that stands: where it begins and how wide it is in percent, and how high in letters."""

    count: str
    left: float
    wide: float
    top: float
    high: float
    few: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Counts side by side on the scale of a score, whose bands are cut where the names end."""

    columns: Sequence[Column]
    bands: Sequence[tuple[float, str]]
    ground: float = _PLOT_TOP + _PLOT_HEIGHT


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line, in percent from the left and in letters from the top."""

    x: float
    y: float
    few: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Shares over time, as points and the ways between them. Without a value, the line is broken.

    `grid` has the lines across: how far down, and the share in percent.
    """

    points: Sequence[Point]
    ways: Sequence[tuple[Point, Point]]
    grid: Sequence[tuple[float, int]]
    first: str
    last: str
    ground: float = _PLOT_TOP + _PLOT_HEIGHT


def columns(counts: Sequence[int], bands: Sequence[str], *, few: bool) -> Columns:
    """Counts of the tenths of a score, `few` when they are too few together to be compared."""
    most, step = max(counts, default=0), 100 / max(1, len(counts))
    return Columns(
        [
            Column(
                count=short(count) if count else "",
                left=round(number * step + 0.5, 2),
                wide=round(step - 1, 2),
                top=round(_PLOT_TOP + _PLOT_HEIGHT - high, 2),
                high=high,
                few=few,
            )
            for number, count in enumerate(counts)
            for high in (round(_PLOT_HEIGHT * count / most, 2) if most else 0.0,)
        ],
        [(number * 25, name) for number, name in enumerate(bands)],
    )


def line(shares: Sequence[tuple[int | None, bool]], first: str, last: str) -> Line:
    """A line through shares in percent, each with whether it is one of few; None is no value.

    `first` and `last` name the ends.
    """
    step = (100 - _LINE_FROM) / max(1, len(shares))
    placed = [
        None if share is None else Point(round(_LINE_FROM + at * step, 2), _height(share), few)
        for at, (share, few) in enumerate(shares, start=1)
    ]
    return Line(
        points=[point for point in placed if point],
        ways=[(one, other) for one, other in pairwise(placed) if one and other],
        grid=[(_height(share), share) for share in (0, 25, 50, 75, 100)],
        first=first,
        last=last,
    )


def _height(share: int) -> float:
    return round(_PLOT_TOP + _PLOT_HEIGHT * (1 - share / 100), 2)


def short(count: int) -> str:
    """A count that fits above a narrow bar."""
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 10_000 else f"{round(count / 1000)}k"

"""Charts for staff: the rows of their tables, and where each bar, point and text is drawn.

A drawing is as wide as its column. Across, everything is placed in percent; down, in ems. So text
keeps its size on a phone, where a scaled picture would shrink it. Each chart is above the table of
its numbers, which is what a screen reader reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from consult.scoring.axis import CUTS

FEW = 20
"""Shares of fewer than this are marked: they say little."""

NAME_MAX = 44
"""Letters of a name that fit on a line of a phone; the table has all of it."""

_BARS = 66
"""How far to the right the longest bar reaches, in percent: its value is beside it."""
_PLOT_TOP, _PLOT_HEIGHT = 1.75, 9.0
_LINE_FROM = 8
"""Left margin for axis labels, in percent."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole; `of` names the whole where the heading of the column does not."""

    part: int
    whole: int
    of: str = ""

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.whole else None

    @property
    def few(self) -> bool:
        return self.whole < FEW


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a chart's table, and its bar with the value beside it.

    The table shows `cells` beside the name, to which the drawing adds how much `later` it was. The
    bar, and a mark in its middle, are in percent of the scale; the bar of `few` is drawn hollow.
    The heading is about the row that `is_point`.
    """

    name: str
    cells: Sequence[int | str | Share | None] = ()
    value: str = ""
    width: float = 0
    start: float = 0
    middle: float | None = None
    few: bool = False
    is_point: bool = False
    later: str = ""

    @property
    def label(self) -> str:
        name = f"{self.name}, {self.later} later" if self.later else self.name
        return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1].rstrip()}…"

    @property
    def left(self) -> float:
        """Where the bar begins, in percent of the drawing."""
        return round(self.start * _BARS / 100, 2)

    @property
    def wide(self) -> float:
        """How wide the bar is, in percent of the drawing; any bar above zero can be seen."""
        least = 0.5 if self.width else 0
        return round(max(self.width * _BARS / 100, least), 2)

    @property
    def right(self) -> float:
        return round(self.left + self.wide, 2)

    @property
    def mark(self) -> float | None:
        return None if self.middle is None else round(self.middle * _BARS / 100, 2)


def percent(part: float, whole: float) -> int:
    """A part of a whole in whole percent; 0 of an empty one."""
    return round(100 * part / whole) if whole else 0


def value(count: int, share: Share) -> str:
    """A count with its share, as it is written beside a bar."""
    in_percent = "" if share.percent is None else f" · {share.percent}%"
    return f"{count:,}{in_percent}{' · few' if share.few else ''}"


def counted(counts: Sequence[tuple[str, int]]) -> list[Row]:
    most = max((count for _, count in counts), default=0)
    total = sum(count for _, count in counts)
    return [
        Row(name, (count, share), value(count, share), percent(count, most), few=share.few)
        for name, count in counts
        for share in (Share(count, total),)
    ]


@dataclass(frozen=True, slots=True)
class Column:
    """An upright bar: `left` and `wide` in percent, `top` and `high` in ems."""

    count: str
    left: float
    wide: float
    top: float
    high: float
    few: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Counts side by side on the scale of a score, with where each band begins and its name."""

    columns: Sequence[Column]
    bands: Sequence[tuple[float, str]]
    ground: float = _PLOT_TOP + _PLOT_HEIGHT


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a line, in percent from the left and in ems from the top."""

    x: float
    y: float
    few: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Shares over time, as points and the segments between them; broken where there is no value.

    `grid` has the lines across: how far down, and the share in percent.
    """

    points: Sequence[Point]
    segments: Sequence[tuple[Point, Point]]
    grid: Sequence[tuple[float, int]]
    ground: float = _PLOT_TOP + _PLOT_HEIGHT


def columns(counts: Sequence[int], bands: Sequence[str]) -> Columns:
    """Counts of the tenths of a score; hollow where all together are too few to compare."""
    most, step = max(counts, default=0), 100 / max(1, len(counts))
    return Columns(
        [
            Column(
                count=short(count) if count else "",
                left=round(number * step + 0.5, 2),
                wide=round(step - 1, 2),
                top=round(_PLOT_TOP + _PLOT_HEIGHT - high, 2),
                high=high,
                few=sum(counts) < FEW,
            )
            for number, count in enumerate(counts)
            for high in (round(_PLOT_HEIGHT * count / most, 2) if most else 0.0,)
        ],
        list(zip((0, *CUTS), bands, strict=True)),
    )


def line(shares: Sequence[Share]) -> Line:
    """A line through shares; an empty one breaks it."""
    step = (100 - _LINE_FROM) / max(1, len(shares))
    points = [
        None
        if share.percent is None
        else Point(round(_LINE_FROM + at * step, 2), _height(share.percent), share.few)
        for at, share in enumerate(shares, start=1)
    ]
    return Line(
        points=[point for point in points if point],
        segments=[(one, other) for one, other in pairwise(points) if one and other],
        grid=[(_height(share), share) for share in (0, 25, 50, 75, 100)],
    )


def _height(share: int) -> float:
    return round(_PLOT_TOP + _PLOT_HEIGHT * (1 - share / 100), 2)


def short(count: int) -> str:
    if count < 1000:
        return str(count)
    return f"{count / 1000:.1f}k" if count < 10_000 else f"{round(count / 1000)}k"

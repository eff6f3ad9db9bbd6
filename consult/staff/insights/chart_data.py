"""The charts of the page of insights, from the rows of its tables."""

from collections.abc import Iterable, Sequence

from consult.questionnaire.editions import newest
from consult.staff.insights import chart_layout
from consult.staff.insights.chart_layout import Columns, Line, Row
from consult.staff.insights.funnel import PageRow, SourceRow, StepRow
from consult.staff.insights.lead_stats import VerdictRow
from consult.staff.insights.reply_times import Replies
from consult.staff.insights.shares import FEW, Bar, Share

_SOURCES_DRAWN = 8


def funnel(steps: Iterable[StepRow]) -> list[Row]:
    """Each step, and which share of those who took the first one it is."""
    return [_step(step, step.of_first) for step in steps]


def _step(step: StepRow, share: Share | None) -> Row:
    if share is None:
        return Row(step.name, f"{step.count:,}", step.bar)
    value = _value(step.count, share.percent, few=share.few)
    return Row(step.name, value, step.bar, few=share.few)


def pages(rows: Iterable[PageRow]) -> list[Row]:
    """How many stopped at each page, in the order in which the pages are shown."""
    return [
        Row(
            page.name,
            _value(page.left.part, page.left.percent, few=page.left.few),
            page.bar,
            few=page.left.few,
            is_point=page.is_point,
        )
        for page in rows
    ]


def times(rows: Iterable[PageRow]) -> list[Row]:
    """The seconds that the middle half took for each page, marked where half were done."""
    return [
        Row(
            page.name,
            f"{page.seconds[1]} s{' · few' if page.timed < FEW else ''}",
            width=page.box[1],
            start=page.box[0],
            middle=page.box[2],
            few=page.timed < FEW,
        )
        for page in rows
        if page.seconds and page.box
    ]


def sources(rows: Sequence[SourceRow]) -> list[Row]:
    """The sources with the most leads, and which share of who began each handed in."""
    return [
        Row(
            source.name,
            _value(source.handed_in.part, source.handed_in.percent, few=source.handed_in.few),
            source.bar,
            few=source.handed_in.few,
        )
        for source in rows[:_SOURCES_DRAWN]
    ]


def bars(rows: Iterable[Bar]) -> list[Row]:
    """Counts, each with its share of them all."""
    return [
        Row(bar.name, _value(bar.count, bar.share.percent, few=few), bar.bar, few=few)
        for bar in rows
        for few in (bar.share.few,)
    ]


def verdicts(rows: Iterable[VerdictRow]) -> list[Row]:
    """How often each part turned out worse than was said, of the calls that it came up in."""
    return [
        Row(
            row.name,
            f"{row.worse.part} of {row.judged}{' · few' if row.worse.few else ''}",
            row.bar,
            few=row.worse.few,
        )
        for row in rows
    ]


def scores(tenths: Sequence[Bar], axis: str) -> Columns:
    """How the points of a score spread, between the names of its bands."""
    names = [band["name"] for band in newest().texts.findings["bands"][axis].values()]
    counts = [tenth.count for tenth in tenths]
    return chart_layout.columns(counts, names, few=sum(counts) < FEW)


def replies(found: Replies) -> Line:
    """Which share was answered in time, over time."""
    return chart_layout.line(
        [(span.in_time.percent, span.in_time.few) for span in found.spans],
        found.spans[0].name,
        found.spans[-1].name,
    )


def _value(count: int, percent: int | None, *, few: bool) -> str:
    share = "" if percent is None else f" · {percent}%"
    return f"{count:,}{share}{' · few' if few else ''}"

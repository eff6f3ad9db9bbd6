"""The money range in words: every figure the owner gave, and the sum as it was done."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from consult.report.display import significant
from consult.report.report import Money
from consult.scoring.money import UNWORKED_WORTH, MoneyRange, Range
from consult.settings.brand import CURRENCY_SIGNS

_STEPS = ("leads", "unworked", "buy", "discount", "value")


def money_in_words(
    found: MoneyRange | str, words: Mapping[str, Any], sign: str
) -> tuple[Money | None, str]:
    """The range with its sum, and "" ; or None and the reason why there is none.

    `words` are the edition's texts on money, `sign` stands before each amount.
    """
    if isinstance(found, str):
        return None, words["refusals"][found]
    figures = _figures(found, sign)
    money = Money(
        result=words["result"].format(**_result(found, sign)),
        steps=tuple(words["steps"][step].format(**figures) for step in _STEPS),
        sums=(
            words["steps"]["low"].format(**_end(found, "low", sign)),
            words["steps"]["high"].format(**_end(found, "high", sign)),
        ),
        assumptions=tuple(words["assumptions"]),
        tags=tuple(words["tags"]["assumed" if step == "discount" else "said"] for step in _STEPS),
    )
    return money, ""


def money_in_figures(found: MoneyRange, told: Money) -> Mapping[str, str]:
    """The range and what it rests on, as figures for words of one's own.

    `told` is what the owner read of it, which alone still knows its currency.
    """
    high = _result(found, "")["high"]
    signs = [sign for sign in CURRENCY_SIGNS.values() if sign + high in told.result]
    sign = max(signs, key=len, default="")  # "$" is in "A$" as well
    return {**_figures(found, sign), **_result(found, sign)}


def _result(found: MoneyRange, sign: str) -> dict[str, str]:
    return {
        "sales_low": _sales(found.sales.low),
        "sales_high": _sales(found.sales.high),
        "low": _money(Fraction(significant(found.amount.low)), sign),
        "high": _money(Fraction(significant(found.amount.high)), sign),
    }


def _figures(found: MoneyRange, sign: str) -> dict[str, str]:
    """The figures that go into the sum, as ranges."""
    return {
        "leads": _range(found.leads, _number),
        "unworked": _range(found.unworked, _percent),
        "buy": _range(Range(found.buy_rate.low * 10, found.buy_rate.high * 10), _number),
        "discount": _range(Range(*UNWORKED_WORTH), _percent),
        "value": _money(found.first_sale, sign),
    }


def _end(found: MoneyRange, end: str, sign: str) -> dict[str, str]:
    """The figures of one end of the sum."""
    at_low = end == "low"
    return {
        "leads": _number(getattr(found.leads, end)),
        "unworked": _percent(getattr(found.unworked, end)),
        "buy": _percent(getattr(found.buy_rate, end)),
        "discount": _percent(UNWORKED_WORTH[0 if at_low else 1]),
        "value": _money(found.first_sale, sign),
        "result": _money(getattr(found.amount, end), sign),
    }


def _range(ends: Range, show: Any) -> str:
    low, high = show(ends.low), show(ends.high)
    return low if low == high else f"{low} to {high}"


def _number(value: Fraction) -> str:
    return f"{float(value):,.10g}"


def _percent(value: Fraction) -> str:
    return f"{float(value * 100):.3g}%"


def _money(value: Fraction, sign: str) -> str:
    cents = value.denominator != 1 and value < 100
    return f"{sign}{float(value):,.2f}" if cents else f"{sign}{float(value):,.0f}"


def _sales(value: Fraction) -> str:
    """About how many sales: one figure below one, whole numbers above."""
    return f"{float(value):.1g}" if value < 1 else f"{float(value):.0f}"

"""Where a visitor came from: the tags that campaigns put on a link."""

from __future__ import annotations

import re
from collections.abc import Mapping

from consult.web.text import one_line

MOST_TAGS = 8
LONGEST_VALUE = 100

_TAG = re.compile(r"utm_[a-z_]{1,20}|ref")


def source_of(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the tags among a query's or a form's fields, cut to a sensible size.

    Everything else is dropped: an address can carry more about a person than a campaign's name.
    """
    tags = [
        (name, one_line(value)[:LONGEST_VALUE].strip())
        for name, value in fields.items()
        if _TAG.fullmatch(name)
    ]
    return {name: value for name, value in tags[:MOST_TAGS] if value}

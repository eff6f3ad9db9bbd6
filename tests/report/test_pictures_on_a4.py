"""Finished reports on A4 look as they did: see `test_pictures`, which has those on Letter."""

from tests.report.printed import (
    are_on_their_paper_and_name_the_business,
    has_only_our_fonts,
    keep_the_laws_of_pages,
    look_as_they_did,
)

test_a_report_looks_as_it_did = look_as_they_did("a4")
test_a_report_keeps_the_laws_of_its_pages = keep_the_laws_of_pages("a4")
test_a_report_is_on_its_paper_and_names_the_business = are_on_their_paper_and_name_the_business(
    "a4"
)


def test_only_our_fonts_are_in_it() -> None:
    has_only_our_fonts("polish")

"""The help page explains every word that staff meet, and a page that fails says so in theirs."""

import re
from collections import Counter

from flask import Flask

from consult.questionnaire.editions import newest
from consult.workflow.stages import NAMES
from tests.support.client import PageClient
from tests.support.page import text_of
from tests.support.staff_client import joined


def test_it_explains_every_stage_band_and_archetype(app: Flask) -> None:
    staff = joined(app)
    page = staff.get("/staff/help")
    findings = newest().texts.findings
    terms = {*NAMES.values(), *(entry["name"] for entry in findings["archetypes"].values())}
    terms |= {band["name"] for axis in findings["bands"].values() for band in axis.values()}
    terms |= {
        "Today",
        "Next",
        "Snooze",
        "Undo",
        "Probably spam",
        "Views",
        "Export",
        "Handover",
        "Email drafts",
    }
    assert terms <= {text_of(term) for term in page.document.all("dt")}
    assert staff.get("/staff/").link("Help") == "/staff/help"


def test_it_explains_each_word_once_and_fills_in_what_owners_read(app: Flask) -> None:
    page = joined(app).get("/staff/help")
    terms = Counter(text_of(term) for term in page.document.all("dt"))
    assert [term for term, count in terms.items() if count > 1] == []
    assert "{" not in page.text


def test_a_page_that_fails_speaks_to_staff_and_leads_back(admin: PageClient) -> None:
    for page in (admin.get("/staff/today", status=404), admin.get("/staff/sign-out", status=405)):
        assert page.link("Go to Today") == "/staff/"
        assert not re.search("link to a check|start page", page.text)
    gone = admin.get("/staff/settings/nothing", status=404)
    assert gone.link("See all leads") == "/staff/leads"
    assert "The lead" not in gone.text

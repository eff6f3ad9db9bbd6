"""What is kept of where a visitor came from."""

import pytest
from flask import Flask

from consult.owner.visitors import campaign_tags, posted_source, source_of
from consult.storage.tables.submission_tables import DraftRow
from tests.support import staff_client
from tests.support.apps import services_of
from tests.support.client import PageClient
from tests.support.databases import rows
from tests.support.page import text_of
from tests.support.results import submit_check

OWN = "https://check.example.com"


def test_campaign_tags_are_kept_and_nothing_else() -> None:
    fields = {"utm_source": "news", "utm_campaign": " fall ", "ref": "a", "depth": "full", "x": "1"}
    assert campaign_tags(fields) == {"utm_source": "news", "utm_campaign": "fall", "ref": "a"}


def test_tags_are_cut_to_size_and_cleaned() -> None:
    many = {f"utm_{letter}": "v" for letter in "abcdefghijklm"}
    assert len(campaign_tags(many)) == 8
    assert campaign_tags({"ref": "x" * 500}) == {"ref": "x" * 100}
    assert campaign_tags({"ref": "a\x00b\nc\ud800"}) == {"ref": "ab c"}
    assert campaign_tags({"ref": " \t", "utm_source<": "x"}) == {}


def test_tags_are_read_as_mail_programs_and_websites_write_them() -> None:
    written = {"UTM_Campaign": "fall", "Ref": "a", "amp;utm_term": "b", "amp;amp;utm_id": "c"}
    read = {"utm_campaign": "fall", "ref": "a", "utm_term": "b", "utm_id": "c"}
    assert campaign_tags(written) == read
    assert campaign_tags({"utm_source": "first", "UTM_SOURCE": "second"}) == {"utm_source": "first"}


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (
            "https://www.example.com/blog/not-the-same/?mail=a@b.example#top",
            "www.example.com/blog/not-the-same",
        ),
        ("https://www.example.com/", "www.example.com"),
        ("https://user:secret@example.com:8443/a", "example.com/a"),
        ("https://example.com/" + "x" * 500, "example.com/" + "x" * 88),
        (f"{OWN}/?ref=a", None),
        ("about:blank", None),
        ("https://[broken", None),
        ("https://call me/now", None),
        (None, None),
    ],
)
def test_of_the_page_that_led_here_host_and_path_are_kept(
    address: str | None, kept: str | None
) -> None:
    found = source_of({"ref": "a"}, address, OWN)
    assert found == ({"ref": "a"} if kept is None else {"ref": "a", "referrer": kept})
    assert posted_source(found, OWN) == found


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("www.example.com/check", "www.example.com/check"),
        ("www.example.com/check/?mail=a@b.example#top", "www.example.com/check"),
        ("localhost:8080/", "localhost/"),
        # In the box of a website builder the browser knows the site around it, and no page.
        ("www.example.com", "www.example.com"),
        ("user:secret@example.com/a", "example.com/a"),
        # What isn't a page of another site leaves what the browser says.
        ("check.example.com/staff", "box.example"),
        ("", "box.example"),
        ("javascript:alert(1)", "box.example"),
        ("Ann Miller, 555 0100", "box.example"),
    ],
)
def test_the_page_that_shows_the_check_is_what_its_script_says(page: str, kept: str) -> None:
    found = source_of({"page": page, "name": "Ann", "referrer": "Ann"}, "https://box.example/", OWN)
    assert found == {"referrer": kept}
    assert posted_source(found, OWN) == found


def test_eight_tags_leave_room_for_the_page() -> None:
    many = {f"utm_{letter}": "v" for letter in "abcdefgh"}
    found = source_of({**many, "page": "example.com/a"}, None, OWN)
    assert posted_source(found, OWN) == found == {**many, "referrer": "example.com/a"}


@pytest.mark.parametrize(
    ("query", "referrer", "shown"),
    [
        ("page=www.example.com/a&utm_source=x", "https://www.example.com/", "www.example.com/a"),
        ("page=www.example.com/", "https://www.example.com/", "www.example.com/"),
        ("", "https://www.example.com/", "www.example.com, page unknown"),
    ],
)
def test_a_lead_says_which_page_it_came_from_and_nothing_else_of_its_address(
    app: Flask, query: str, referrer: str, shown: str
) -> None:
    client = PageClient(app)
    page = client.get(f"/?{query}&email=ann@b.example&name=Ann", headers={"Referer": referrer})
    client.submit(page.form("/start"))
    (draft,) = rows(services_of(app).database, DraftRow)
    assert "Ann" not in str(draft.source)
    assert "ann@" not in str(draft.source)
    submit_check(app, source=dict(draft.source))
    staff = staff_client.joined(app)
    details = [text_of(row) for row in staff.get("/staff/leads/1").document.all("dd")]
    assert shown in details

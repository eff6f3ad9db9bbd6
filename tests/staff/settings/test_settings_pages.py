"""The settings pages: what admins can set, what is fixed, and what is refused."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from PIL import Image

from consult.settings.brand import CURRENCY_SIGNS
from consult.settings.setting_sources import overridable
from consult.staff.settings.settings_form import GROUPS
from consult.storage.audit import audit_log
from consult.storage.settings import setting_overrides
from tests.support.agency_site import element
from tests.support.apps import mail_settings, make_app, services_of
from tests.support.client import PageClient
from tests.support.databases import read
from tests.support.lead_factories import new_lead, set_lead
from tests.support.mail_server import mail_server
from tests.support.page import Page, text_of
from tests.support.results import submit_check
from tests.support.staff_client import ADMIN, PASSWORD, age_authentication, joined, make_user, post

BRAND = "/staff/settings/brand"


def save(client: PageClient, slug: str, *, status: int = 303, **fields: str) -> Page:
    """Submit the form of a group with new values in some fields."""
    path = f"/staff/settings/{slug}"
    named = {name.replace("__", "-"): value for name, value in fields.items()}
    return client.submit(client.get(path).form(path).fill(**named), status=status)


def changes(app: Flask) -> list[tuple[object, object]]:
    """The changed settings, newest first, and whether that was a return to the default."""
    found = read(services_of(app).database, audit_log.newest, limit=50, action="setting.changed")
    return [(entry.facts["setting"], entry.facts["back"]) for entry in found]


def png(width: int = 40, height: int = 20, **options: object) -> bytes:
    """A PNG file."""
    file = BytesIO()
    Image.new("RGB", (width, height), "#1c4f8f").save(file, "PNG", **options)
    return file.getvalue()


def upload(client: PageClient, data: bytes, page: Page | None = None, *, status: int = 303) -> Page:
    """Upload a file as the logo, with the form on a page."""
    form = (page or client.get(BRAND)).form("/logo")
    sent = {"csrf_token": form.data["csrf_token"][0], "logo": (BytesIO(data), "ours <1>.png")}
    return client.post(form.action, sent, status=status, content_type="multipart/form-data")


def preview(client: PageClient, *, status: int = 200, **fields: str) -> Page:
    """Ask for a preview of the brand with new values in some fields."""
    named = {name.replace("__", "-"): value for name, value in fields.items()}
    form = client.get(BRAND).form(BRAND).fill(**named)
    return client.post(BRAND, {**form.data, "preview": "y"}, status=status)


def test_every_setting_for_staff_is_on_one_page(admin: PageClient) -> None:
    listed = [s.name for group in GROUPS.values() for s in group.settings]
    assert len(listed) == len(set(listed))
    assert {name for name in listed if not name.startswith("brand.")} == overridable()
    (currency,) = [s for s in GROUPS["brand"].settings if s.name == "brand.currency"]
    assert list(currency.options) == list(CURRENCY_SIGNS)
    assert admin.get("/staff/settings", status=303).location == BRAND
    assert admin.get(BRAND).h1 == "Brand"
    admin.get("/staff/settings/nonsense", status=404)


def test_saving_a_page_as_it_is_changes_nothing(app: Flask, admin: PageClient) -> None:
    before = services_of(app).settings
    for slug in GROUPS:
        save(admin, slug)
        assert "Saved." in admin.get(f"/staff/settings/{slug}?done=saved").text
        assert changes(app) == []
        assert services_of(app).settings == before


def test_a_saved_value_applies_at_once_and_is_logged(app: Flask, admin: PageClient) -> None:
    """An empty field, or the default, deletes the override."""
    save(admin, "brand", brand__name="Northside", brand__colours__sales="#0b3d2e")
    save(admin, "brand", paper="a4", brand__currency="EUR")
    save(admin, "hours", time_zone="Europe/Lisbon")
    save(admin, "retention", retention_days_leads="90")
    made = services_of(app)
    assert "from Northside" in PageClient(app).get("/").text
    assert (made.settings.paper, made.brand.currency) == ("a4", "EUR")
    assert str(made.settings.office.zone) == "Europe/Lisbon"
    assert made.settings.retention_days_leads == 90
    assert ("brand.colours.sales", False) in changes(app)
    assert len(changes(app)) == 6
    save(admin, "retention", retention_days_leads="")
    save(admin, "brand", paper="letter")
    assert (made.settings.retention_days_leads, made.settings.paper) == (730, "letter")
    assert changes(app)[:2] == [("paper", True), ("retention_days_leads", True)]


def test_a_retention_period_that_deletes_leads_tonight_is_asked_back(
    app: Flask, admin: PageClient
) -> None:
    database, path = services_of(app).database, "/staff/settings/retention"
    for days in (400, 2):
        set_lead(database, new_lead(database), submitted_at=database.clock() - timedelta(days))
    page = save(admin, "retention", status=422, retention_days_leads="1", retention_leads="delete")
    assert "2 of 2 leads are older than 1 day and would be deleted tonight." in page.text
    assert changes(app) == []
    form = page.form(path).fill(retention_days_leads="30")
    page = admin.post(path, {**form.data, "confirmed": "2"}, status=422)
    assert "1 of 2 leads is older than 30 days" in page.text
    (asked,) = [one for one in page.document.all("div") if "autofocus" in one.attrib]
    assert "tonight" in text_of(asked), "it is below a long form"
    admin.post(path, {**page.form(path).data, "confirmed": "1"})
    assert services_of(app).settings.retention_days_leads == 30
    assert "older than" not in admin.get(path).text
    save(admin, "retention", retention_days_pdfs="20")  # is not about leads


INVALID = [
    ("retention", "retention_days_leads", "0", "Must be at least 1."),
    ("retention", "retention_days_leads", "a year", "Must be a whole number."),
    ("hours", "reply_within_hours", "81", "Must be at most 80."),
    ("booking", "booking_place", "x" * 201, "Must have at most 200 characters."),
    ("booking", "booking_hours", "daily", "Must look like"),
    ("brand", "brand-consult_url", "javascript:alert(1)", "https://"),
    ("brand", "brand-email", "nowhere", "not an email address"),
    ("brand", "brand-name", "x" * 81, "at most 80 characters"),
    ("website", "embed_origins", "www.example.com", "“www.example.com” needs https://"),
    ("brand", "brand-colours-marketing", "#ffcc00", "contrast of"),
    ("brand", "brand-colours-exchange", "#14202e", "contrast of"),
    ("brand", "brand-colours-paper", "#000000", "Gray on paper has a contrast of 3.3, text needs"),
]


def test_an_invalid_value_is_refused_beside_its_field(app: Flask, admin: PageClient) -> None:
    for slug, field, value, problem in INVALID:
        path = f"/staff/settings/{slug}"
        page = admin.submit(admin.get(path).form(path).fill(**{field: value}), status=422)
        assert problem in page.errors[field]
        assert page.form(path).data[field] == [value]
        assert changes(app) == []


def test_an_unknown_choice_is_refused(app: Flask, admin: PageClient) -> None:
    form = admin.get(BRAND).form(BRAND)
    for field, value in (("paper", "a5"), ("brand-currency", "DOGE")):
        admin.post(BRAND, {**form.data, field: value}, status=422)
    admin.post(BRAND, {**form.data, "base_url": "https://evil.example", "proxy_hops": "3"})
    assert changes(app) == []


def test_a_fixed_value_is_shown_and_cannot_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "brand.toml"
    file.write_text('name = "Fixed Ltd"\nlogo = "logo.svg"\n[colours]\nsales = "#0b3d2e"\n')
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    app = make_app(tmp_path / "var", brand_file=file, paper="a4")
    admin = joined(app, ADMIN, admin=True)
    page = admin.get(BRAND)
    assert "Fixed Ltd Fixed by the brand file (name)." in page.text
    assert "Fixed by the brand file (colours.sales)." in page.text
    assert "brand-name" not in page.form(BRAND).fields
    assert "Fixed by CONSULT_PAPER." in page.text
    token = page.form(BRAND).data["csrf_token"]
    admin.post(BRAND, {"csrf_token": token, "brand-name": "Mine"})
    admin.post(BRAND, {"csrf_token": token, "paper": "letter"})
    admin.post(f"{BRAND}/logo", {"csrf_token": token, "remove": "y"}, status=403)
    assert changes(app) == []
    assert services_of(app).brand.name == "Fixed Ltd"
    services_of(app).database.close()


def test_each_setting_from_the_environment_is_shown_as_fixed(tmp_path: Path) -> None:
    base = services_of(make_app(tmp_path / "base")).settings
    given = {name: getattr(base, name) for name in overridable()} | {"closed_on": "2026-12-25"}
    app = make_app(tmp_path / "var", **given)
    admin = joined(app, ADMIN, admin=True)
    for slug, group in GROUPS.items():
        path = f"/staff/settings/{slug}"
        page = admin.get(path)
        ours = [setting for setting in group.settings if not setting.name.startswith("brand.")]
        assert page.text.count("Fixed by CONSULT_") == len(ours)
        for setting in ours:
            assert f"{setting.label} " in page.text
            assert f"Fixed by CONSULT_{setting.name.upper()}." in page.text
            assert setting.field not in page.form(path).fields
        assert ("Set by the server administrator." in page.text) == (
            len(ours) == len(group.settings)
        )
    assert "Dec 25, 2026" in admin.get("/staff/settings/hours").text
    assert "Monday to Friday 09:00 to 17:00" in admin.get("/staff/settings/hours").text


INVALID_WEEKS: list[tuple[dict[str, str | list[str]], str]] = [
    ({"tue_from_1": "18:00"}, "Tuesday closes before it opens."),
    ({"tue_until_1": "25:00"}, "Enter both times for Tuesday, as in 09:00 and 17:00."),
    ({"tue_from_1": ""}, "Enter both times for Tuesday"),
    ({"tue_from_1": "", "tue_until_1": ""}, "Enter opening and closing times for Tuesday"),
    ({"tue_from_2": "16:00", "tue_until_2": "18:00"}, "The two times of Tuesday overlap."),
    ({"sat_from_1": "10:00"}, "Saturday has new times but isn’t checked as open."),
    (
        {f"{day}_open": [] for day in ("mon", "tue", "wed", "thu", "fri")},
        "Open on at least one day",
    ),
]


class TestBusinessHours:
    """Business hours as checkboxes and times."""

    PATH = "/staff/settings/hours"

    def send(self, admin: PageClient, status: int = 303, **fields: str | list[str]) -> Page:
        """Submit the form with new values of the week, as in `sat_open="y"`."""
        named = {f"business_hours-{name.replace('_', '-')}": v for name, v in fields.items()}
        form = admin.get(self.PATH).form(self.PATH)
        return admin.submit(form.fill(**named), status=status)

    def hours(self, app: Flask) -> str:
        return services_of(app).settings.business_hours

    def test_a_day_is_opened_closed_and_broken_in_two(self, app: Flask, admin: PageClient) -> None:
        friday: dict[str, Any] = {
            "fri_until_1": "12:00",
            "fri_from_2": "13:30",
            "fri_until_2": "16:00",
        }
        saturday: dict[str, Any] = {"sat_open": "y", "sat_from_1": "22:00", "sat_until_1": "00:00"}
        self.send(admin, wed_open=[], **friday, **saturday)
        assert self.hours(app) == (
            "mon-tue 09:00-17:00, thu 09:00-17:00, fri 09:00-12:00, fri 13:30-16:00, "
            "sat 22:00-24:00"
        )
        shown = admin.get(self.PATH).form(self.PATH).data
        assert "business_hours-wed-open" not in shown
        assert shown["business_hours-wed-from-1"] == [""]
        assert shown["business_hours-fri-until-2"] == ["16:00"]
        assert shown["business_hours-sat-until-1"] == ["00:00"]
        assert changes(app) == [("business_hours", False)]
        wednesday: dict[str, Any] = {"wed_open": "y", "wed_from_1": "9:00", "wed_until_1": "17:00"}
        friday = {"fri_until_1": "17:00", "fri_from_2": "", "fri_until_2": ""}
        self.send(admin, sat_open=[], **wednesday, **friday)
        assert self.hours(app) == "mon-fri 09:00-17:00"
        assert changes(app)[0] == ("business_hours", True)

    def test_an_invalid_week_is_refused_and_shown_again(
        self, app: Flask, admin: PageClient
    ) -> None:
        for fields, says in INVALID_WEEKS:
            page = self.send(admin, 422, **fields)
            assert says in page.errors["business_hours"]
            form = page.form(self.PATH).data
            for name, value in fields.items():
                field = f"business_hours-{name.replace('_', '-')}"
                assert form.get(field, []) == (value if isinstance(value, list) else [value])
            assert changes(app) == []

    def test_a_day_may_have_more_than_two_times(self, app: Flask, admin: PageClient) -> None:
        text = "mon 08:00-10:00, mon 11:00-12:00, mon 13:00-15:00"
        with services_of(app).database.writing() as session:
            setting_overrides.set_override(session, "business_hours", text)
        services_of(app).settings_provider.refresh()
        self.send(admin, mon_until_3="14:00")
        assert self.hours(app) == text.replace("15:00", "14:00")


def test_holidays_are_added_and_removed(app: Flask, admin: PageClient) -> None:
    twice = "2026-12-25"
    save(admin, "hours", closed_on__1="2027-01-01", closed_on__2=twice, closed_on__3=twice)
    closed = services_of(app).settings.closed_on
    assert [day.isoformat() for day in closed] == ["2026-12-25", "2027-01-01"]
    save(admin, "hours", closed_on__1="", closed_on__6="2026-06-01")
    closed = services_of(app).settings.closed_on
    assert [day.isoformat() for day in closed] == ["2026-06-01", "2027-01-01"]
    page = save(admin, "hours", status=422, closed_on__3="Christmas")
    assert page.errors["closed_on"]
    assert page.form("/hours").data["closed_on-3"] == ["Christmas"]
    save(admin, "hours", closed_on__1="", closed_on__2="")
    assert services_of(app).settings.closed_on == ()
    assert changes(app) == [("closed_on", True), ("closed_on", False), ("closed_on", False)]


def test_a_preview_shows_the_brand_and_saves_nothing(app: Flask, admin: PageClient) -> None:
    fields: dict[str, Any] = {
        "brand__currency": "CHF",
        "paper": "a4",
        "brand__phone": "+1 555 0100",
    }
    fields |= {"brand__name": "Northside <b>", "brand__colours__sales": "#0b3d2e"}
    page = preview(admin, brand__consult_url="https://northside.example/consult", **fields)
    (picture,) = [e for e in page.document.elements if "data-preview" in e.attrib]
    assert "#0b3d2e" in {shape.attrib.get("fill") for shape in picture.iter()}
    hidden = {e for e in picture.iter() if "hidden" in e.attrib}
    shown = " ".join(text_of(e) for e in picture if e not in hidden)
    for text in ("Northside <b>", "CHF 1,200 to CHF 4,800 a month.", "A4 210 × 297 mm"):
        assert text in shown
    assert "northside.example/consult +1 555 0100" in shown
    assert "$1,200" not in shown
    assert "US Letter" not in shown
    assert page.form(BRAND).data["brand-name"] == ["Northside <b>"]
    assert changes(app) == []
    assert "from Marketing Maven" in PageClient(app).get("/").text
    page = preview(admin, brand__colours__marketing="#ffcc00", status=422)
    assert "Marketing on paper: 1.4, not enough contrast" in page.text
    assert "Sales on paper" in page.text


def test_an_uploaded_picture_is_the_logo_of_every_page(app: Flask, admin: PageClient) -> None:
    large = png(400, 200, compress_level=0)
    assert len(large) > 64 * 1024
    upload(admin, large)
    logo = services_of(app).brand.logo
    assert logo is not None
    assert logo.media_type == "image/png"
    (shown,) = [e.attrib["src"] for e in PageClient(app).get("/").document.all("img")]
    assert PageClient(app).get(shown).body == logo.data
    form = admin.get(BRAND).form("/logo")
    admin.post(form.action, {**form.data, "remove": "y"})
    assert services_of(app).brand.logo is None
    assert changes(app) == [("brand.logo", True), ("brand.logo", False)]


def test_who_the_consult_is_with_is_set_by_admins_and_shown_to_owners(
    app: Flask, admin: PageClient
) -> None:
    save(admin, "brand", brand__person="Ana Ruiz", brand__consult_minutes="20")
    save(admin, "brand", brand__person_line="Twelve years in sales")
    page = admin.get(BRAND)
    assert {"Use this logo", "Use this portrait"} < {*map(text_of, page.document.all("button"))}
    token = page.form("/logo").data["csrf_token"][0]
    sent = {"csrf_token": token, "kind": "portrait", "logo": (BytesIO(png(300, 300)), "ana.png")}
    admin.post(f"{BRAND}/logo", sent, content_type="multipart/form-data")
    brand = services_of(app).brand
    assert brand.portrait
    assert brand.logo is None
    path, owner = submit_check(app), PageClient(app)
    for page in (owner.get(path), owner.get(f"{path}/consult")):
        assert all(said in page.text for said in ("Ana Ruiz", "Twelve years in sales"))
        assert re.search("20.minute", page.text)
        assert not re.search("(?i)30.minute|thirty", page.text)
        (src,) = [e.attrib["src"] for e in page.document.all("img")]
        assert owner.get(src).body == brand.portrait.data
    assert "17–20" in owner.get(f"{path}/consult").text
    page = save(admin, "brand", brand__consult_minutes="5", status=422)
    assert "from 10 to 99" in page.text


def test_a_late_upload_is_requested_again(app: Flask, admin: PageClient) -> None:
    large, page = png(400, 200, compress_level=0), admin.get(BRAND)
    age_authentication(app)
    page = upload(admin, large, page, status=403)
    assert "choose the file again and submit it" in page.text
    page = admin.submit(page.form("/confirm").fill(password="wrong"), status=422)
    assert "choose the file again and submit it" in page.text
    page = admin.submit(page.form("/confirm").fill(password=PASSWORD), status=200)
    assert "Choose the file again; everything else is still here." in page.text
    assert "It was ours <1>.png." in page.text
    again = page.form("/logo")
    assert again.element.attrib["enctype"] == "multipart/form-data"
    (field,) = [e for e in page.document.all("input") if e.attrib.get("type") == "file"]
    assert field.attrib["name"] == "logo"
    assert services_of(app).brand.logo is None
    upload(admin, large, page)
    assert services_of(app).brand.logo is not None


def test_removing_the_logo_late_needs_no_file(app: Flask, admin: PageClient) -> None:
    upload(admin, png())
    form = admin.get(BRAND).form("/logo")
    age_authentication(app)
    sent = {"csrf_token": form.data["csrf_token"][0], "remove": "y", "logo": (BytesIO(), "")}
    page = admin.post(form.action, sent, status=403, content_type="multipart/form-data")
    page = admin.submit(page.form("/confirm").fill(password=PASSWORD), status=200)
    assert "Submit to save your change" in page.text
    assert "Choose the file" not in page.text
    admin.submit(page.form("/logo"))
    assert services_of(app).brand.logo is None


NO_PICTURES = [
    b"",
    b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    b"\x89PNG\r\n\x1a\n and then nothing",
    png(2001, 1),
]


def test_only_pictures_are_accepted(app: Flask, admin: PageClient) -> None:
    for data in NO_PICTURES:
        assert upload(admin, data, status=422).errors
        assert services_of(app).brand.logo is None
    assert upload(admin, b"", status=422).errors["brand-logo"] == "Choose a picture."


def test_only_the_logo_may_be_larger_than_a_form(app: Flask, admin: PageClient) -> None:
    kind = "multipart/form-data"
    boundary = f"{kind}; boundary=x"
    large = b"x" * (3 * 1024 * 1024)
    page = admin.post(f"{BRAND}/logo", large, status=413, content_type=boundary)
    assert "at most 2 MB. Go back, and choose a smaller one." in page.text
    token = admin.get(BRAND).form(BRAND).data["csrf_token"][0]
    sent = {"csrf_token": token, "logo": (BytesIO(b"x" * 100_000), "logo.png")}
    admin.post(BRAND, sent, status=413, content_type=kind)
    PageClient(app).post(f"{BRAND}/logo", {"logo": (BytesIO(png()), "x.png")}, content_type=kind)
    assert services_of(app).brand.logo is None


def test_a_script_in_a_name_stays_a_name(app: Flask, admin: PageClient) -> None:
    nasty = '"><script>alert(1)</script>'
    save(admin, "brand", brand__name=nasty, brand__phone=nasty)
    assert nasty in admin.get(BRAND).form(BRAND).data["brand-name"]
    assert "<script>alert" not in PageClient(app).get("/").html


class TestFirstDay:
    """What is not set yet is listed above the leads, for admins, until it is set or hidden."""

    STEPS = (
        *("Time zone", "Business hours", "Brand", "Booking link, email or phone", "Email"),
        "A colleague",
    )

    def left(self, admin: PageClient) -> list[str]:
        links = admin.get("/staff/").links
        return [step for step in self.STEPS if step in links]

    def test_each_line_leads_to_its_setting_and_goes_when_it_is_set(
        self, app: Flask, admin: PageClient
    ) -> None:
        page = admin.get("/staff/")
        assert "Not set yet" in page.text
        assert self.left(admin) == list(self.STEPS)
        for step in self.STEPS:
            admin.get(page.link(step).partition("#")[0])
        save(admin, "hours")  # as it is: it was right
        assert self.left(admin) == list(self.STEPS[2:])
        save(admin, "brand", brand__phone="+1 555 0100")
        assert self.left(admin) == list(self.STEPS[4:])
        make_user(app, "ben@example.com")
        assert self.left(admin) == ["Email"]
        assert "Not set yet" not in admin.get("/staff/leads?stage=new").text
        post(admin, "/staff/", "/first-day")
        assert "Not set yet" not in admin.get("/staff/").text

    def test_staff_who_cannot_set_it_do_not_see_it(self, staff: PageClient) -> None:
        assert "Not set yet" not in staff.get("/staff/").text

    def test_the_test_email_says_what_the_server_answered(self, tmp_path: Path) -> None:
        with mail_server() as server:
            app = make_app(tmp_path / "var", **mail_settings(server.port))
            admin = joined(app, ADMIN, admin=True)
            server.on_data = "554 5.7.1 Your address is on a list"
            page = post(admin, "/staff/", "/test-email", status=422)
            assert "554 5.7.1 Your address is on a list" in page.text
            assert "Email" in self.left(admin)
            server.on_data = "250 OK"
            page = admin.submit(page.form("/test-email"), status=200)
            assert f"The mail server accepted an email to {ADMIN}" in page.text
            assert server.recipients[-1] == ADMIN
            assert "Email" not in self.left(admin)
        page = post(admin, "/staff/settings/notifications", "/test-email", status=422)
        assert "couldn’t be reached" in page.text
        services_of(app).database.close()

    def test_without_a_server_the_test_says_what_to_set(self, admin: PageClient) -> None:
        page = post(admin, "/staff/", "/test-email", status=422)
        assert "No mail server is set up." in page.text
        assert "CONSULT_SMTP_URL" in page.text


def test_a_red_line_says_what_owners_would_read(app: Flask, admin: PageClient) -> None:
    says = "Owners would see a placeholder:"
    ben = joined(app, "ben@example.com")
    for client in (admin, ben):
        assert f"{says} “Marketing Maven” as the agency’s name." in client.get("/staff/").text
    save(admin, "brand", brand__consult_url="https://www.example.com/consult")
    assert (
        f"{says} “https://www.example.com/consult” as the booking link." in ben.get("/staff/").text
    )
    save(admin, "brand", brand__consult_url="https://maven.agency/consult")
    assert says not in ben.get("/staff/").text


def test_the_sites_that_may_show_the_check_apply_at_once(app: Flask, admin: PageClient) -> None:
    def policy() -> str:
        return PageClient(app).get("/").headers["Content-Security-Policy"]

    path, typed = "/staff/settings/website", "https://www.Example.com/\r\nhttps://*.日本.jp"
    assert policy().endswith("frame-ancestors 'self'")
    save(admin, "website", embed_origins=typed)
    assert policy().endswith("'self' https://www.example.com https://*.xn--wgv71a.jp")
    shown = admin.get(path).form(path).data["embed_origins"]
    assert shown == ["https://www.example.com\nhttps://*.xn--wgv71a.jp"]
    save(admin, "website")
    assert changes(app) == [("embed_origins", False)], "nothing was changed the second time"
    save(admin, "website", embed_origins="")
    assert policy().endswith("frame-ancestors 'self'")


def test_the_code_to_paste_has_the_address_of_this_site(admin: PageClient, app: Flask) -> None:
    base = services_of(app).settings.base_url
    (code,) = admin.get("/staff/settings/website").document.all("pre")
    assert text_of(code).startswith(f'<script src="{base}/embed.js" async></script>')
    assert element().partition(" data-")[0] in text_of(code), "the one that the tests include"


TRY = "/staff/settings/website/try"


TRIED = [
    ("https://www.example.com/check?a=b", "Yes, that page may show the check"),
    ("eu.shop.example", "https://*.shop.example is on the list"),
    ("example.com", "Not yet: https://example.com isn’t on the list. https://www.example.com is,"),
    ("shop.example", "A star stands for what’s in front of the name"),
    ("http://www.example.com", "No: that page isn’t secure."),
    ("our home page", "That isn’t the address of a page."),
    ('"><script>alert(1)</script>', "That isn’t the address of a page."),
]


def test_a_page_is_tried_by_its_address(admin: PageClient) -> None:
    save(admin, "website", embed_origins="https://www.example.com https://*.shop.example")
    for page, verdict in TRIED:
        tried = admin.get(f"{TRY}?{urlencode({'page': page})}")
        assert verdict in tried.text
        (form,) = [one for one in tried.forms if one.action == TRY]
        assert form.data == {"page": [page]}


def test_a_site_that_is_missing_is_added_with_one_press(
    app: Flask, tmp_path: Path, admin: PageClient
) -> None:
    save(admin, "website", embed_origins="https://www.example.com")
    missing = admin.get(f"{TRY}?page=https://Example.com:444/check")
    admin.submit(missing.form("/settings/website"))
    added = ("https://www.example.com", "https://example.com:444")
    assert services_of(app).settings.embed_origins == added
    fixed = make_app(tmp_path / "fixed", embed_origins="https://a.example")
    page = joined(fixed, ADMIN, admin=True).get(f"{TRY}?page=b.example")
    assert "add https://b.example to CONSULT_EMBED_ORIGINS" in page.text
    assert page.document.all("relay-check")


def test_only_the_page_that_shows_the_check_may_have_a_frame(admin: PageClient) -> None:
    def policy(path: str) -> str:
        return admin.get(path).headers["Content-Security-Policy"]

    assert policy(TRY).endswith("; frame-ancestors 'none'; frame-src 'self'")
    assert "frame-src" not in policy("/staff/settings/website")


@pytest.mark.parametrize(
    ("base_url", "warning"),
    [
        (
            "http://127.0.0.1:8000",
            "The check is at 127.0.0.1:8000, which only this computer can open.",
        ),
        ("http://check.example.com", "The check’s own address, check.example.com, has no https."),
        ("https://check.example.com", ""),
    ],
)
def test_an_address_that_no_website_can_show_is_named(
    tmp_path: Path, base_url: str, warning: str
) -> None:
    app = make_app(tmp_path / "var", base_url=base_url, staff_second_factor="optional")
    page = joined(app, ADMIN, admin=True).get(TRY)
    assert warning in page.text
    assert bool(warning) == any(
        "late" in (one.attrib.get("class") or "") for one in page.document.all("p")
    )


def test_who_gets_new_leads_is_a_setting(app: Flask, admin: PageClient) -> None:
    path = "/staff/settings/new-leads"
    form = admin.get(path).form(path).fill(new_leads_by="source", lead_sources="fair, ben")
    assert "newsletter: ben@example.com" in admin.submit(form, status=422).text
    lines = "Spring fair: Ben@Example.com\n\nnewsletter: ada@example.com"
    unknown = admin.submit(form.fill(lead_sources=lines), status=422)
    assert unknown.errors["lead_sources"] == "No account has the address ben@example.com."
    make_user(app, "ben@example.com")
    admin.submit(form.fill(lead_sources=lines))
    office = services_of(app).settings.office
    assert office.new_leads_by == "source"
    assert office.sources == {"spring fair": "ben@example.com", "newsletter": "ada@example.com"}
    shown = admin.get(path).form(path)
    assert shown.data["lead_sources"] == [
        "Spring fair: Ben@Example.com\nnewsletter: ada@example.com"
    ]
    admin.submit(shown.fill(new_leads_by="turns"))
    assert services_of(app).settings.office.sources == {}

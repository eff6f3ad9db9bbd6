"""The settings pages for admins: what the environment leaves unset can be set here.

Also what Today says of settings that nobody has looked at yet, and whether a website may show the
check.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.notifications import dispatch
from consult.settings.brand import (
    CURRENCY_SIGNS,
    PICTURES,
    READABLE,
    TEXT_PAIRS,
    Brand,
    BrandError,
    Colors,
    contrast,
    logo_as_json,
    logo_from_upload,
)
from consult.settings.embed_origins import permission_of
from consult.settings.setting_types import is_safe_address, is_this_machine
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.settings.settings_form import GROUPS, SettingsForm, store
from consult.storage.db.database import Session
from consult.storage.privacy import retention
from consult.storage.privacy.erasure import Method
from consult.storage.privacy.retention import Expired
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND, SEEN, SettingsProvider
from consult.web.services import services
from consult.web.text import one_line

CONFIRMED = "confirmed"
_LEAD_DAYS, _LEAD_METHOD = "retention_days_leads", "retention_leads"
PREVIEW_TEXT_MAX = 34
AMOUNTS = {code: f"{sign}1,200 to {sign}4,800 a month." for code, sign in CURRENCY_SIGNS.items()}
_LONGEST_ADDRESS = 300
# Hosts that RFC 2606 reserves for documentation: nobody can be there.
_EXAMPLE = re.compile(r"(^|\.)(example|example\.(com|net|org)|invalid|test)$")


@blueprint.get("/settings")
@for_admins
def settings() -> ResponseReturnValue:
    return redirect(url_for(".settings_group", slug="brand"), 303)


@blueprint.get("/settings/<slug>")
@for_admins
@recent_auth_required
def settings_group(slug: str) -> ResponseReturnValue:
    form = _form(slug)
    return _page(form, expiring=_expiring(form))


@blueprint.post("/settings/<slug>")
@for_admins
@recent_auth_required
def save_settings(slug: str) -> ResponseReturnValue:
    """Save the settings of one page, or only preview the brand."""
    form = _form(slug)
    is_valid = form.validate()
    if not is_valid or "preview" in request.form:
        return _page(form), 200 if is_valid else 422
    expiring = _expiring(form)
    if expiring and request.form.get(CONFIRMED) != str(expiring.leads):
        return _page(form, expiring=expiring), 422
    with services().database.writing() as session:
        form.save(session)
        if expiring:
            retention.confirm(session, lead_days=int(_lead_days(form)), by=signed_in_user().id)
        _mark_seen(session, slug)
    services().settings_provider.refresh()
    return redirect(url_for(".settings_group", slug=slug, done="saved"), 303)


@blueprint.post("/settings/test-email")
@for_admins
@recent_auth_required
def send_test_email() -> ResponseReturnValue:
    """Send the admin a test, and say what the mail server answered."""
    made, address = services(), signed_in_user().email
    problem = dispatch.send_test_email(made.settings, made.brand, address, made.database.clock())
    if not problem:
        with made.database.writing() as session:
            _mark_seen(session, "mail")
        made.settings_provider.refresh()
    page = render_template("staff/settings/test_email.html", address=address, problem=problem)
    return page, 422 if problem else 200


@blueprint.post("/settings/first-day")
@for_admins
@recent_auth_required
def hide_first_steps() -> ResponseReturnValue:
    with services().database.writing() as session:
        _mark_seen(session, "first-day")
    services().settings_provider.refresh()
    return redirect(url_for(".today_page"), 303)


def _mark_seen(session: Session, what: str) -> None:
    setting_overrides.set_override(session, SEEN + what, True)


@blueprint.post("/settings/brand/logo")
@for_admins
@recent_auth_required
def save_logo() -> ResponseReturnValue:
    """Store an uploaded logo or portrait, encoded again; or remove the stored one."""
    provider = services().settings_provider
    kind = request.form.get("kind", "logo")
    if kind not in PICTURES or provider.is_fixed(BRAND + kind):
        abort(403)
    upload = request.files.get("logo")
    logo = None
    if "remove" not in request.form:
        try:
            logo = logo_as_json(logo_from_upload(upload.read() if upload else b""))
        except BrandError as error:
            form = _form("brand")
            form.messages = {f"brand-{kind}": str(error)}
            return _page(form), 422
    with services().database.writing() as session:
        store(session, BRAND + kind, logo)
    provider.refresh()
    return redirect(url_for(".settings_group", slug="brand", done="saved"), 303)


def _form(slug: str) -> SettingsForm:
    group = GROUPS.get(slug) or abort(404)
    submitted = request.form if request.method == "POST" else None
    with services().database.reading() as session:
        return SettingsForm(group, session, submitted)


def _expiring(form: SettingsForm) -> Expired | None:
    """The leads that would be deleted tonight, where an admin has to confirm that.

    That is where the values in the form let more expire than those in effect, or unusually many.
    """
    if form.group.slug != "retention" or form.messages:
        return None
    days, method = form.values[_LEAD_DAYS], form.values[_LEAD_METHOD]
    with services().database.reading() as session:
        now = _count_expired(session, days, method)
        then = _count_expired(session, _lead_days(form), form.value_of(_LEAD_METHOD))
    return then if then.leads > now.leads or then.is_unusual else None


def _count_expired(session: Session, days: str, method: str) -> Expired:
    return retention.count_expired(session, lead_days=int(days), method=cast(Method, method))


def _lead_days(form: SettingsForm) -> str:
    return form.value_of(_LEAD_DAYS) or form.defaults[_LEAD_DAYS]


def _page(form: SettingsForm, expiring: Expired | None = None) -> str:
    return render_template(
        "staff/settings/settings_group.html",
        group=form.group,
        form=form,
        errors=form.messages,
        preview=_preview(form) if form.group.slug == "brand" else None,
        is_fixed=services().settings_provider.is_fixed,
        base_url=services().settings.base_url,
        expiring=expiring,
        lead_days=_lead_days(form) if expiring else "",
        deletes=expiring and form.value_of(_LEAD_METHOD) == "delete",
    )


def _preview(form: SettingsForm) -> Mapping[str, Any]:
    """The brand in the form, for `brand_preview.html`; an invalid color is shown as the default.

    `defaults` are the texts that are shown while their fields are empty.
    """
    texts = ("name", "product", "consult_url", "email", "phone")
    defaults = {key: _short(form.defaults[f"brand.{key}"]) for key in texts}
    colors = {}
    for key in ("ink", "paper", "marketing", "sales", "exchange"):
        value = form.value_of(f"{BRAND}colours.{key}")
        is_valid = re.fullmatch(r"#[0-9a-fA-F]{6}", value)
        colors[key] = value if is_valid else str(getattr(Colors(), key))
    currency = form.value_of("brand.currency")
    return {
        "texts": {key: _short(form.value_of(f"brand.{key}")) or defaults[key] for key in texts},
        "defaults": defaults,
        "colors": colors,
        "ratios": {
            (text, background): contrast(colors[text], colors[background])
            for text, background in TEXT_PAIRS.values()
        },
        "readable": READABLE,
        "longest": PREVIEW_TEXT_MAX,
        "currency": currency if currency in AMOUNTS else form.defaults["brand.currency"],
        "paper": form.value_of("paper"),
        "amounts": AMOUNTS,
    }


def _short(text: str) -> str:
    """A text cut to the available space; a URL without its scheme."""
    text = re.sub(r"^https?://", "", text)
    return text if len(text) <= PREVIEW_TEXT_MAX else f"{text[: PREVIEW_TEXT_MAX - 1]}…"


# --- A website that shows the check ---------------------------------------------------------------


@blueprint.get("/settings/website/try")
@for_admins
def try_website() -> str:
    """Compare the address of a page with the list of sites; nothing is fetched from it."""
    provider = services().settings_provider
    sites, base_url = provider.settings.embed_origins, provider.settings.base_url
    page = one_line(request.args.get("page"))[:_LONGEST_ADDRESS]
    return render_template(
        "staff/settings/try_website.html",
        page=page,
        permission=permission_of(page, sites) if page else None,
        sites=sites,
        is_fixed=provider.is_fixed("embed_origins"),
        host=urlsplit(base_url).netloc,
        is_local=is_this_machine(base_url),
        is_safe=is_safe_address(base_url),
    )


# --- What is not set yet --------------------------------------------------------------------------


class FirstStep(NamedTuple):
    """Something to set before owners come; `page` and `part` are where."""

    name: str
    says: str
    page: str
    part: str = ""


def first_steps(provider: SettingsProvider, *, has_colleague: bool) -> Iterator[FirstStep]:
    """What is not set yet; an admin who saved a page as it was has said that it is right."""
    settings, brand, seen = provider.settings, provider.brand, provider.overridden

    def is_set(page: str, name: str) -> bool:
        return SEEN + page in seen or provider.is_fixed(name) or name in seen

    if not is_set("hours", "time_zone"):
        yield FirstStep(
            "Time zone", f"All times are in {settings.time_zone}.", "hours", "time_zone"
        )
    if not is_set("hours", "business_hours"):
        says = "The reply timer runs only while you’re open."
        yield FirstStep("Business hours", says, "hours", "business_hours")
    if not is_set("brand", "brand.name"):
        yield FirstStep("Brand", f"Owners read that this is from {brand.name}.", "brand")
    if not (brand.consult_url or brand.email or brand.phone):
        says = "Reports don’t say how to reach you."
        yield FirstStep("Booking link, email or phone", says, "brand", "brand-consult_url")
    if settings.smtp_url is None or SEEN + "mail" not in seen:
        says = "Send yourself a test to make sure owners get their reports."
        yield FirstStep("Email", says, "email")
    if not has_colleague:
        yield FirstStep("A colleague", "No one can take over when you’re away.", "people")


def placeholders(provider: SettingsProvider) -> list[str]:
    """What an owner would see that is only a placeholder, each in words."""
    brand, default, seen = provider.brand, Brand(), provider.overridden
    hosts = {
        f"“{brand.consult_url}” as the booking link": urlsplit(brand.consult_url).hostname or "",
        f"“{brand.email}” as the email address": brand.email.rpartition("@")[2],
    }
    found = [text for text, host in hosts.items() if _EXAMPLE.search(host)]
    if brand.name == default.name and not (
        provider.is_fixed("brand.name") or seen & {"brand.name", SEEN + "brand"}
    ):
        found.insert(0, f"“{brand.name}” as the agency’s name")
    if provider.settings.smtp_url and provider.settings.mail_from.endswith("@localhost>"):
        found.append(f"“{provider.settings.mail_from}” as the sender of emails")
    return found

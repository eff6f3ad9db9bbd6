"""The settings pages for admins: what the environment leaves unset can be set here."""

import re
from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.settings.brand import (
    CURRENCY_SIGNS,
    READABLE,
    TEXT_PAIRS,
    BrandError,
    Colours,
    contrast,
    logo_as_json,
)
from consult.settings.logo import logo_from_upload
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.settings.settings_form import SettingsForm
from consult.staff.settings.settings_groups import BRAND, GROUPS
from consult.storage.audit import audit_log
from consult.storage.settings import setting_overrides
from consult.web.services import services

LOGO = "brand.logo"
PREVIEW_TEXT_MAX = 34
AMOUNTS = {code: f"{sign}1,200 to {sign}4,800 a month." for code, sign in CURRENCY_SIGNS.items()}


@blueprint.get("/settings")
@for_admins
def settings() -> ResponseReturnValue:
    return redirect(url_for(".settings_group", slug=BRAND.slug), 303)


@blueprint.get("/settings/<slug>")
@for_admins
@recent_auth_required
def settings_group(slug: str) -> ResponseReturnValue:
    return _page(_form(slug))


@blueprint.post("/settings/<slug>")
@for_admins
@recent_auth_required
def save_settings(slug: str) -> ResponseReturnValue:
    """Save the settings of one page, or only preview the brand."""
    form = _form(slug)
    is_valid = form.validate()
    if not is_valid or "preview" in request.form:
        return _page(form), 200 if is_valid else 422
    with services().database.writing() as session:
        form.save(session, signed_in_user().id)
    services().settings_provider.refresh()
    return redirect(url_for(".settings_group", slug=slug, done="saved"), 303)


@blueprint.post("/settings/brand/logo")
@for_admins
@recent_auth_required
def save_logo() -> ResponseReturnValue:
    """Store an uploaded logo, encoded again; or remove the stored one."""
    provider = services().settings_provider
    if provider.is_fixed(LOGO):
        abort(403)
    upload = request.files.get("logo")
    logo = None
    if "remove" not in request.form:
        try:
            logo = logo_as_json(logo_from_upload(upload.read() if upload else b""))
        except BrandError as error:
            return _page(_form(BRAND.slug), str(error)), 422
    by = signed_in_user().id
    with services().database.writing() as session:
        if logo is None:
            setting_overrides.delete_override(session, LOGO)
        else:
            setting_overrides.set_override(session, LOGO, logo, by)
        audit_log.record(session, "setting.changed", by=by, setting=LOGO, back=logo is None)
    provider.refresh()
    return redirect(url_for(".settings_group", slug=BRAND.slug, done="saved"), 303)


def _form(slug: str) -> SettingsForm:
    group = GROUPS.get(slug) or abort(404)
    submitted = request.form if request.method == "POST" else None
    with services().database.reading() as session:
        return SettingsForm(group, services().settings_provider, session, submitted)


def _page(form: SettingsForm, logo_error: str = "") -> str:
    return render_template(
        "staff/settings/settings_group.html",
        group=form.group,
        form=form,
        errors=form.messages | ({"brand-logo": logo_error} if logo_error else {}),
        preview=_preview(form) if form.group is BRAND else None,
        logo_is_fixed=services().settings_provider.is_fixed(LOGO),
        done=request.args.get("done"),
    )


def _preview(form: SettingsForm) -> Mapping[str, Any]:
    """The brand in the form, for `brand_preview.html`; an invalid color is shown as the default.

    `defaults` are the texts that are shown while their fields are empty.
    """
    texts = ("name", "product", "consult_url", "email", "phone")
    defaults = {key: _short(form.defaults[f"brand.{key}"]) for key in texts}
    colours = {}
    for key in ("ink", "paper", "marketing", "sales", "exchange"):
        value = form.value_of(f"brand.colours.{key}")
        is_valid = re.fullmatch(r"#[0-9a-fA-F]{6}", value)
        colours[key] = value if is_valid else str(getattr(Colours(), key))
    currency = form.value_of("brand.currency")
    return {
        "texts": {key: _short(form.value_of(f"brand.{key}")) or defaults[key] for key in texts},
        "defaults": defaults,
        "colours": colours,
        "ratios": {
            (text, background): contrast(colours[text], colours[background])
            for text, background in TEXT_PAIRS.values()
        },
        "readable": READABLE,
        "currency": currency if currency in AMOUNTS else form.defaults["brand.currency"],
        "paper": form.value_of("paper"),
        "amounts": AMOUNTS,
    }


def _short(text: str) -> str:
    """A text cut to the available space; a URL without its scheme."""
    text = re.sub(r"^https?://", "", text)
    return text if len(text) <= PREVIEW_TEXT_MAX else f"{text[: PREVIEW_TEXT_MAX - 1]}…"

"""Settings, for admins: what the environment leaves open is chosen here."""

from collections.abc import Mapping

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.settings.brand import BrandError, logo_as_json
from consult.settings.logo import logo_from_upload
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import blueprint, for_admins
from consult.staff.settings import settings_form
from consult.staff.settings.brand_preview import preview_of
from consult.staff.settings.settings_groups import BRAND, GROUPS, Group
from consult.storage.audit import audit_log
from consult.storage.settings import setting_overrides
from consult.web.services import services

LOGO = "brand.logo"


@blueprint.get("/settings")
@for_admins
def settings() -> ResponseReturnValue:
    """Lead to the first page of the settings."""
    return redirect(url_for(".settings_group", slug=BRAND.slug), 303)


@blueprint.get("/settings/<slug>")
@for_admins
@recent_auth_required
def settings_group(slug: str) -> ResponseReturnValue:
    """Show the settings of one page, and what decides on each."""
    return _page(GROUPS.get(slug) or abort(404), {}, {})


@blueprint.post("/settings/<slug>")
@for_admins
@recent_auth_required
def keep_settings(slug: str) -> ResponseReturnValue:
    """Keep what was chosen on one page, or only show how the brand would look."""
    group, known = GROUPS.get(slug) or abort(404), services().settings_provider
    posted, database = request.form.to_dict(), services().database
    with database.reading() as session:
        stored = setting_overrides.all_overrides(session)
        fields = settings_form.fields_of(group, known, session)
    typed = settings_form.typed_into(fields, posted)
    errors = {
        **settings_form.problems(known, stored, typed),
        **settings_form.unreadable(fields, posted),
    }
    if errors or "preview" in posted:
        return _page(group, posted, errors), 422 if errors else 200
    with database.writing() as session:
        settings_form.keep(session, stored, typed, signed_in_user().id)
    known.refresh()
    return redirect(url_for(".settings_group", slug=slug, done="kept"), 303)


@blueprint.post("/settings/brand/logo")
@for_admins
@recent_auth_required
def keep_logo() -> ResponseReturnValue:
    """Keep a picture as the logo, written anew; or go back to the one from before."""
    known = services().settings_provider
    if known.is_fixed(LOGO):
        abort(403)
    sent = request.files.get("logo")
    stored = None
    if "remove" not in request.form:
        try:
            stored = logo_as_json(logo_from_upload(sent.read() if sent else b""))
        except BrandError as fault:
            return _page(BRAND, {}, {LOGO: str(fault)}), 422
    with services().database.writing() as session:
        if stored is None:
            setting_overrides.delete_override(session, LOGO)
        else:
            setting_overrides.set_override(session, LOGO, stored, signed_in_user().id)
        audit_log.record(
            session, "setting.changed", by=signed_in_user().id, setting=LOGO, back=stored is None
        )
    known.refresh()
    return redirect(url_for(".settings_group", slug=BRAND.slug, done="kept"), 303)


def _page(group: Group, posted: Mapping[str, str], errors: Mapping[str, str]) -> str:
    known = services().settings_provider
    with services().database.reading() as session:
        fields = settings_form.fields_of(group, known, session)
    shown = settings_form.with_typed(fields, posted, errors)
    return render_template(
        "staff/settings/settings_group.html",
        group=group,
        fields=shown,
        errors={name.replace(".", "-"): error for name, error in errors.items()},
        preview=preview_of(shown) if group is BRAND else None,
        logo_is_fixed=known.is_fixed(LOGO),
        done=request.args.get("done"),
    )

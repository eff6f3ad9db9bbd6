"""The settings pages for admins: what the environment leaves unset can be set here."""

import functools
import re
from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import available_timezones

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.form import BaseForm

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
from consult.settings.schema import Settings
from consult.settings.server_settings import PREFIX
from consult.settings.setting_sources import override_errors
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import blueprint, first_errors, for_admins
from consult.staff.settings.settings_fields import (
    BRAND_GROUP,
    GROUPS,
    DaysField,
    Group,
    Kind,
    LinesField,
    OptionField,
    Setting,
    SitesField,
    WeekField,
)
from consult.storage.accounts import accounts
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.privacy import retention
from consult.storage.privacy.erasure import Method
from consult.storage.privacy.retention import Expired
from consult.storage.settings import setting_overrides
from consult.storage.settings.setting_overrides import BRAND, SEEN
from consult.web.services import services
from consult.web.text import one_line

_FIELDS: Mapping[Kind, Any] = {
    "week": WeekField,
    "days": DaysField,
    "sites": SitesField,
    "lines": LinesField,
}
CONFIRMED = "confirmed"
_LEAD_DAYS, _LEAD_METHOD = "retention_days_leads", "retention_leads"
PREVIEW_TEXT_MAX = 34
AMOUNTS = {code: f"{sign}1,200 to {sign}4,800 a month." for code, sign in CURRENCY_SIGNS.items()}


class SettingsForm(BaseForm):
    """A field for each setting of a group that is not fixed, with its value or what was submitted.

    `values` are those in effect, as text, by name; `defaults` those without any override.
    `validate` fills `messages` with what is wrong, by id of the field.
    """

    def __init__(
        self, group: Group, session: Session, submitted: MultiDict[str, str] | None = None
    ) -> None:
        self.group = group
        self._provider = provider = services().settings_provider
        self._stored = setting_overrides.all_overrides(session)
        self.values = _values(group, provider.settings, provider.brand)
        self.defaults = _values(group, provider.base, provider.base_brand)
        self.messages: dict[str, str] = {}
        changeable = [s for s in group.settings if not provider.is_fixed(s.name)]
        super().__init__(
            {setting.field: self._new_field(setting, session) for setting in changeable}
        )
        self.process(submitted, data={s.field: self.values[s.name] for s in group.settings})

    def value_of(self, name: str) -> str:
        field = self._fields.get(name.replace(".", "-"))
        return self.values[name] if field is None else str(field.data)

    def fixed_by(self, setting: Setting) -> str:
        """The key of the brand file or the environment variable that sets a fixed value."""
        if setting.name.startswith(BRAND):
            return f"the brand file ({setting.name.removeprefix(BRAND)})"
        return PREFIX + setting.name.upper()

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether all values are valid, on their own and together with the other overrides."""
        super().validate(extra_validators)
        changes = self._changes()
        after = {n: v for n, v in {**self._stored, **changes}.items() if v is not None}
        own = {n: v for n, v in after.items() if n in changes and not n.startswith(BRAND)}
        found = dict(override_errors(self._provider.base, own))
        try:
            self._provider.brand_with(after)
        except BrandError as error:
            for key, message in error.errors.items():
                found[BRAND + key] = f"{message[:1].upper()}{message[1:]}."
        self.messages = {name.replace(".", "-"): message for name, message in found.items()}
        self.messages |= first_errors(self)
        return not self.messages

    def save(self, session: Session) -> None:
        for name, value in self._changes().items():
            if value != self._stored.get(name):
                _store(session, name, value)

    def _changes(self) -> dict[str, str | None]:
        """The value of each valid field, by name of its setting; None for the default."""
        return {
            setting.name: None if field.data in ("", self.defaults[setting.name]) else field.data
            for setting in self.group.settings
            if (field := self._fields.get(setting.field)) and not field.errors
        }

    def _new_field(self, setting: Setting, session: Session) -> Any:
        value, default = self.values[setting.name], self.defaults[setting.name]
        schema = Settings.model_fields.get(setting.name)
        hint = setting.hint or (schema and schema.description) or ""
        if field := _FIELDS.get(setting.kind):
            return field(setting.label, description=hint)
        if setting.kind in ("choice", "zone", "person"):
            options = _options(setting, value, session)
            return OptionField(setting.label, options=options, description=hint)
        if setting.kind in ("text", "number") and default:
            hint = f"{hint} Default: {default}.".strip()
        return StringField(setting.label, filters=[one_line], description=hint)


def _values(group: Group, settings: Settings, brand: Brand) -> Mapping[str, str]:
    return {setting.name: _value(setting.name, settings, brand) for setting in group.settings}


def _value(name: str, settings: Settings, brand: Brand) -> str:
    if name.startswith(BRAND):
        return str(functools.reduce(getattr, name.removeprefix(BRAND).split("."), brand))
    value = getattr(settings, name)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _options(setting: Setting, value: str, session: Session) -> list[tuple[str, str]]:
    if setting.kind == "zone":
        return [(zone, zone) for zone in sorted({"UTC", value, *_zones()})]
    if setting.kind == "person":
        people = [user for user in accounts.all_users(session) if user.active]
        options = [("", "The first admin")]
        options += [(user.email, f"{user.name} ({user.email})") for user in people]
        return options if value in dict(options) else [*options, (value, value)]
    return list(setting.options.items())


@functools.cache
def _zones() -> frozenset[str]:
    """The time zones that the system knows; finding them means reading hundreds of files."""
    return frozenset(available_timezones())


def _store(session: Session, name: str, value: object) -> None:
    """Store an override, with an entry in the audit log; None for the default."""
    by = signed_in_user().id
    if value is None:
        setting_overrides.delete_override(session, name)
    else:
        setting_overrides.set_override(session, name, value, by)
    audit_log.record(session, "setting.changed", by=by, setting=name, back=value is None)


@blueprint.get("/settings")
@for_admins
def settings() -> ResponseReturnValue:
    return redirect(url_for(".settings_group", slug=BRAND_GROUP.slug), 303)


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
    setting_overrides.set_override(session, SEEN + what, True, signed_in_user().id)


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
            form = _form(BRAND_GROUP.slug)
            form.messages = {f"brand-{kind}": str(error)}
            return _page(form), 422
    with services().database.writing() as session:
        _store(session, BRAND + kind, logo)
    provider.refresh()
    return redirect(url_for(".settings_group", slug=BRAND_GROUP.slug, done="saved"), 303)


def _form(slug: str) -> SettingsForm:
    group = GROUPS.get(slug) or abort(404)
    submitted = request.form if request.method == "POST" else None
    with services().database.reading() as session:
        return SettingsForm(group, session, submitted)


def _expiring(form: SettingsForm) -> Expired | None:
    """The leads that would be deleted tonight, where an admin has to confirm that.

    That is where the values in the form let more expire than those in effect, or unusually many.
    """
    if form.group is not GROUPS["retention"] or form.messages:
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
        preview=_preview(form) if form.group is BRAND_GROUP else None,
        is_fixed=services().settings_provider.is_fixed,
        base_url=services().settings.base_url,
        done=request.args.get("done"),
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

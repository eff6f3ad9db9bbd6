"""Webhooks, for admins: the endpoints, their secrets, and the log of messages and attempts."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.crypto import new_salt
from consult.delivery.webhooks.webhook_delivery import (
    derive_secret,
    hash_secret,
    masked_url,
)
from consult.delivery.webhooks.webhook_facts import webhook_id
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins
from consult.staff.notifications.notification_pages import delivery_view, host_of
from consult.staff.webhooks.webhook_form import (
    KIND_CHOICES,
    KIND_NAMES,
    MORE_FIELDS,
    WebhookForm,
)
from consult.storage import deliveries
from consult.storage.audit import audit_log
from consult.storage.audit.audit_log import Fact
from consult.storage.db.database import Session
from consult.storage.tables.delivery_tables import EndpointRow
from consult.storage.webhooks import endpoints
from consult.web.services import secret_key, services
from consult.web.text import parse_id
from consult.workflow.notification_types import SIGNED_KINDS, TYPE_INFO, WEBHOOK_EVENTS

_ALL = "/settings/webhooks"
_ONE = f"{_ALL}/<{ID}:endpoint_id>"
LOG_PAGE = 50
_DISABLED: Mapping[str | None, str] = {
    "manual": "Disabled",
    "failing": "Disabled: failed for five days",
    "gone": "Disabled: returned 410 Gone",
}


@blueprint.get(_ALL)
@for_admins
def webhook_list() -> ResponseReturnValue:
    """Show the endpoints, that of the environment first, each with its last message."""
    with services().database.reading() as session:
        last = deliveries.newest_webhooks(session)
        rows = [
            (endpoint, delivery_view(last[endpoint.id]) if endpoint.id in last else None)
            for endpoint in endpoints.all_endpoints(session)
            # Otherwise the environment no longer sets it.
            if not endpoint.from_environment or endpoint.disabled_reason != "manual"
        ]
    return _render(
        "staff/webhooks/webhooks.html",
        rows=rows,
        zone=services().settings.time_zone,
    )


@blueprint.route(f"{_ALL}/new", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def new_webhook() -> ResponseReturnValue:
    """Add an endpoint, and show its secret this once if it has any use for it."""
    if request.method != "POST":
        return _form_page(WebhookForm.of(None))
    form = WebhookForm(request.form)
    if not form.validate():
        return _form_page(form), 422
    salt = form.salt.data or ""
    secret = derive_secret(secret_key(), salt)
    with services().database.writing() as session:
        same = [each for each in endpoints.all_endpoints(session) if each.salt == salt]
        if same:  # the same form once more
            endpoint_id = same[0].id
        else:
            endpoint_id = endpoints.add(
                session,
                form.url.data,
                form.chosen_events,
                kind=form.chosen_kind,
                field_map=form.field_map,
                includes_contact=form.with_contact,
                salt=salt,
                secret_hash=hash_secret(secret),
            )
            facts: dict[str, Fact] = {"contact": form.with_contact, "webhook": form.chosen_kind}
            _record(session, "webhook.added", endpoint_id, **facts)
    if form.chosen_kind not in SIGNED_KINDS:
        return redirect(url_for(".webhook", endpoint_id=endpoint_id, done="added"), 303)
    return _secret_page(endpoint_id, secret), 201


@blueprint.get(_ONE)
@for_admins
def webhook(endpoint_id: int) -> ResponseReturnValue:
    page = _log_page()
    with services().database.reading() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        found = deliveries.for_endpoint(
            session, endpoint_id, LOG_PAGE + 1, before=page.get("before"), failed="show" in page
        )
        now = session.now()
    log = found[:LOG_PAGE]
    return _render(
        "staff/webhooks/webhook.html",
        endpoint=endpoint,
        now=now,
        log=[(delivery_view(delivery), webhook_id(delivery)) for delivery in log],
        parse_time=datetime.fromisoformat,
        indented=_indented,
        page=page,
        older={**page, "before": log[-1].id} if len(found) > LOG_PAGE else None,
        zone=services().settings.time_zone,
        salt=new_salt(),
    )


@blueprint.route(f"{_ONE}/change", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def change_webhook(endpoint_id: int) -> ResponseReturnValue:
    with services().database.reading() as session:
        endpoint = _changeable(session, endpoint_id)
    if request.method != "POST":
        return _form_page(WebhookForm.of(endpoint), endpoint)
    form = WebhookForm(request.form)
    if not form.validate():
        return _form_page(form, endpoint), 422
    with services().database.writing() as session:
        _changeable(session, endpoint_id)
        endpoints.change(
            session,
            endpoint_id,
            form.url.data,
            form.chosen_events,
            kind=form.chosen_kind,
            field_map=form.field_map,
            includes_contact=form.with_contact,
        )
        facts: dict[str, Fact] = {"contact": form.with_contact, "webhook": form.chosen_kind}
        _record(session, "webhook.changed", endpoint_id, **facts)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id, done="changed"), 303)


@blueprint.post(f"{_ONE}/secret")
@for_admins
@recent_auth_required
def new_webhook_secret(endpoint_id: int) -> ResponseReturnValue:
    """Create a new secret and show it this once; the previous one signs as well for a day."""
    salt = WebhookForm(request.form).salt.data or ""
    secret = derive_secret(secret_key(), salt)
    with services().database.writing() as session:
        endpoint = _changeable(session, endpoint_id)
        if endpoint.salt != salt:  # not the same form once more
            endpoints.rotate_secret(session, endpoint_id, salt, hash_secret(secret))
            _record(session, "webhook.secret_renewed", endpoint_id)
    return _secret_page(endpoint_id, secret)


@blueprint.post(f"{_ONE}/test")
@for_admins
def test_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Send a message that is about no lead."""
    with services().database.writing() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        if endpoint.active:
            deliveries.enqueue_webhook(session, endpoint_id)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id, done="test"), 303)


@blueprint.post(f"{_ONE}/switch")
@for_admins
@recent_auth_required
def switch_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Disable an endpoint, or enable it again and reset its failures."""
    on = request.form.get("to") == "on"
    with services().database.writing() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        if endpoint.active != on and (on or not endpoint.from_environment):
            endpoints.set_disabled(endpoint, None if on else "manual")
            _record(session, "webhook.switched_on" if on else "webhook.switched_off", endpoint_id)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id), 303)


@blueprint.post(f"{_ONE}/delete")
@for_admins
@recent_auth_required
def delete_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Delete an endpoint with its log; pending messages to it are not sent."""
    with services().database.writing() as session:
        session.delete(_changeable(session, endpoint_id))
        _record(session, "webhook.deleted", endpoint_id)
    return redirect(url_for(".webhook_list", done="deleted"), 303)


@blueprint.post(f"{_ONE}/messages/<{ID}:message_id>/again")
@for_admins
def resend_webhook(endpoint_id: int, message_id: int) -> ResponseReturnValue:
    """Send a message once more, under the id by which its receiver recognizes a repeat."""
    with services().database.writing() as session:
        delivery = deliveries.get(session, message_id)
        if (
            delivery is None
            or delivery.recipient != "webhook"
            or delivery.endpoint_id != endpoint_id
        ):
            abort(404)
        deliveries.resend_webhook(session, message_id)
    back = url_for(".webhook", endpoint_id=endpoint_id, **_log_page(), done="again")
    return redirect(back, 303)


def _log_page() -> dict[str, Any]:
    """Which part of a log is requested: `show` is "failed", `before` a message's id."""
    page: dict[str, Any] = {}
    if request.args.get("show") == "failed":
        page["show"] = "failed"
    before = request.args.get("before", type=parse_id)
    if before:
        page["before"] = before
    return page


def _changeable(session: Session, endpoint_id: int) -> EndpointRow:
    """An endpoint that the environment does not set; 404 for any other."""
    endpoint = endpoints.by_id(session, endpoint_id)
    if endpoint is None or endpoint.from_environment:
        abort(404)
    return endpoint


def _record(session: Session, action: str, endpoint_id: int, **facts: Fact) -> None:
    by = signed_in_user().id
    audit_log.record(session, action, by=by, lead_id=None, endpoint_id=endpoint_id, **facts)


def _form_page(form: WebhookForm, endpoint: EndpointRow | None = None) -> str:
    return _render(
        "staff/webhooks/webhook_form.html",
        form=form,
        errors=first_errors(form),
        events=[(kind, TYPE_INFO[kind]) for kind in WEBHOOK_EVENTS],
        endpoint_id=endpoint.id if endpoint else None,
        kinds=KIND_CHOICES if endpoint is None else KIND_CHOICES[1:],
        more_choices=MORE_FIELDS.items(),
    )


def _secret_page(endpoint_id: int, secret: str) -> str:
    with services().database.reading() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        now = session.now()
    return _render("staff/webhooks/webhook_secret.html", endpoint=endpoint, now=now, secret=secret)


def _render(template: str, **values: Any) -> str:
    """Render a page about webhooks, with what it needs to describe an endpoint."""
    return render_template(
        template,
        host_of=host_of,
        masked_url=masked_url,
        events_of=_event_names,
        kind_names=KIND_NAMES,
        signed_kinds=SIGNED_KINDS,
        disabled=_DISABLED,
        **values,
    )


def _indented(sent: str) -> str:
    return json.dumps(json.loads(sent), indent=2, ensure_ascii=False)


def _event_names(endpoint: EndpointRow) -> str:
    if set(endpoint.events) == set(WEBHOOK_EVENTS):
        return "All"
    return ", ".join(info.name for kind, info in TYPE_INFO.items() if kind in endpoint.events)

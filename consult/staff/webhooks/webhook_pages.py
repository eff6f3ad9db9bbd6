"""Webhooks, for admins: which addresses are told, with which secret, and what came of each try."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consult.delivery.webhooks import signing
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, for_admins
from consult.staff.times import agency_time
from consult.staff.webhooks import webhook_presenter
from consult.staff.webhooks.webhook_form import WebhookForm, read_form
from consult.storage.audit import audit_log
from consult.storage.db.database import Session
from consult.storage.webhooks import endpoints, webhooks
from consult.storage.webhooks.endpoints import Endpoint
from consult.web.services import services
from consult.web.text import parse_id
from consult.workflow.notification_types import NEWS, WEBHOOK_KINDS

_ALL = "/settings/webhooks"
_ONE = f"{_ALL}/<{ID}:endpoint_id>"
LOG_PAGE = 50


@blueprint.get(_ALL)
@for_admins
def webhook_list() -> ResponseReturnValue:
    """Show the addresses that are told, that of the environment first."""
    _keep_fixed()
    with services().database.reading() as session:
        found = endpoints.every(session)
        last = {each.id: webhooks.log_of(session, each.id, limit=1) for each in found}
        now = agency_time(session.now())
    rows = [
        (
            webhook_presenter.endpoint_view(each, now),
            webhook_presenter.message_view(last[each.id][0], now) if last[each.id] else None,
        )
        for each in found
        if not _is_former(each)
    ]
    return render_template(
        "staff/webhooks/webhooks.html",
        rows=rows,
        zone=services().settings.time_zone,
        done=request.args.get("done"),
    )


@blueprint.route(f"{_ALL}/new", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def new_webhook() -> ResponseReturnValue:
    """Take a new address, and show its secret this once."""
    form = _posted_form() if request.method == "POST" else WebhookForm()
    if request.method == "GET" or form.errors:
        return _form_page(form), 422 if form.errors else 200
    secret = signing.secret_of(services().settings.signing_key(), form.salt)
    with services().database.writing() as session:
        same = [each for each in endpoints.every(session) if each.salt == form.salt]
        if same:  # the same form once more
            endpoint_id = same[0].id
        else:
            endpoint_id = endpoints.add(
                session,
                form.address,
                form.kinds,
                with_contact=form.with_contact,
                salt=form.salt,
                secret_check=signing.check_of(secret),
                by=signed_in_user().id,
            )
            _record(session, "webhook.added", endpoint_id, contact=form.with_contact)
    return _secret_page(endpoint_id, secret), 201


@blueprint.get(_ONE)
@for_admins
def webhook(endpoint_id: int) -> ResponseReturnValue:
    """Show one address, with a page of its log."""
    place = _place_in_log()
    with services().database.reading() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        found = webhooks.log_of(
            session,
            endpoint_id,
            limit=LOG_PAGE + 1,
            before=place.get("before"),
            failed="show" in place,
        )
        now = agency_time(session.now())
    log, more = found[:LOG_PAGE], len(found) > LOG_PAGE
    return render_template(
        "staff/webhooks/webhook.html",
        endpoint=webhook_presenter.endpoint_view(endpoint, now),
        log=[webhook_presenter.message_view(logged, now) for logged in log],
        place=place,
        older={**place, "before": log[-1].message.id} if more else None,
        zone=services().settings.time_zone,
        salt=signing.new_salt(),
        done=request.args.get("done"),
    )


@blueprint.route(f"{_ONE}/change", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def change_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Change where messages go, what they are about, and whether they name people."""
    with services().database.reading() as session:
        endpoint = _changeable(session, endpoint_id)
    form = WebhookForm(endpoint.address, endpoint.kinds, endpoint.with_contact)
    if request.method == "POST":
        form = _posted_form()
    if request.method == "GET" or form.errors:
        return _form_page(form, endpoint), 422 if form.errors else 200
    with services().database.writing() as session:
        _changeable(session, endpoint_id)
        endpoints.change(
            session, endpoint_id, form.address, form.kinds, with_contact=form.with_contact
        )
        _record(session, "webhook.changed", endpoint_id, contact=form.with_contact)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id, done="changed"), 303)


@blueprint.post(f"{_ONE}/secret")
@for_admins
@recent_auth_required
def new_webhook_secret(endpoint_id: int) -> ResponseReturnValue:
    """Make a new secret and show it this once; the one before signs as well for a day."""
    salt = _posted_form().salt
    secret = signing.secret_of(services().settings.signing_key(), salt)
    with services().database.writing() as session:
        endpoint = _changeable(session, endpoint_id)
        if endpoint.salt != salt:  # not the same form once more
            endpoints.rotate(session, endpoint_id, salt, signing.check_of(secret))
            _record(session, "webhook.secret_renewed", endpoint_id)
    return _secret_page(endpoint_id, secret)


@blueprint.post(f"{_ONE}/test")
@for_admins
def test_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Send a message that is about nobody."""
    with services().database.writing() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        if endpoint.active:
            webhooks.plan(session, endpoint_id)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id, done="test"), 303)


@blueprint.post(f"{_ONE}/switch")
@for_admins
@recent_auth_required
def switch_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Switch an address off, or on again with its past forgiven."""
    on = request.form.get("to") == "on"
    with services().database.writing() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        if endpoint.active != on and (on or not endpoint.fixed):
            endpoints.switch(session, endpoint_id, None if on else "by_hand")
            _record(session, "webhook.switched_on" if on else "webhook.switched_off", endpoint_id)
    return redirect(url_for(".webhook", endpoint_id=endpoint_id), 303)


@blueprint.post(f"{_ONE}/delete")
@for_admins
@recent_auth_required
def delete_webhook(endpoint_id: int) -> ResponseReturnValue:
    """Delete an address with its log."""
    with services().database.writing() as session:
        _changeable(session, endpoint_id)
        endpoints.remove(session, endpoint_id)
        _record(session, "webhook.deleted", endpoint_id)
    return redirect(url_for(".webhook_list", done="deleted"), 303)


@blueprint.post(f"{_ONE}/messages/<{ID}:message_id>/again")
@for_admins
def send_webhook_again(endpoint_id: int, message_id: int) -> ResponseReturnValue:
    """Send a message once more, under the id by which its receiver can tell a repeat."""
    with services().database.writing() as session:
        message = webhooks.message(session, message_id)
        if message is None or message.endpoint_id != endpoint_id:
            abort(404)
        webhooks.send_again(session, message_id)
    back = url_for(".webhook", endpoint_id=endpoint_id, **_place_in_log(), done="again")
    return redirect(back, 303)


def _place_in_log() -> dict[str, Any]:
    """Which part of a log an address asks for: `show` is "failed", `before` a message's number."""
    place: dict[str, Any] = {}
    if request.args.get("show") == "failed":
        place["show"] = "failed"
    before = request.args.get("before", type=parse_id)
    if before:
        place["before"] = before
    return place


def _posted_form() -> WebhookForm:
    return read_form(request.form, loopback=services().settings.webhook_loopback)


def _changeable(session: Session, endpoint_id: int) -> Endpoint:
    """An endpoint that the environment does not hold; 404 for any other."""
    endpoint = endpoints.by_id(session, endpoint_id)
    if endpoint is None or endpoint.fixed:
        abort(404)
    return endpoint


def _keep_fixed() -> None:
    """Show the address of the environment also while no worker has used it yet."""
    address = services().settings.webhook_url
    wanted = address.get_secret_value() if address else None
    database = services().database
    with database.reading() as session:
        known = [
            each.address for each in endpoints.every(session) if each.fixed and not _is_former(each)
        ]
    if known != ([wanted] if wanted else []):
        with database.writing() as session:
            endpoints.keep_fixed(session, wanted)


def _is_former(endpoint: Endpoint) -> bool:
    """Whether the environment once set this address and does so no more."""
    return endpoint.fixed and endpoint.off_reason == "by_hand"


def _record(session: Session, action: str, endpoint_id: int, **facts: bool) -> None:
    audit_log.record(session, action, by=signed_in_user().id, endpoint_id=endpoint_id, **facts)


def _form_page(form: WebhookForm, endpoint: Endpoint | None = None) -> str:
    return render_template(
        "staff/webhooks/webhook_form.html",
        form=form,
        kinds=[(kind, NEWS[kind]) for kind in WEBHOOK_KINDS],
        endpoint_id=endpoint.id if endpoint else None,
    )


def _secret_page(endpoint_id: int, secret: str) -> str:
    with services().database.reading() as session:
        endpoint = endpoints.by_id(session, endpoint_id) or abort(404)
        shown = webhook_presenter.endpoint_view(endpoint, agency_time(session.now()))
    return render_template("staff/webhooks/webhook_secret.html", endpoint=shown, secret=secret)

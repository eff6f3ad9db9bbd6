"""Who may do what under /staff: one line for each route and method, written down by hand.

A route without a line fails `tests/house/test_staff_routes.py`. To add one, say who may use it and
what they get:

    ("staff.assess", "POST"): shared("staff", 422, version="1"),
    ("staff.lead", "GET"): shared("staff", 200),

`page` is for a route without an object, `shared` for objects that all colleagues may open,
`private` for those that exist for their owner only. `fields` are what the form needs so that it
does what it is for. The objects that stand for each argument of a route are in `World.objects`;
an argument of a new kind gets a line there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from flask import Flask
from werkzeug.routing import Rule

from consult.web.headers import is_staff_path

Audience = Literal["anyone", "staff", "admin"]


@dataclass(frozen=True)
class Expected:
    """Who may use a route, and its status by object; `signed_in` if that makes a difference."""

    audience: Audience
    status: Mapping[str, int]
    fields: Mapping[str, str] = field(default_factory=dict)
    signed_in: int | None = None
    # Objects that only admins may use it on, though they are not the only ones who may use it.
    admins_only_on: frozenset[str] = frozenset()


def page(
    audience: Audience, status: int, *, signed_in: int | None = None, **fields: str
) -> Expected:
    """A route about no object in particular."""
    return Expected(audience, {"own": status}, fields, signed_in)


def shared(audience: Audience, status: int, **fields: str) -> Expected:
    """A route about something that all who may use the route share."""
    return Expected(audience, {"own": status, "another's": status, "missing": 404}, fields)


def private(audience: Audience, status: int, **fields: str) -> Expected:
    """A route about something that does not exist for anyone but its owner."""
    return Expected(audience, {"own": status, "another's": 404, "missing": 404}, fields)


def assigned(status: int, **fields: str) -> Expected:
    """A route about a lead, for its assignee and for admins."""
    everywhere = {"own": status, "another's": status, "missing": 404}
    return Expected("staff", everywhere, fields, admins_only_on=frozenset({"another's"}))


HOOK = "https://hooks.example/x"

# In the order of the alphabet, so that two people who add a line rarely add it at the same place.
MATRIX: Mapping[tuple[str, str], Expected] = {
    ("staff.accept", "POST"): shared("staff", 422, version="1"),
    ("staff.provider_invitation", "GET"): Expected("anyone", {"own": 404, "missing": 404}),
    ("staff.account", "GET"): page("staff", 200),
    ("staff.add_note", "POST"): shared("staff", 303, text="Call again"),
    ("staff.anonymise_lead", "POST"): shared("admin", 303, reason="requested"),
    ("staff.audit_log", "GET"): page("admin", 200),
    ("staff.calendar", "GET"): Expected("admin", {"own": 200, "missing": 404}),
    ("staff.calendar_list", "GET"): page("admin", 200),
    ("staff.choose_lead", "GET"): shared("staff", 200),
    ("staff.dismiss_booking", "POST"): shared("staff", 303),
    ("staff.match_booking", "POST"): shared("staff", 303, lead="1"),
    ("staff.remove_calendar", "POST"): Expected("admin", {"own": 303, "missing": 404}),
    ("staff.set_up_calendar", "POST"): Expected("admin", {"own": 201, "missing": 404}),
    ("staff.test_calendar", "POST"): Expected("admin", {"own": 200, "missing": 404}),
    ("staff.unmatched_bookings", "GET"): page("staff", 200),
    ("staff.provider_callback", "GET"): page("anyone", 404),
    ("staff.brief_pdf", "GET"): shared("staff", 303),
    ("staff.change_leads", "POST"): page("staff", 303),
    ("staff.change_password", "POST"): page("staff", 422),
    ("staff.change_role", "POST"): shared("admin", 303, role="admin"),
    ("staff.change_webhook", "GET"): shared("admin", 200),
    ("staff.change_webhook", "POST"): shared("admin", 303, url=HOOK, events="finished"),
    ("staff.change_view", "GET"): private("staff", 200),
    ("staff.change_view", "POST"): private("staff", 303, name="Fairs"),
    ("staff.busy_times", "GET"): page("admin", 200),
    ("staff.add_busy_feed", "POST"): page("admin", 303, name="Work", url=HOOK),
    ("staff.read_busy_feed", "POST"): shared("admin", 303),
    ("staff.remove_busy_feed", "POST"): shared("admin", 303),
    ("staff.save_notifications", "POST"): page("staff", 303),
    ("staff.colleague", "GET"): shared("admin", 200),
    ("staff.confirm", "GET"): page("staff", 303),
    ("staff.confirm_consult", "POST"): shared("staff", 422, version="1"),
    ("staff.anonymise_lead", "GET"): shared("admin", 200),
    ("staff.delete_lead", "GET"): shared("admin", 200),
    ("staff.provider_reauthentication", "GET"): page("staff", 404),
    ("staff.delete_lead", "POST"): shared("admin", 303, reason="requested"),
    ("staff.delete_webhook", "POST"): shared("admin", 303),
    ("staff.delete_view", "POST"): private("staff", 303),
    ("staff.disable", "POST"): Expected("admin", {"own": 422, "another's": 303, "missing": 404}),
    ("staff.edit_note", "POST"): private("staff", 303, text="Call later", seen=""),
    ("staff.end_all_sessions", "POST"): page("staff", 303),
    ("staff.end_session", "POST"): private("staff", 303),
    ("staff.end_sessions_of", "POST"): shared("admin", 303),
    ("staff.deletion_log", "GET"): page("admin", 200),
    ("staff.export_csv", "GET"): page("staff", 200),
    ("staff.export_selected_csv", "POST"): page("staff", 200, lead="1"),
    ("staff.export_selected_xlsx", "POST"): page("staff", 200, lead="1"),
    ("staff.export_xlsx", "GET"): page("staff", 200),
    ("staff.find_person", "POST"): page("admin", 303, address="ADA@example.com"),
    ("staff.decline", "POST"): shared("staff", 422, version="1", reason="no_time"),
    ("staff.reauthenticate", "POST"): page("staff", 303),
    ("staff.help_page", "GET"): page("staff", 200),
    ("staff.hand_over", "POST"): shared("staff", 422, version="1", to="77"),
    ("staff.insights_page", "GET"): page("staff", 200),
    ("staff.invitation", "GET"): Expected("anyone", {"own": 200, "missing": 404}),
    ("staff.invitation", "POST"): Expected("anyone", {"own": 422, "missing": 404}),
    ("staff.invite", "POST"): page("admin", 200, email="third@example.com", role="staff"),
    ("staff.assess", "POST"): shared("staff", 422, version="1"),
    ("staff.change_availability", "POST"): shared("admin", 303, back_on="2099-12-24"),
    ("staff.save_away", "POST"): page("staff", 303, back_on="2099-12-24"),
    ("staff.undo_bulk", "POST"): page("staff", 200),
    ("staff.assign", "POST"): shared("admin", 303, version="1", to="2"),
    ("staff.undo", "POST"): shared("staff", 422, version="1"),
    ("staff.correct_amount", "POST"): shared("staff", 422, version="1", amount="1200"),
    ("staff.save_logo", "POST"): page("admin", 422),
    ("staff.send_test_email", "POST"): page("admin", 422),
    ("staff.hide_first_steps", "POST"): page("admin", 303),
    ("staff.save_settings", "POST"): Expected("admin", {"own": 303, "missing": 404}),
    ("staff.lead", "GET"): shared("staff", 200),
    ("staff.lead_bulk", "GET"): page("staff", 303),
    ("staff.lead_data", "GET"): assigned(200),
    ("staff.lead_list", "GET"): page("staff", 200),
    ("staff.link_provider", "GET"): page("staff", 404),
    ("staff.log_contact", "POST"): shared("staff", 303, version="1", channel="mail", reached="no"),
    ("staff.mail", "GET"): shared("staff", 200),
    ("staff.make_link", "POST"): shared("admin", 200),
    ("staff.move", "POST"): shared("staff", 303, version="1", stage="taken"),
    ("staff.new_export", "GET"): page("staff", 200),
    ("staff.new_passkey", "GET"): page("staff", 200),
    ("staff.new_recovery_codes", "POST"): page("staff", 200),
    ("staff.new_token", "GET"): page("admin", 200),
    ("staff.new_token", "POST"): page("admin", 201, name="CRM", days="30"),
    ("staff.new_view", "GET"): page("staff", 303),
    ("staff.new_view", "POST"): page("staff", 303),
    ("staff.new_webhook", "GET"): page("admin", 200),
    ("staff.new_webhook", "POST"): page("admin", 201, url=HOOK, events="finished"),
    ("staff.new_webhook_secret", "POST"): shared("admin", 200),
    ("staff.schedule_follow_up", "POST"): shared("staff", 303, version="1", on="2099-12-24"),
    ("staff.passkey_sign_in", "POST"): page("anyone", 422),
    ("staff.notifications", "GET"): page("admin", 200),
    ("staff.people", "GET"): page("admin", 200),
    ("staff.person", "GET"): page("admin", 200),
    ("staff.rebook", "POST"): shared("staff", 422, version="1", day="2099-12-24", time="10:00"),
    # It is not marked as spam.
    ("staff.clear_spam", "POST"): shared("staff", 422, version="1"),
    ("staff.data_json", "GET"): assigned(200),
    ("staff.data_pdf", "POST"): assigned(200),
    ("staff.remove_app", "POST"): page("staff", 303),
    ("staff.remove_passkey", "POST"): private("staff", 303),
    ("staff.reopen_note", "POST"): shared("staff", 303),
    ("staff.report_pdf", "GET"): shared("staff", 303),
    ("staff.resolve_note", "POST"): shared("staff", 303),
    ("staff.verify_second_factor", "GET"): page("anyone", 303),
    ("staff.verify_second_factor", "POST"): page("anyone", 303),
    ("staff.second_factors", "GET"): page("staff", 200),
    ("staff.resend_webhook", "POST"): shared("admin", 303),
    ("staff.set_up_app", "GET"): page("staff", 200),
    ("staff.settings", "GET"): page("admin", 303),
    ("staff.settings_group", "GET"): Expected("admin", {"own": 200, "missing": 404}),
    ("staff.sign_in", "GET"): page("anyone", 200, signed_in=303),
    ("staff.sign_in", "POST"): page("anyone", 422, signed_in=303),
    ("staff.sign_out", "POST"): page("staff", 303),
    ("staff.switch_webhook", "POST"): shared("admin", 303),
    ("staff.claim", "POST"): shared("staff", 303, version="1"),
    ("staff.confirm_app", "POST"): page("staff", 422),
    ("staff.add_passkey", "POST"): page("staff", 422),
    ("staff.test_webhook", "POST"): shared("admin", 303),
    ("staff.provider_sign_in", "GET"): page("anyone", 404, signed_in=303),
    ("staff.today_page", "GET"): page("staff", 200),
    ("staff.token_list", "GET"): page("admin", 200),
    ("staff.try_again", "POST"): shared("staff", 303),
    ("staff.unlink_provider", "POST"): page("staff", 404),
    ("staff.try_website", "GET"): page("admin", 200),
    ("staff.unfinished", "GET"): page("staff", 200),
    ("staff.delete_reminder_address", "POST"): shared("staff", 303),
    ("staff.send_reminder", "POST"): shared("staff", 303),
    ("staff.webhook", "GET"): shared("admin", 200),
    ("staff.webhook_list", "GET"): page("admin", 200),
    ("staff.cancel_handover", "POST"): shared("staff", 422, version="1"),
    ("staff.revoke_invitation", "POST"): shared("admin", 303),
    ("staff.revoke_token", "POST"): shared("admin", 303),
}


def names_in_path(rule: Rule) -> set[str]:
    """The arguments of a route that its address gives, without those that are fixed."""
    return rule.arguments - (rule.defaults or {}).keys()


def staff_routes(app: Flask) -> dict[tuple[str, str], Rule]:
    """Every route under /staff, by endpoint and method."""
    return {
        (rule.endpoint, method): rule
        for rule in app.url_map.iter_rules()
        if is_staff_path(rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}
    }

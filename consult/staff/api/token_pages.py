"""API tokens, for admins: make one, see who made which and when it was used, revoke."""

from base64 import urlsafe_b64encode
from datetime import timedelta

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, Form, HiddenField, StringField
from wtforms.validators import AnyOf, DataRequired

from consult.crypto import Purpose, derive, new_salt, salt_or_new
from consult.staff.accounts.access import signed_in_user
from consult.staff.accounts.reauthentication import recent_auth_required
from consult.staff.blueprint import ID, blueprint, first_errors, for_admins
from consult.storage.api import api_tokens
from consult.storage.api.api_tokens import Scope
from consult.storage.tables.account_tables import TOKEN_NAME_MAX
from consult.web.services import secret_key, services
from consult.web.text import LineField, at_most

_ALL = "/settings/api-tokens"
LIVES = {"30": "30 days", "90": "90 days", "365": "1 year"}


class TokenForm(Form):
    """A new token.

    It is derived from the `salt`, which the page with the form chooses: so a form that is sent
    twice makes one token and not two. The salt is not stored.
    """

    name = LineField("Name", [DataRequired("Enter a name."), at_most(TOKEN_NAME_MAX)])
    contact = BooleanField("Contact info")
    write = BooleanField("Change stages")
    days = StringField("Expires in", [AnyOf(LIVES, "Choose one of these.")], default="90")
    salt = HiddenField(default=new_salt, filters=[salt_or_new])

    @property
    def scopes(self) -> list[Scope]:
        checked: dict[Scope, bool] = {"contact": self.contact.data, "write": self.write.data}
        return [scope for scope, is_checked in checked.items() if is_checked]


@blueprint.get(_ALL)
@for_admins
def token_list() -> ResponseReturnValue:
    """Show all tokens, those that expired among them, and never what they are."""
    with services().database.reading() as session:
        tokens, now = api_tokens.all_tokens(session), session.now()
    return render_template("staff/api/tokens.html", tokens=tokens, now=now)


@blueprint.route(f"{_ALL}/new", methods=["GET", "POST"])
@for_admins
@recent_auth_required
def new_token() -> ResponseReturnValue:
    """Make a token, and show it this once."""
    form = TokenForm(request.form if request.method == "POST" else None)
    if request.method != "POST" or not form.validate():
        errors = first_errors(form)
        page = render_template("staff/api/token_form.html", form=form, errors=errors, lives=LIVES)
        return page, 200 if request.method != "POST" else 422
    me = signed_in_user()
    secret = derive(secret_key(), Purpose.API_TOKEN, f"{me.id} {form.salt.data}")
    token = api_tokens.PREFIX + urlsafe_b64encode(secret).rstrip(b"=").decode()
    life = timedelta(days=int(form.days.data or 0))
    with services().database.writing() as session:
        row = api_tokens.make(session, token, form.name.data, form.scopes, life=life, by=me.id)
    if row.revoked_at:  # the same form once more, such as by reloading the page with the token
        return redirect(url_for(".new_token"), 303)
    return render_template(
        "staff/api/token.html", token=token, row=row, base_url=services().settings.base_url
    ), 201


@blueprint.post(f"{_ALL}/<{ID}:token_id>/revoke")
@for_admins
@recent_auth_required
def revoke_token(token_id: int) -> ResponseReturnValue:
    with services().database.writing() as session:
        if not api_tokens.revoke(session, token_id, by=signed_in_user().id):
            abort(404)
    return redirect(url_for(".token_list", done="revoked"), 303)
